package kv

import (
	"bytes"
	"testing"
)

func TestPrefixEnd(t *testing.T) {
	for in, want := range map[string]string{
		"a": "b", "a/": "a0", "a\xff": "b", "\xff\xff": "", "": "", "\x00": "\x01",
	} {
		p := []byte(in)
		if got := PrefixEnd(p); string(got) != want || string(p) != in {
			t.Errorf("PrefixEnd(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzPrefix(f *testing.F) {
	f.Add([]byte("a"), []byte("ab"))
	f.Add([]byte("\xff"), []byte("\xff\xff"))
	f.Add([]byte(""), []byte("x"))
	f.Fuzz(func(t *testing.T, prefix, key []byte) {
		if got, want := Prefix(prefix).Contains(key), bytes.HasPrefix(key, prefix); got != want {
			t.Errorf("Prefix(%q) contains %q: %v", prefix, key, got)
		}
	})
}

func TestContains(t *testing.T) {
	r := Range{Lo: []byte("b"), Hi: []byte("d")}
	for key, want := range map[string]bool{"a": false, "b": true, "c": true, "cz": true, "d": false} {
		if r.Contains([]byte(key)) != want {
			t.Errorf("%q: want %v", key, want)
		}
	}
}
