package boltkv

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"headgoose/storage/kv"
)

func TestOpenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	e := openAt(t, path, Options{})
	if err := e.Update(context.Background(), put("a", "b")); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	r := openAt(t, path, Options{ReadOnly: true})
	other := openAt(t, path, Options{ReadOnly: true})
	if got := strings.Join(keys(t, r), " "); got != "a b" || len(keys(t, other)) != 2 {
		t.Errorf("keys %q", got)
	}
	err := r.Update(context.Background(), func(kv.Txn) error { t.Error("ran"); return nil })
	if !errors.Is(err, kv.ErrReadOnly) {
		t.Errorf("Update: %v, want ErrReadOnly", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel() // some cases wait for a lock
	dir := t.TempDir()
	path := filepath.Join(dir, "data")
	open := openAt(t, path, Options{})
	write := func(name, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, want string
		is               error
		opts             Options
	}{
		{"a file in use", path, "in use", kv.ErrInUse, Options{}},
		{"a file in use, to read", path, "in use", kv.ErrInUse, Options{ReadOnly: true}},
		{"no file, to read", filepath.Join(dir, "none"), "no such file", fs.ErrNotExist, Options{ReadOnly: true}},
		{"no directory", filepath.Join(dir, "none", "data"), "no such file", fs.ErrNotExist, Options{}},
		{"an empty file", write("empty", ""), "is empty", nil, Options{}},
		{"another format", write("text", strings.Repeat("county,township\n", 1000)), "not a data file", nil, Options{}},
		{"a file that is cut off", write("short", string(image[:len(image)/2])), "cut off", nil, Options{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e, err := Open(c.path, c.opts)
			if err == nil {
				_ = e.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	if err := open.Update(context.Background(), put("a")); err != nil {
		t.Errorf("the first engine: %v", err)
	}
}

// Many who create the same file at once end up with one file.
func TestCreateTogether(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "data")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := ensureFile(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := Check(path); err != nil {
		t.Error(err)
	}
	wantFiles(t, dir, "data")
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	write := func(text string) func(*os.File) error {
		return func(f *os.File) error { _, err := f.WriteString(text); return err }
	}
	if err := WriteFile(path, write("old"), nil); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	failing := func(f *os.File) error { return errors.Join(write("half")(f), broken) }
	refuse := func(tmp string) error {
		if text, err := os.ReadFile(tmp); string(text) != "new" {
			t.Errorf("the check sees %q, %v", text, err)
		}
		return broken
	}
	for _, err := range []error{WriteFile(path, failing, nil), WriteFile(path, write("new"), refuse)} {
		if !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
		if text, err := os.ReadFile(path); string(text) != "old" {
			t.Errorf("the file holds %q, %v", text, err)
		}
		wantFiles(t, dir, "file")
	}
	if err := WriteFile(path, write("new"), nil); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); string(text) != "new" {
		t.Errorf("the file holds %q, %v", text, err)
	}
	wantFiles(t, dir, "file")
}

func TestBackupWhileUpdatesRun(t *testing.T) {
	dir := t.TempDir()
	e := openAt(t, filepath.Join(dir, "data"), Options{})
	if err := e.Update(context.Background(), put("a")); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			err := e.Update(context.Background(), func(tx kv.Txn) error { return tx.Put(row(i%500), make([]byte, 100+i%1000)) })
			if err != nil {
				t.Error(err)
			}
		}
	})
	for range 10 { // the later ones replace the first
		if err := Backup(context.Background(), e, filepath.Join(dir, "backup")); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
	copied := openAt(t, filepath.Join(dir, "backup"), Options{})
	if n := len(keys(t, copied)); n < 1 {
		t.Error("the backup is empty")
	}
	wantFiles(t, dir, "backup", "data")
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("files %q, want %q", got, want)
	}
}
