package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"go.yaml.in/yaml/v4"
)

const (
	maxConfig = 1 << 20 // bytes of a configuration file
	maxToken  = 4 << 10 // bytes of a token file
)

// purpose is what a configuration is read for.
type purpose int

const (
	// forData is work on the data file alone: it goes without a bot token,
	// and without the other secrets of the line to Telegram.
	forData purpose = iota
	// forRun is the running bot.
	forRun
)

// environment looks a variable up, as os.LookupEnv does.
type environment func(name string) (value string, ok bool)

// loadConfig reads a configuration file. Where anything in it is wrong, the
// error holds *faults: all of them, each with its line and column.
func loadConfig(path string, use purpose, env environment) (*config, error) {
	raw, err := readLimited(path, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no configuration file %s: copy config.example.yaml and fill it in, or try `headgoose demo`, which needs none", path)
	}
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return parseConfig(path, filepath.Dir(abs), raw, use, env)
}

// parseConfig reads the text of the file called name; relative paths in it
// count from dir.
func parseConfig(name, dir string, raw []byte, use purpose, env environment) (*config, error) {
	found := &faults{file: name}
	cfg := defaultConfig()
	if doc, ok := readDocument(raw, found); ok {
		doc.construct(&cfg, found)
		cfg.resolve(dir)
		check := &configCheck{cfg: &cfg, doc: doc, use: use, env: env, found: found}
		check.all()
	}
	if len(found.list) > 0 {
		return nil, found.sorted()
	}
	return &cfg, nil
}

// readLimited reads an ordinary file of at most limit bytes, without the mark
// that some editors put before UTF-8.
func readLimited(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return bytes.TrimPrefix(raw, []byte("\ufeff")), nil
}

// worldReadable says whether others than the owner and its group may read it.
func worldReadable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o004 != 0
}

// document is a parsed file that knows where its keys stand.
type document struct {
	root *yaml.Node
	at   map[string]*yaml.Node // a key's path -> its value
	path map[position]string   // where a key or value stands -> its path
}

type position struct{ line, col int }

// readDocument parses the text and looks for keys that stand twice, which it
// takes out, so that what they hide is looked at too.
func readDocument(raw []byte, found *faults) (*document, bool) {
	d := &document{root: &yaml.Node{}, at: map[string]*yaml.Node{}, path: map[position]string{}}
	if err := yaml.Load(raw, d.root); err != nil {
		found.list = append(found.list, d.faultsOf(err)...)
		return d, false
	}
	d.index("", d.root, found)
	return d, true
}

func (d *document) index(path string, n *yaml.Node, found *faults) {
	d.at[path] = n
	switch n.Kind {
	case yaml.DocumentNode:
		for _, child := range n.Content {
			d.index(path, child, found)
		}
	case yaml.SequenceNode:
		for i, child := range n.Content {
			d.index(fmt.Sprintf("%s[%d]", path, i), child, found)
		}
	case yaml.MappingNode:
		d.indexKeys(path, n, found)
	default:
		d.path[position{n.Line, n.Column}] = path
	}
	if _, taken := d.path[position{n.Line, n.Column}]; !taken {
		d.path[position{n.Line, n.Column}] = path
	}
}

func (d *document) indexKeys(path string, n *yaml.Node, found *faults) {
	first := map[string]int{}
	var once []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		child := strings.TrimPrefix(path+"."+key.Value, ".")
		if line, twice := first[key.Value]; twice && key.Kind == yaml.ScalarNode {
			found.list = append(found.list, fault{line: key.Line, col: key.Column, path: child, text: fmt.Sprintf("stands twice, first in line %d", line)})
			continue
		}
		first[key.Value] = key.Line
		once = append(once, key, value)
		d.path[position{key.Line, key.Column}] = child
		d.index(child, value, found)
	}
	n.Content = once
}

// construct puts the document into cfg and says what does not fit.
func (d *document) construct(cfg *config, found *faults) {
	if err := d.root.Load(cfg, yaml.WithKnownFields(), yaml.WithUniqueKeys()); err != nil {
		found.list = append(found.list, d.faultsOf(err)...)
	}
}

// locate is where the value of a path stands or, if it is missing, where the
// mapping stands that should have it.
func (d *document) locate(path string) position {
	for {
		if n, ok := d.at[path]; ok && n.Line > 0 {
			return position{n.Line, n.Column}
		}
		if path == "" {
			return position{1, 1}
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// faultsOf turns errors of the YAML library into faults.
func (d *document) faultsOf(err error) []fault {
	var many *yaml.LoadErrors
	var one *yaml.LoadError
	switch {
	case errors.As(err, &many):
		list := make([]fault, 0, len(many.Errors))
		for _, e := range many.Errors {
			list = append(list, d.faultOf(e))
		}
		return list
	case errors.As(err, &one):
		return []fault{d.faultOf(one)}
	}
	return []fault{{line: 1, col: 1, text: err.Error()}}
}

// quoted is a value in a message of the YAML library.
var quoted = regexp.MustCompile("`[^`]*`")

func (d *document) faultOf(e *yaml.LoadError) fault {
	f := fault{line: max(1, e.Mark.Line), col: max(1, e.Mark.Column), form: true}
	f.path = d.path[position{e.Mark.Line, e.Mark.Column}]
	message := quoted.ReplaceAllString(e.Message, "the value")
	f.text = plainWords(message, f.path)
	if e.Stage != yaml.ConstructorStage {
		f.text = "not readable as YAML: " + message
	}
	return f
}
