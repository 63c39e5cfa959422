package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
)

// Transport carries requests to the server without a network, whatever host
// they name. With it a whole bot runs against the sandbox inside a
// testing/synctest bubble, where real connections would stop the clock. A
// fault that cuts the connection is io.ErrUnexpectedEOF here. As a network's
// transport does, it tells a httptrace.ClientTrace that the request was written.
func (s *Server) Transport() http.RoundTripper { return memory{s} }

type memory struct{ s *Server }

func (m memory) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	in := req.Clone(ctx)
	in.Host = "127.0.0.1"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer in.Body.Close()
	if trace := httptrace.ContextClientTrace(ctx); trace != nil && trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{})
	}
	w := &memoryWriter{head: http.Header{}, code: http.StatusOK}
	if cut := w.serve(m.s, in); cut {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("sandbox: connection cut: %w", io.ErrUnexpectedEOF)
	}
	return &http.Response{
		Status: http.StatusText(w.code), StatusCode: w.code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.head, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: req,
	}, nil
}

// memoryWriter collects an answer.
type memoryWriter struct {
	head http.Header
	code int
	body bytes.Buffer
}

func (w *memoryWriter) Header() http.Header         { return w.head }
func (w *memoryWriter) WriteHeader(code int)        { w.code = code }
func (w *memoryWriter) Write(b []byte) (int, error) { return w.body.Write(b) }

// serve runs the handler in the caller's goroutine; cut says that it dropped
// the connection, which net/http's handlers do by this panic.
func (w *memoryWriter) serve(s *Server, r *http.Request) (cut bool) {
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			cut = true
		}
	}()
	s.ServeHTTP(w, r)
	return false
}
