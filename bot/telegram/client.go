package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	callTimeout    = 30 * time.Second // of a call with a small body
	uploadTimeout  = 5 * time.Minute  // of one with a file, on a slow line
	maxReply       = 1 << 20          // bytes of an answer, but for getUpdates
	maxPollTimeout = 50 * time.Second // the longest that the server waits
)

// client makes the calls of the Bot API over one transport.
type client struct {
	root      *url.URL
	token     string
	transport http.RoundTripper
	secrets   *strings.Replacer

	getMe, getUpdates, sendMessage, editText, editCaption, answerPress, deleteWebhook *http.Request
}

func newClient(cfg Config) (*client, error) {
	root, err := url.Parse(strings.TrimRight(cfg.APIURL, "/"))
	if err != nil || root.Host == "" || root.User != nil || (root.Scheme != "http" && root.Scheme != "https") {
		return nil, errors.New("telegram: the API address is not an http or https URL without a name and password")
	}
	c := &client{root: root, token: cfg.Token, transport: cfg.Transport}
	hide := []string{cfg.Token, "***", url.PathEscape(cfg.Token), "***", url.QueryEscape(cfg.Token), "***"}
	if _, secret, ok := strings.Cut(cfg.Token, ":"); ok && secret != "" {
		hide = append(hide, secret, "***")
	}
	if c.transport == nil {
		proxy, err := proxyFor(root, cfg.Proxy)
		if err != nil {
			return nil, err
		}
		if proxy != nil {
			if password, ok := proxy.User.Password(); ok && password != "" {
				hide = append(hide, password, "***", url.QueryEscape(password), "***")
			}
		}
		c.transport = newTransport(proxy)
	}
	c.secrets = strings.NewReplacer(hide...)
	for method, at := range map[string]**http.Request{
		"getMe": &c.getMe, "getUpdates": &c.getUpdates, "sendMessage": &c.sendMessage, "editMessageText": &c.editText,
		"editMessageCaption": &c.editCaption, "answerCallbackQuery": &c.answerPress, "deleteWebhook": &c.deleteWebhook,
	} {
		*at = &http.Request{
			Method: http.MethodPost, URL: c.address("/bot" + cfg.Token + "/" + method), Host: root.Host,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {"application/json"}, "User-Agent": {"headgoose"}},
		}
	}
	return c, nil
}

func (c *client) address(path string) *url.URL {
	return &url.URL{Scheme: c.root.Scheme, Host: c.root.Host, Path: c.root.Path + path}
}

// newTransport speaks HTTP/1.1 only: one broken HTTP/2 connection would take
// all calls with it, and on loopback it costs more. It keeps enough idle
// connections for every call that runs at once.
func newTransport(proxy *url.URL) *http.Transport {
	t := &http.Transport{
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       60 * time.Second,
		DisableCompression:    true,
		ExpectContinueTimeout: time.Second,
		Protocols:             new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	if proxy != nil {
		t.Proxy = http.ProxyURL(proxy)
	}
	return t
}

// proxyFor picks the proxy once, since all calls go to one host. Its errors
// do not quote the address, which may hold a password.
func proxyFor(root *url.URL, configured string) (*url.URL, error) {
	if configured == "" {
		proxy, err := http.ProxyFromEnvironment(&http.Request{URL: root})
		if err != nil {
			return nil, errors.New("telegram: the proxy of the environment is not a URL")
		}
		return proxy, nil
	}
	proxy, err := url.Parse(configured)
	if err != nil || proxy.Host == "" {
		return nil, errors.New("telegram: the proxy is not a URL such as socks5://host:1080 or http://host:3128")
	}
	switch proxy.Scheme {
	case "http", "https", "socks5", "socks5h":
		return proxy, nil
	}
	return nil, fmt.Errorf("telegram: a proxy of scheme %q (known: http, https, socks5, socks5h)", proxy.Scheme)
}

// replyBuffers holds the buffers answers are read into.
var replyBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// putReply gives a buffer back, unless a rare large answer has grown it.
func putReply(b *bytes.Buffer) {
	if b.Cap() <= 256<<10 {
		b.Reset()
		replyBuffers.Put(b)
	}
}

// call posts a payload, a JSON object, and decodes the result as T. Errors are
// *chat.SendError.
func call[T any](ctx context.Context, c *client, method *http.Request, payload any, timeout time.Duration) (T, error) {
	var answer envelope[T]
	reply := replyBuffers.Get().(*bytes.Buffer)
	defer putReply(reply)
	if err := c.post(ctx, method, payload, timeout, reply, maxReply); err != nil {
		return answer.Result, err
	}
	err := json.Unmarshal(reply.Bytes(), &answer)
	if answer.OK && err == nil {
		return answer.Result, nil
	}
	return answer.Result, c.refusal(&answer.fault, reply.Bytes())
}

// post makes one call with a JSON body and reads its answer into reply.
func (c *client) post(ctx context.Context, method *http.Request, payload any, timeout time.Duration, reply *bytes.Buffer, limit int64) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return c.sendError(false, c.mask("encode", err))
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var sent flight
	req := method.WithContext(sent.trace(ctx))
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return c.sendError(sent.maybe(), c.mask("call", err))
	}
	defer drain(resp.Body)
	if n := min(resp.ContentLength, limit); n > 0 {
		reply.Grow(int(n) + bytes.MinRead)
	}
	if _, err := reply.ReadFrom(io.LimitReader(resp.Body, limit+1)); err != nil {
		return c.sendError(true, c.mask("read the answer", err))
	}
	if int64(reply.Len()) > limit {
		return c.sendError(true, fmt.Errorf("an answer of over %d bytes", limit))
	}
	return nil
}

// flight follows one request onto the wire. The transport may try a second
// connection if nothing was written on the first, so the last word counts.
type flight struct{ state atomic.Int32 }

const (
	flightNone    int32 = iota // no connection yet
	flightOpen                 // a connection was had; bytes may be under way
	flightWritten              // the whole request was written
	flightCut                  // writing failed: the server has no whole request
)

func (f *flight) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { f.state.Store(flightOpen) },
		WroteRequest: func(w httptrace.WroteRequestInfo) {
			if w.Err != nil {
				f.state.Store(flightCut)
				return
			}
			f.state.Store(flightWritten)
		},
	})
}

// maybe tells whether the server may have the whole request.
func (f *flight) maybe() bool {
	s := f.state.Load()
	return s == flightOpen || s == flightWritten
}

// libraryClient carries the library's calls over the same transport and turns
// their failures into the same errors, which the library passes on wrapped.
type libraryClient struct{ c *client }

func (l libraryClient) Do(req *http.Request) (*http.Response, error) {
	var sent flight
	resp, err := l.c.transport.RoundTrip(req.WithContext(sent.trace(req.Context())))
	if err != nil {
		return nil, l.c.sendError(sent.maybe(), l.c.mask("call", err))
	}
	defer drain(resp.Body)
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return nil, l.c.sendError(true, l.c.mask("read the answer", err))
	}
	var answer envelope[skipped]
	if err := json.Unmarshal(body, &answer); err != nil || !answer.OK {
		return nil, l.c.refusal(&answer.fault, body)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// sleep waits and reports whether it did so to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
