package boltkv

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"headgoose/storage/kv"
	"headgoose/storage/kv/kvtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	open := func(t *testing.T) kv.Engine { return openAt(t, filepath.Join(t.TempDir(), "data"), Options{}) }
	kvtest.Run(t, open)
	t.Run("Snapshots", func(t *testing.T) {
		kvtest.Snapshots(t, open, func(t *testing.T, path string) kv.Engine { return openAt(t, path, Options{}) })
	})
}

func openAt(t testing.TB, path string, opts Options) *Engine {
	t.Helper()
	e, err := Open(path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return e
}
