package sandbox

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ServeHTTP answers the Bot API, file downloads and the page. It serves
// loopback names only: a page of another site that had its name pointed at
// 127.0.0.1 sends its own name as Host.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if !isLoopback(host) {
		http.Error(w, "the sandbox answers to loopback names only", http.StatusMisdirectedRequest)
		return
	}
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/bot"):
		s.serveBot(w, r, path[len("/bot"):])
	case strings.HasPrefix(path, "/file/bot"):
		s.serveFile(w, r, path[len("/file/bot"):])
	default:
		s.servePage(w, r)
	}
}

func isLoopback(host string) bool {
	if host == "localhost" || host == "127.0.0.1" {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}

// foreign tells that a browser sent r for another site's page.
func foreign(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "" && site != "same-origin" && site != "none"
}

func (s *Server) serveBot(w http.ResponseWriter, r *http.Request, rest string) {
	token, name, _ := strings.Cut(rest, "/")
	m, known := methods[strings.ToLower(name)]
	switch {
	case foreign(r):
		writeError(w, errForbidden("cross-site request"))
		return
	case token != s.opt.Token:
		writeError(w, errUnauthorized)
		return
	case !known:
		writeError(w, errNotFound)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		writeError(w, &apiError{Code: http.StatusMethodNotAllowed, Desc: "Method Not Allowed"})
		return
	}
	c := &call{s: s, r: r, w: w, method: m, start: time.Now(), now: s.now()}
	c.serve()
}

// call is one request of the bot on its way through the server.
type call struct {
	s      *Server
	r      *http.Request
	w      http.ResponseWriter
	method *method
	args   args
	start  time.Time // real time, for the log
	now    time.Time // the sandbox's clock
}

// serve reads the parameters, lets a fault have its way, runs the method and
// answers.
func (c *call) serve() {
	err := c.readArgs()
	if err == nil {
		err = c.check()
	}
	f := c.s.faults.pick(c.method.name)
	if f != nil {
		if done := c.failBefore(f); done {
			return
		}
	}
	var result []byte
	if err == nil {
		result, err = c.method.run(c)
		c.s.changes.announce()
	}
	if result == nil && err == nil {
		c.cut() // nobody waits for it, or the server closes
		return
	}
	if f != nil {
		if done := c.failAfter(f, result, err); done {
			return
		}
	}
	if err != nil {
		writeError(c.w, err)
	} else {
		writeResult(c.w, result)
	}
	c.log(result, err, nil)
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func writeResult(w http.ResponseWriter, result []byte) {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	b.WriteString(`{"ok":true,"result":`)
	b.Write(result)
	b.WriteByte('}')
	writeJSON(w, http.StatusOK, b.Bytes())
}

func writeError(w http.ResponseWriter, e *apiError) {
	if e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.RetryAfter))
	}
	writeJSON(w, e.Code, e.body())
}

var jsonType = []string{"application/json"}

func writeJSON(w http.ResponseWriter, code int, body []byte) {
	h := w.Header()
	h["Content-Type"] = jsonType
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // a client that went away is its own affair
}

func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, rest string) {
	token, path, _ := strings.Cut(rest, "/")
	if token != s.opt.Token || foreign(r) {
		writeError(w, errUnauthorized)
		return
	}
	f := s.files.byPath(path)
	if f == nil || len(f.body) > maxDownload {
		writeError(w, errNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(f.body)))
	_, _ = w.Write(f.body)
}
