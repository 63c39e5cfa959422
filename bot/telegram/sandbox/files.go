package sandbox

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif"  // for DecodeConfig of a photo
	_ "image/jpeg" // the same
	_ "image/png"  // the same
	"mime"
	"path"
	"strings"
	"sync"
)

// fileBudget is how many bytes of files are kept; the oldest go first.
const fileBudget = 256 << 20

// file is an uploaded file. A photo has a width, a document has none.
type file struct {
	id, unique    string
	path          string
	name, mime    string
	body          []byte
	width, height int

	qr qrCode
}

type fileTable struct {
	mu    sync.Mutex
	byID  map[string]*file
	paths map[string]*file
	order []*file
	size  int
	seq   int
}

func (t *fileTable) init() {
	t.byID, t.paths = map[string]*file{}, map[string]*file{}
}

func (t *fileTable) get(id string) *file {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byID[id]
}

func (t *fileTable) byPath(p string) *file {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.paths[p]
}

func (t *fileTable) keep(f *file, kind, ext string) *file {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seq++
	f.id = fmt.Sprintf("Sandbox%s_%08d", kind, t.seq)
	f.unique = fmt.Sprintf("Sb%s%08d", kind[:1], t.seq)
	f.path = fmt.Sprintf("%ss/file_%d%s", strings.ToLower(kind), t.seq, ext)
	t.byID[f.id], t.paths[f.path] = f, f
	t.order = append(t.order, f)
	for t.size += len(f.body); t.size > fileBudget && len(t.order) > 1; {
		old := t.order[0]
		t.order = t.order[1:]
		t.size -= len(old.body)
		delete(t.byID, old.id)
		delete(t.paths, old.path)
	}
	return f
}

// addPhoto takes an image with Telegram's bounds on size and shape.
func (t *fileTable) addPhoto(_ string, body []byte) (*file, *apiError) {
	if len(body) > maxPhoto {
		return nil, badRequest("file of size %d bytes is too big for a photo; the maximum size is %d bytes", len(body), maxPhoto)
	}
	cfg, format, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil {
		return nil, badRequest("IMAGE_PROCESS_FAILED")
	}
	w, h := cfg.Width, cfg.Height
	if w+h > 10000 || w > 20*h || h > 20*w {
		return nil, badRequest("PHOTO_INVALID_DIMENSIONS")
	}
	f := &file{body: body, width: w, height: h, mime: "image/" + format}
	return t.keep(f, "Photo", "."+format), nil
}

func (t *fileTable) addDocument(name string, body []byte) (*file, *apiError) {
	if len(body) > maxUpload {
		return nil, errTooLarge
	}
	if len(body) == 0 {
		return nil, badRequest("file must be non-empty")
	}
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	ext := strings.ToLower(path.Ext(name))
	return t.keep(&file{body: body, name: name, mime: mimeOf(ext)}, "Document", ext), nil
}

// mimeOf does not depend on the machine's own table for what offices send.
func mimeOf(ext string) string {
	switch ext {
	case ".xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case ".csv":
		return "text/csv"
	}
	if kind, _, err := mime.ParseMediaType(mime.TypeByExtension(ext)); err == nil {
		return kind
	}
	return "application/octet-stream"
}

func (f *file) photoSizes() []wirePhotoSize {
	return []wirePhotoSize{{FileID: f.id, UniqueID: f.unique, Width: f.width, Height: f.height, Size: len(f.body)}}
}

func (f *file) document() *wireDocument {
	return &wireDocument{FileID: f.id, UniqueID: f.unique, Name: f.name, MIME: f.mime, Size: len(f.body)}
}

// upload is the file of a parameter: attached under name, or the id of an
// earlier one in text. By URL is not offered: the sandbox fetches nothing.
func (c *call) upload(name, text string, store func(string, []byte) (*file, *apiError)) (*file, *apiError) {
	if up := c.args.files[name]; up != nil {
		return store(up.name, up.body)
	}
	if attached, ok := strings.CutPrefix(text, "attach://"); ok && c.args.files[attached] != nil {
		up := c.args.files[attached]
		return store(up.name, up.body)
	}
	if strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") {
		return nil, badRequest("files by URL are not offered by the sandbox")
	}
	if f := c.s.files.get(text); f != nil {
		return f, nil
	}
	return nil, badRequest("wrong remote file identifier specified: can't unserialize it")
}

func (c *call) getFile() ([]byte, *apiError) {
	f := c.s.files.get(c.str("file_id"))
	switch {
	case f == nil:
		return nil, badRequest("wrong file_id or the file is temporarily unavailable")
	case len(f.body) > maxDownload:
		return nil, badRequest("file is too big")
	}
	return mustJSON(wireFile{FileID: f.id, UniqueID: f.unique, Size: len(f.body), Path: f.path}), nil
}
