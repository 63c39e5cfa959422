package memkv

import (
	"testing"

	"go.uber.org/goleak"

	"headgoose/storage/kv"
	"headgoose/storage/kv/kvtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestContract(t *testing.T) {
	kvtest.Run(t, func(*testing.T) kv.Engine { return New(Options{}) })
}
