package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func secret(b byte) []byte { return bytes.Repeat([]byte{b}, KeySize) }

// ringFile makes a ring in a file of its own.
func ringFile(t *testing.T, master []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ring")
	var b bytes.Buffer
	if err := New(&b, master, secret('r')); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func opened(t *testing.T, path string, master []byte) *Ring {
	t.Helper()
	r, err := Open(path, master)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func key(t *testing.T, r *Ring, n uint64) Key {
	t.Helper()
	k, err := r.Key(n)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// grave is the grave of a number, with a mark of its own.
func grave(n uint64) Grave {
	return Grave{Number: n, Mark: [MarkSize]byte{'m', byte(n)}, At: time.Unix(1_800_000_000+int64(n%100), 0)}
}

func gravesOf(t *testing.T, r *Ring) []Grave {
	t.Helper()
	var all []Grave
	for g, err := range r.Graves() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, g)
	}
	return all
}

func TestKeysSurviveAndAreDestroyed(t *testing.T) {
	path := ringFile(t, secret('m'))
	r := opened(t, path, secret('m'))
	if _, err := r.Key(1); !errors.Is(err, ErrNoKey) {
		t.Errorf("a key that was never made: %v", err)
	}
	if err := r.Reserve(3); err != nil {
		t.Fatal(err)
	}
	sealed := key(t, r, 2).Seal("person/p2", []byte("书记 002"))
	other := key(t, r, 3).Seal("person/p3", []byte("书记 003"))
	again := opened(t, path, secret('m'))
	if plain, err := key(t, again, 2).Open("person/p2", sealed); err != nil || string(plain) != "书记 002" {
		t.Fatalf("after opening again: %q, %v", plain, err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Destroy(grave(2), Grave{Number: 2}, grave(0), grave(99999)); err != nil {
		t.Fatal(err)
	}
	last := opened(t, path, secret('m'))
	if _, err := last.Key(2); !errors.Is(err, ErrDestroyed) {
		t.Errorf("a destroyed key: %v", err)
	}
	if graves := gravesOf(t, last); !slices.Equal(graves, []Grave{grave(2)}) {
		t.Errorf("graves: %+v", graves)
	}
	if plain, err := key(t, last, 3).Open("person/p3", other); err != nil || string(plain) != "书记 003" {
		t.Errorf("the neighbour's key: %q, %v", plain, err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	slot := before[offset(2)+1 : offset(3)]
	if bytes.Contains(after, slot) {
		t.Error("the destroyed slot's content is still in the file")
	}
}

func TestSealedTextIsBoundToItsPlace(t *testing.T) {
	r, err := InMemory(secret('m'))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Reserve(2); err != nil {
		t.Fatal(err)
	}
	sealed := key(t, r, 1).Seal("graduate/g1", []byte("毕业生 001"))
	flipped := bytes.Clone(sealed)
	flipped[len(flipped)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another record":  func() ([]byte, error) { return key(t, r, 1).Open("graduate/g2", sealed) },
		"another key":     func() ([]byte, error) { return key(t, r, 2).Open("graduate/g1", sealed) },
		"a flipped bit":   func() ([]byte, error) { return key(t, r, 1).Open("graduate/g1", flipped) },
		"a cut off text":  func() ([]byte, error) { return key(t, r, 1).Open("graduate/g1", sealed[:20]) },
		"an empty text":   func() ([]byte, error) { return key(t, r, 1).Open("graduate/g1", nil) },
		"the nonce alone": func() ([]byte, error) { return key(t, r, 1).Open("graduate/g1", sealed[:nonceSize]) },
	} {
		t.Run(name, func(t *testing.T) {
			if plain, err := open(); !errors.Is(err, ErrDamaged) {
				t.Errorf("opened %q, %v", plain, err)
			}
		})
	}
	if bytes.Equal(sealed, key(t, r, 1).Seal("graduate/g1", []byte("毕业生 001"))) {
		t.Error("the same text seals to the same bytes: equal values would be seen")
	}
}

func TestSlotsAreBoundToTheirNumber(t *testing.T) {
	path := ringFile(t, secret('m'))
	if err := opened(t, path, secret('m')).Reserve(2); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(data[offset(1):offset(2)], data[offset(2):offset(3)])
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := opened(t, path, secret('m')).Key(1); !errors.Is(err, ErrDamaged) {
		t.Errorf("a key that was moved to another slot: %v", err)
	}
}

func TestTheWrongMasterKey(t *testing.T) {
	path := ringFile(t, secret('m'))
	if _, err := Open(path, secret('n')); !errors.Is(err, ErrMaster) {
		t.Errorf("another master key: %v", err)
	}
	if _, err := Open(path, []byte("short")); err == nil {
		t.Error("a short master key is taken")
	}
	if err := os.WriteFile(path, []byte("not a ring"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, secret('m')); !errors.Is(err, ErrDamaged) {
		t.Errorf("a file of something else: %v", err)
	}
}

func TestRotate(t *testing.T) {
	path := ringFile(t, secret('m'))
	r := opened(t, path, secret('m'))
	if err := r.Reserve(3); err != nil {
		t.Fatal(err)
	}
	sealed := key(t, r, 3).Seal("x", []byte("记录"))
	if err := r.Destroy(grave(1)); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Rotate(&b, secret('n')); err != nil {
		t.Fatal(err)
	}
	next := filepath.Join(t.TempDir(), "ring")
	if err := os.WriteFile(next, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(next, secret('m')); !errors.Is(err, ErrMaster) {
		t.Errorf("the old master key still opens it: %v", err)
	}
	n := opened(t, next, secret('n'))
	if !bytes.Equal(n.Root(), secret('r')) || n.Made() != r.Made() {
		t.Error("root or number of keys changed")
	}
	if plain, err := key(t, n, 3).Open("x", sealed); err != nil || string(plain) != "记录" {
		t.Errorf("after the change: %q, %v", plain, err)
	}
	if _, err := n.Key(1); !errors.Is(err, ErrDestroyed) {
		t.Errorf("a destroyed key came back: %v", err)
	}
	if graves := gravesOf(t, n); !slices.Equal(graves, []Grave{grave(1)}) {
		t.Errorf("graves: %+v", graves)
	}
}

// A block that the machine did not finish is written anew, and nothing that
// was durable is lost.
func TestATornBlock(t *testing.T) {
	path := ringFile(t, secret('m'))
	r := opened(t, path, secret('m'))
	if err := r.Reserve(1); err != nil {
		t.Fatal(err)
	}
	sealed := key(t, r, block).Seal("x", []byte("记录"))
	if err := r.Reserve(block + 1); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, offset(block+7)+13); err != nil {
		t.Fatal(err)
	}
	again := opened(t, path, secret('m'))
	if again.Made() != block {
		t.Fatalf("%d keys after the torn block, want %d", again.Made(), block)
	}
	if err := again.Reserve(block + 9); err != nil {
		t.Fatal(err)
	}
	key(t, again, block+9)
	if _, err := key(t, again, block).Open("x", sealed); err != nil {
		t.Error(err)
	}
}

func BenchmarkKeyAndSeal(b *testing.B) {
	r, err := InMemory(secret('m'))
	if err != nil {
		b.Fatal(err)
	}
	if err := r.Reserve(1); err != nil {
		b.Fatal(err)
	}
	text := bytes.Repeat([]byte("x"), 200)
	b.ReportAllocs()
	for b.Loop() {
		k, err := r.Key(1)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := k.Open("graduate/g1", k.Seal("graduate/g1", text)); err != nil {
			b.Fatal(err)
		}
	}
}
