package sandbox

import (
	"context"
	"embed"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Page configures the chat page, which is served at / on loopback.
type Page struct {
	// Title stands in the page's head, for example the county's name.
	Title Label
	// Personas are whom the picker offers; AddPersona adds more.
	Personas []Persona
	// Advance moves the clock that Options.Now reads. It returns when what
	// became due has been started. nil: the page shows no buttons for it.
	Advance func(ctx context.Context, d time.Duration) error
	// RealTime puts the clock back to the machine's. nil: no button.
	RealTime func(ctx context.Context) error
}

// Label is a text of the page in its two languages.
type Label struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// Persona is a person whom the page offers.
type Persona struct {
	User
	Role  Label
	Place Label
	// Show has the page open with this person's phone.
	Show bool
	// Suggest are first actions, shown as chips above the input.
	Suggest []Suggestion
}

// Suggestion is a tap that types Text, or opens the deep link with Payload.
type Suggestion struct {
	Label   Label
	Text    string
	Payload string
}

// pageState is what the page knows beyond the chats.
type pageState struct {
	mu       sync.Mutex
	personas []Persona
	rev      uint64 // of the last change to personas
}

// AddPersona adds a person to the sandbox and to the page's picker, or takes
// the place of an earlier persona of the same id.
func (s *Server) AddPersona(p Persona) {
	s.AddUser(p.User)
	s.pages.mu.Lock()
	defer s.changes.announce() // after the unlock
	defer s.pages.mu.Unlock()
	i := slices.IndexFunc(s.pages.personas, func(old Persona) bool { return old.ID == p.ID })
	if i < 0 {
		s.pages.personas = append(s.pages.personas, p)
	} else {
		s.pages.personas[i] = p
	}
	s.pages.rev = s.changes.bump()
}

//go:embed assets
var assets embed.FS

// assetTypes are the page's files; nothing else of assets is served.
var assetTypes = map[string]string{
	"index.html": "text/html; charset=utf-8",
	"style.css":  "text/css; charset=utf-8",
	"app.js":     "text/javascript; charset=utf-8",
	"phone.js":   "text/javascript; charset=utf-8",
	"message.js": "text/javascript; charset=utf-8",
	"panels.js":  "text/javascript; charset=utf-8",
	"clock.js":   "text/javascript; charset=utf-8",
	"picker.js":  "text/javascript; charset=utf-8",
	"dom.js":     "text/javascript; charset=utf-8",
	"words.js":   "text/javascript; charset=utf-8",
	"goose.svg":  "image/svg+xml",
}

const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// crossOrigin refuses a request that changes something and that a browser
// sends for another site.
var crossOrigin = http.NewCrossOriginProtection()

func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	if err := crossOrigin.Check(r); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/")
	if path == "" {
		path = "index.html"
	}
	if kind, ok := assetTypes[path]; ok {
		body, err := assets.ReadFile("assets/" + path)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		h.Set("Content-Type", kind)
		_, _ = w.Write(body)
		return
	}
	s.servePageAPI(w, r, path)
}

// servePageAPI answers the page's own calls, below /sandbox/.
func (s *Server) servePageAPI(w http.ResponseWriter, r *http.Request, path string) {
	name, ok := strings.CutPrefix(path, "sandbox/")
	switch act := pageActions[name]; {
	case !ok || foreign(r):
		http.NotFound(w, r)
	case name == "state" && r.Method == http.MethodGet:
		writeJSON(w, http.StatusOK, s.pageInfo())
	case name == "events" && r.Method == http.MethodGet:
		s.serveEvents(w, r)
	case strings.HasPrefix(name, "file/") && r.Method == http.MethodGet:
		s.servePageFile(w, r, name[len("file/"):])
	case act != nil && r.Method == http.MethodPost:
		s.runAction(w, r, act)
	default:
		http.NotFound(w, r)
	}
}

// pageInfo is what the page shows that seldom changes.
func (s *Server) pageInfo() []byte {
	type suggestion struct {
		Label   Label  `json:"label"`
		Text    string `json:"text,omitempty"`
		Payload string `json:"payload,omitempty"`
	}
	type persona struct {
		ID      int64        `json:"id"`
		Name    string       `json:"name"`
		Phone   string       `json:"phone"`
		Role    Label        `json:"role"`
		Place   Label        `json:"place"`
		Show    bool         `json:"show,omitempty"`
		Suggest []suggestion `json:"suggest,omitempty"`
	}
	info := struct {
		Title    Label       `json:"title"`
		Bot      string      `json:"bot"`
		Username string      `json:"username"`
		Personas []persona   `json:"personas"`
		Rev      uint64      `json:"personasRev"`
		Methods  []string    `json:"methods"`
		Faults   []FaultKind `json:"faults"`
		Advance  bool        `json:"advance"`
		RealTime bool        `json:"realTime"`
	}{
		Title: s.opt.Page.Title, Bot: s.opt.Name, Username: s.opt.Username, Methods: Methods(), Faults: FaultKinds,
		Advance: s.opt.Page.Advance != nil, RealTime: s.opt.Page.RealTime != nil, Personas: []persona{},
	}
	s.pages.mu.Lock()
	defer s.pages.mu.Unlock()
	info.Rev = s.pages.rev
	for _, p := range s.pages.personas {
		v := persona{ID: p.ID, Name: p.Name, Phone: p.Phone, Role: p.Role, Place: p.Place, Show: p.Show}
		for _, g := range p.Suggest {
			v.Suggest = append(v.Suggest, suggestion(g))
		}
		info.Personas = append(info.Personas, v)
	}
	return mustJSON(info)
}

// servePageFile gives a photo to the page, and a document to the person who
// downloads it; neither may run as a page of this site.
func (s *Server) servePageFile(w http.ResponseWriter, r *http.Request, id string) {
	f := s.files.get(id)
	if f == nil {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, max-age=3600") // an id names one content for ever
	h.Set("Content-Type", f.mime)
	if f.width == 0 {
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+encodeName(f.name))
	}
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	_, _ = w.Write(f.body)
}

// encodeName writes a file name as RFC 5987 has it in a header.
func encodeName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16)[1:]))
		}
	}
	return b.String()
}

// pageRequest is a body of the page's actions; each reads its own fields.
type pageRequest struct {
	User    int64  `json:"user"`
	Chat    int64  `json:"chat"`
	Message int64  `json:"message"`
	Row     int    `json:"row"`
	Col     int    `json:"col"`
	Text    string `json:"text"`
	Payload string `json:"payload"`
	Kind    string `json:"kind"`
	On      bool   `json:"on"`
	Seconds int64  `json:"seconds"`
	Name    string `json:"name"`
	Body    []byte `json:"body"` // base64

	Method      string  `json:"method"`
	Times       int     `json:"times"`
	Every       int     `json:"every"`
	Probability float64 `json:"probability"`
	ID          int     `json:"id"`
}

// runAction reads the request, acts and answers {} or what the action says.
func (s *Server) runAction(w http.ResponseWriter, r *http.Request, act pageAction) {
	var req pageRequest
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody*4/3+4096))
	d.DisallowUnknownFields()
	if err := d.Decode(&req); err != nil {
		writeJSON(w, http.StatusBadRequest, mustJSON(map[string]string{"error": err.Error()}))
		return
	}
	result, err := act(s, r.Context(), req)
	if err != nil {
		writeJSON(w, http.StatusConflict, mustJSON(map[string]string{"error": err.Error()}))
		return
	}
	if result == nil {
		result = struct{}{}
	}
	writeJSON(w, http.StatusOK, mustJSON(result))
}
