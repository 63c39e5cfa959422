package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxBody is the largest request: an upload of 50 MB and its parameters.
const maxBody = maxUpload + 1<<20

// argKind says how a parameter was written, so that strict mode can refuse
// the wrong JSON type.
type argKind uint8

const (
	argForm   argKind = iota // form field or query: text only, no type
	argString                // the JSON types
	argNumber
	argBool
	argJSON // object or array
)

// arg is one parameter; text is its value as a form would carry it.
type arg struct {
	name string
	text string
	kind argKind
}

// args are the parameters of a call; there are few, so a list is searched
// faster than a map is built.
type args struct {
	list  []arg
	files map[string]*upload
}

// upload is a file in a multipart body.
type upload struct {
	name string
	body []byte
}

func (a *args) find(name string) *arg {
	for i := range a.list {
		if a.list[i].name == name {
			return &a.list[i]
		}
	}
	return nil
}

// str is the text of a parameter, "" where it is not given.
func (c *call) str(name string) string {
	if a := c.args.find(name); a != nil {
		return a.text
	}
	return ""
}

// int is a number parameter, 0 where it is not given; check has parsed it.
func (c *call) int(name string) int64 {
	n, _ := strconv.ParseInt(c.str(name), 10, 64)
	return n
}

func (c *call) bool(name string) bool { return isTrue(c.str(name)) }

func isTrue(s string) bool { return s == "1" || strings.EqualFold(s, "true") }

// decode reads a JSON parameter into v, strictly; given is false where the
// parameter is not there.
func (c *call) decode(name string, v any) (given bool, err *apiError) {
	text := c.str(name)
	if text == "" {
		return false, nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	if !c.s.opt.Lenient {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(v); err != nil {
		return true, badRequest("can't parse %s JSON object: %v", name, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return true, badRequest("can't parse %s JSON object: more than one value", name)
	}
	return true, nil
}

// readArgs collects the parameters from the query and the body.
func (c *call) readArgs() *apiError {
	if c.r.URL.RawQuery != "" {
		q, err := url.ParseQuery(c.r.URL.RawQuery)
		if err != nil {
			return badRequest("wrong query string")
		}
		c.addForm(q)
	}
	if c.r.ContentLength == 0 || c.r.Body == nil || c.r.Body == http.NoBody {
		return nil
	}
	if c.r.ContentLength > maxBody {
		return errTooLarge
	}
	kind, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil && c.r.Header.Get("Content-Type") != "" {
		return badRequest("wrong Content-Type")
	}
	if kind == "multipart/form-data" {
		return c.readMultipart(params["boundary"])
	}
	body, fail := c.readBody()
	if fail != nil {
		return fail
	}
	switch kind {
	case "application/json":
		return c.readJSON(body)
	case "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return badRequest("wrong form")
		}
		c.addForm(form)
		return nil
	}
	return badRequest("unsupported Content-Type %q", kind)
}

func (c *call) readBody() ([]byte, *apiError) {
	if n := c.r.ContentLength; n > 0 {
		body := make([]byte, n)
		if _, err := io.ReadFull(c.r.Body, body); err != nil {
			return nil, badRequest("body ends early")
		}
		return body, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, maxBody))
	return body, bodyError(err)
}

func bodyError(err error) *apiError {
	var big *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &big):
		return errTooLarge
	}
	return badRequest("body ends early")
}

func (c *call) addForm(form url.Values) {
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, text := range form[name] {
			c.args.list = append(c.args.list, arg{name: name, text: text})
		}
	}
}

func (c *call) readMultipart(boundary string) *apiError {
	mr := multipart.NewReader(http.MaxBytesReader(c.w, c.r.Body, maxBody), boundary)
	for {
		part, err := mr.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return bodyError(err)
		}
		body, err := io.ReadAll(part)
		if err != nil {
			return bodyError(err)
		}
		name := part.FormName()
		if part.FileName() == "" {
			c.args.list = append(c.args.list, arg{name: name, text: string(body)})
			continue
		}
		if c.args.files == nil {
			c.args.files = map[string]*upload{}
		}
		c.args.files[name] = &upload{name: part.FileName(), body: body}
	}
}

func (c *call) readJSON(body []byte) *apiError {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if !utf8.Valid(body) {
		return errUTF8
	}
	c.args.list = make([]arg, 0, 8)
	if err := splitObject(body, func(name string, raw []byte) error {
		if string(raw) == "null" {
			return nil
		}
		a := arg{name: name, text: string(raw), kind: argJSON}
		switch raw[0] {
		case '"':
			a.kind = argString
			text, err := unquote(raw)
			if err != nil {
				return err
			}
			a.text = text
		case '{', '[':
		case 't', 'f':
			a.kind = argBool
		default:
			a.kind = argNumber
		}
		c.args.list = append(c.args.list, a)
		return nil
	}); err != nil {
		return badRequest("can't parse JSON body: %v", err)
	}
	return nil
}

// check compares the parameters with the method's table: the required are
// there, each has its type, and in strict mode none is unknown or twice.
func (c *call) check() *apiError {
	for i := range c.args.list {
		a := &c.args.list[i]
		p := c.method.param(a.name)
		if p == nil {
			if c.s.opt.Lenient || c.attached(a.name) {
				continue
			}
			return badRequest("unknown parameter %q of %s", a.name, c.method.name)
		}
		if c.args.find(a.name) != a && !c.s.opt.Lenient {
			return badRequest("parameter %q is given twice", a.name)
		}
		if !utf8.ValidString(a.text) {
			return errUTF8
		}
		if err := p.accepts(a, c.s.opt.Lenient); err != nil {
			return err
		}
	}
	for name := range c.args.files {
		p := c.method.param(name)
		if (p == nil || p.typ != pFile) && !c.attached(name) && !c.s.opt.Lenient {
			return badRequest("unknown file %q of %s", name, c.method.name)
		}
	}
	for i := range c.method.params {
		p := &c.method.params[i]
		if !p.required || c.args.files[p.name] != nil {
			continue
		}
		if a := c.args.find(p.name); a == nil || a.text == "" {
			return missing(p.name)
		}
	}
	return nil
}

// attached tells that another parameter refers to the file by attach://name.
func (c *call) attached(name string) bool {
	for i := range c.args.list {
		if strings.Contains(c.args.list[i].text, "attach://"+name) {
			return true
		}
	}
	return false
}

func missing(name string) *apiError {
	switch name {
	case "text":
		return errEmptyText
	case "chat_id":
		return badRequest("chat_id is empty")
	}
	return badRequest("parameter %q is required", name)
}
