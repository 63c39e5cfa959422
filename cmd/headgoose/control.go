package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"headgoose/storage/sheet"
)

// The bot that runs holds the data file, and its lock keeps every other
// process out. So it answers for the operator's commands on a socket beside the
// file, which only the account that runs the bot can open. What is spoken on
// it is HTTP: a POST of a request and its answer, both JSON.

// maxSocketPath is the longest path of a unix socket that every system takes.
const maxSocketPath = 103

// maxRequest is room for a sheet in base64.
const maxRequest = sheet.MaxFile*4/3 + 64<<10

// controlPath is the socket of the bot that holds a data file.
func controlPath(dataFile string) string { return dataFile + ".sock" }

// controlStep serves ops on a socket while the program runs. The data file
// must be held: a socket that stands at path is then a dead one's.
func controlStep(path string, ops operator, log *slog.Logger) step {
	return step{"control socket", func(context.Context) (func(context.Context) error, error) {
		listener, err := listenPrivate(path)
		if err != nil {
			return nil, err
		}
		base, cancel := context.WithCancel(context.Background())
		server := &http.Server{
			Handler:           controlHandler(ops),
			ReadHeaderTimeout: 10 * time.Second,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
			BaseContext:       func(net.Listener) context.Context { return base },
		}
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		return func(ctx context.Context) error {
			cancel() // a backup that is being written ends, and leaves nothing
			err := errors.Join(server.Shutdown(ctx), os.Remove(path))
			if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
				err = errors.Join(err, serveErr)
			}
			return err
		}, nil
	}}
}

// listenPrivate makes a socket that has its mode before it has its name.
func listenPrivate(path string) (net.Listener, error) {
	fresh := path + "~"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: fresh, Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(fresh, 0o600), os.Rename(fresh, path)); err != nil {
		return nil, errors.Join(err, listener.Close(), os.Remove(fresh))
	}
	return listener, nil
}

// controlHandler answers the methods of ops under their names.
func controlHandler(ops operator) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /backup", answer(func(ctx context.Context, path string) (backupReport, error) {
		return ops.Backup(ctx, path)
	}))
	mux.Handle("POST /check", answer(func(ctx context.Context, _ struct{}) ([]string, error) {
		return ops.Check(ctx)
	}))
	mux.Handle("POST /purge", answer(ops.Purge))
	mux.Handle("POST /import", answer(ops.Import))
	mux.Handle("POST /links", answer(ops.Links))
	return mux
}

// refusal is the answer of a method that failed.
type refusal struct {
	Error string `json:"error"`
}

func answer[In, Out any](method func(context.Context, In) (Out, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in In
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest)).Decode(&in); err != nil {
			reply(w, http.StatusBadRequest, refusal{"request: " + err.Error()})
			return
		}
		out, err := method(r.Context(), in)
		if err != nil {
			reply(w, http.StatusUnprocessableEntity, refusal{err.Error()})
			return
		}
		reply(w, http.StatusOK, out)
	})
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // who asked has gone
}

// remote is an operator by way of the bot that runs.
type remote struct{ client *http.Client }

var _ operator = (*remote)(nil)

// dialBot finds the bot that answers at path; nil where none does.
func dialBot(ctx context.Context, path string) (*remote, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	conn, err := dial(ctx, "", "")
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), isNoSocket(path, err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("the bot's control socket: %w", err)
	}
	if err := conn.Close(); err != nil {
		return nil, fmt.Errorf("the bot's control socket: %w", err)
	}
	return &remote{&http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}, nil
}

// isNoSocket says whether dialling failed because an ordinary file stands
// there, or nothing can (the data's folder is none).
func isNoSocket(path string, err error) bool {
	if err == nil {
		return false
	}
	info, statErr := os.Stat(path)
	return statErr != nil && !errors.Is(statErr, fs.ErrPermission) || statErr == nil && info.Mode()&fs.ModeSocket == 0
}

// Backup implements operator.
func (r *remote) Backup(ctx context.Context, path string) (backupReport, error) {
	return ask[backupReport](ctx, r, "/backup", path)
}

// Check implements operator.
func (r *remote) Check(ctx context.Context) ([]string, error) {
	return ask[[]string](ctx, r, "/check", struct{}{})
}

// Purge implements operator.
func (r *remote) Purge(ctx context.Context, dry bool) (purgeReport, error) {
	return ask[purgeReport](ctx, r, "/purge", dry)
}

// Import implements operator.
func (r *remote) Import(ctx context.Context, req importRequest) (importReport, error) {
	return ask[importReport](ctx, r, "/import", req)
}

// Links implements operator.
func (r *remote) Links(ctx context.Context, req linksRequest) (linksReport, error) {
	return ask[linksReport](ctx, r, "/links", req)
}

func ask[Out any](ctx context.Context, r *remote, path string, in any) (out Out, err error) {
	body, w := io.Pipe()
	go func() { w.CloseWithError(json.NewEncoder(w).Encode(in)) }()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://bot"+path, body)
	if err != nil {
		return out, errors.Join(err, body.Close())
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return out, fmt.Errorf("the running bot: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		var no refusal
		if err := json.NewDecoder(resp.Body).Decode(&no); err != nil || no.Error == "" {
			return out, fmt.Errorf("the running bot answers %s", resp.Status)
		}
		return out, errors.New(no.Error)
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return out, fmt.Errorf("the running bot: %w", err)
	}
	return out, nil
}
