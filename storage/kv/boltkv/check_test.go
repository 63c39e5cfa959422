package boltkv

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headgoose/storage/kv"
)

// sample is the bytes of a file with branches, long values and free pages.
func sample(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data")
	e := openAt(t, path, Options{})
	for round := range 3 {
		err := e.Update(context.Background(), func(tx kv.Txn) error {
			for i := range kv.MaxWrites {
				if err := tx.Put(row(i), make([]byte, 100+round)); err != nil {
					return err
				}
			}
			return tx.Put(row(7), make([]byte, 10_000))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	if _, err := e.Snapshot(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return []byte(b.String())
}

func TestCheck(t *testing.T) {
	good := sample(t)
	meta, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer meta.Close()
	if _, err := meta.Write(good); err != nil {
		t.Fatal(err)
	}
	m, err := readMeta(meta)
	if err != nil {
		t.Fatal(err)
	}
	branch := pageWith(t, good, m, pageBranch)
	leaf := pageWith(t, good, m, pageLeaf)
	for _, c := range []struct {
		name, want string
		damage     func(b []byte) []byte
	}{
		{"whole", "", func(b []byte) []byte { return b }},
		{"one meta damaged", "", func(b []byte) []byte { b[20]++; return b }},
		{"both metas damaged", "not a data file", func(b []byte) []byte { b[20]++; b[m.pageSize+20]++; return b }},
		{"cut off", "cut off", func(b []byte) []byte { return b[:uint64(len(b))-m.pageSize] }},
		{"empty", "is empty", func([]byte) []byte { return nil }},
		{"a page refers to itself", "used twice", func(b []byte) []byte {
			order.PutUint64(b[branch+headSize+8:], branch/m.pageSize)
			return b
		}},
		{"a page refers out of the file", "a reference to page", func(b []byte) []byte {
			order.PutUint64(b[branch+headSize+8:], 1<<40)
			return b
		}},
		{"a page that calls itself another", "calls itself", func(b []byte) []byte { b[leaf]++; return b }},
		{"a page that extends too far", "calls itself", func(b []byte) []byte { order.PutUint32(b[leaf+12:], 1<<30); return b }},
		{"a key out of order", "out of order", func(b []byte) []byte {
			e := leaf + headSize
			b[e+uint64(order.Uint32(b[e+4:]))] = 0xff
			return b
		}},
		{"a value beyond its page", "outside", func(b []byte) []byte {
			order.PutUint32(b[leaf+headSize+12:], 1<<31)
			return b
		}},
		{"a free page that is in use", "free and in use", func(b []byte) []byte {
			order.PutUint64(b[m.freelist*m.pageSize+headSize:], leaf/m.pageSize)
			return b
		}},
		{"a list of free pages that never ends", "list of free pages", func(b []byte) []byte {
			binary.LittleEndian.PutUint16(b[m.freelist*m.pageSize+10:], 0xfffe)
			return b
		}},
		{"a lost page", "lost", func(b []byte) []byte {
			n := b[m.freelist*m.pageSize+10:]
			order.PutUint16(n, order.Uint16(n)-1)
			return b
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := checkBytes(t, c.damage(append([]byte(nil), good...)))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// pageWith is the offset of a page of the tree with these flags: for a leaf
// the one that a branch refers to last.
func pageWith(t *testing.T, file []byte, m meta, flags uint16) uint64 {
	t.Helper()
	for at := 2 * m.pageSize; at < uint64(len(file)); at += m.pageSize {
		if order.Uint16(file[at+8:]) != pageBranch || order.Uint64(file[at:]) != at/m.pageSize {
			continue
		}
		if flags == pageBranch {
			return at
		}
		n := uint64(order.Uint16(file[at+10:]))
		return order.Uint64(file[at+headSize*n+8:]) * m.pageSize
	}
	t.Fatal("the sample has no branch")
	return 0
}

func checkBytes(t testing.TB, b []byte) error {
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return Check(path)
}

// FuzzCheck damages a good file: Check must survive, and what it accepts must
// be readable to the end.
func FuzzCheck(f *testing.F) {
	good := sample(f)
	f.Add(uint32(0), []byte{1})
	f.Add(uint32(4096+16), []byte{0xff, 0xff})
	f.Add(uint32(3*4096+8), []byte{2, 0, 0xff})
	f.Fuzz(func(t *testing.T, at uint32, change []byte) {
		b := append([]byte(nil), good...)
		copy(b[int(at)%len(b):], change)
		path := filepath.Join(t.TempDir(), "data")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if Check(path) == nil {
			keys(t, openAt(t, path, Options{ReadOnly: true}))
		}
	})
}
