package boltkv

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"headgoose/storage/kv"
)

var crashes = flag.Int("crashes", 4, "how often TestCrash kills the writing process")

const (
	crashEnv     = "HEADGOOSE_CRASH_FILE" // set in the process that is to be killed
	crashWriters = 8
)

// counterKey holds how far a writer has come; beside it lies a row for each
// step, written in the same update.
func counterKey(writer int) []byte { return []byte{'c', byte(writer)} }

func stepKey(writer int, step uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{'s', byte(writer)}, step)
}

// TestCrashWriter is the process that TestCrash kills: writers count, and say
// so on the standard output after each Update has returned.
func TestCrashWriter(t *testing.T) {
	path := os.Getenv(crashEnv)
	if path == "" {
		t.Skip("run by TestCrash")
	}
	e := openAt(t, path, Options{})
	var out sync.Mutex
	var wg sync.WaitGroup
	for w := range crashWriters {
		wg.Go(func() {
			for {
				var n uint64
				err := e.Update(context.Background(), func(tx kv.Txn) (err error) {
					n, err = countOn(tx, w)
					return err
				})
				if err != nil {
					t.Error(err)
					return
				}
				out.Lock()
				fmt.Println("ack", w, n)
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

func countOn(tx kv.Txn, w int) (uint64, error) {
	v, found, err := tx.Get(counterKey(w))
	if err != nil {
		return 0, err
	}
	n := uint64(1)
	if found {
		n += binary.BigEndian.Uint64(v)
	}
	if err := tx.Put(stepKey(w, n), make([]byte, 50+n%500)); err != nil {
		return 0, err
	}
	if n > 200 { // keep the file small, and its pages in use
		if err := tx.Delete(stepKey(w, n-200)); err != nil {
			return 0, err
		}
	}
	return n, tx.Put(counterKey(w), binary.BigEndian.AppendUint64(nil, n))
}

// TestCrash kills a process that writes, again and again over one file, and
// looks whether all that was acknowledged is there, whole.
func TestCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	var acked [crashWriters]uint64
	for round := range *crashes {
		killWriter(t, path, &acked, 1+rand.IntN(3000))
		if err := Check(path); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		e := openAt(t, path, Options{})
		for w := range crashWriters {
			wantCounter(t, e, w, &acked[w])
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("acknowledged: %v", acked)
}

// killWriter runs the writing process and kills it after some lines.
func killWriter(t *testing.T, path string, acked *[crashWriters]uint64, after int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashWriter$")
	cmd.Env = append(os.Environ(), crashEnv+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ { // to the end: what is in the pipe was acknowledged too
		if n == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
		var w int
		var step uint64
		if _, err := fmt.Sscanf(lines.Text(), "ack %d %d", &w, &step); err != nil {
			if strings.HasPrefix(lines.Text(), "ack") && n > after {
				continue // cut off by the kill
			}
			t.Errorf("the writer says %q", lines.Text())
			continue
		}
		acked[w] = max(acked[w], step)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Errorf("the writer was not killed: %v", err)
	}
}

// wantCounter wants the counter where the last acknowledgement left it, or one
// further (the kill came between commit and word), with its last steps.
func wantCounter(t *testing.T, e *Engine, w int, acked *uint64) {
	t.Helper()
	err := e.View(context.Background(), func(r kv.Reader) error {
		v, found, err := r.Get(counterKey(w))
		if err != nil || !found && *acked == 0 {
			return err
		}
		n := binary.BigEndian.Uint64(v)
		if n != *acked && n != *acked+1 {
			t.Errorf("writer %d: acknowledged %d, stored %d", w, *acked, n)
		}
		*acked = n
		next := n - min(n, 200) + 1
		for entry, err := range r.Scan(kv.Prefix([]byte{'s', byte(w)})) {
			if err != nil {
				return err
			}
			if string(entry.Key) != string(stepKey(w, next)) || len(entry.Value) != int(50+next%500) {
				return fmt.Errorf("writer %d: found %x with %d bytes, want step %d", w, entry.Key, len(entry.Value), next)
			}
			next++
		}
		if next != n+1 {
			return fmt.Errorf("writer %d: steps end before %d, the counter says %d", w, next, n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
