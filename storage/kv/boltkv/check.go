package boltkv

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"headgoose/storage/kv"
)

// maxFaults is how many faults Check names.
const maxFaults = 20

// Check reads the whole file at path and says what is wrong with its
// structure: pages that are missing, lost or used twice, keys out of order,
// entries that reach beyond their page. A file of any bytes is safe to check.
// A value that was changed in place goes unnoticed, since bbolt keeps no
// checksums of data. The file must not be open elsewhere for writing
// (kv.ErrInUse).
func Check(path string) error {
	if err := check(path); err != nil {
		return fmt.Errorf("boltkv: check %s: %w", path, err)
	}
	return nil
}

func check(path string) (err error) {
	if err := checkHead(path); err != nil {
		return err
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, ReadOnly: true, FreelistType: bbolt.FreelistMapType, NoStatistics: true})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return kv.ErrInUse
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	// The structure first, without bbolt: it would follow a damaged reference
	// out of the file, and end the process.
	if err := walkFile(path); err != nil {
		return err
	}
	return db.View(func(tx *bbolt.Tx) error {
		var faults []error
		for err := range tx.Check() { // to its end, or it never ends
			if len(faults) < maxFaults {
				faults = append(faults, err)
			}
		}
		if tx.Bucket(bucketName) == nil {
			faults = append(faults, errForeign)
		}
		return errors.Join(faults...)
	})
}

// checkHead looks at what must hold before bbolt may map the file into memory.
func checkHead(path string) (err error) {
	for range 3 { // another process may be writing: then the error passes
		err = walk(path, (*walker).freelist)
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return err
}

func walkFile(path string) error {
	return walk(path, func(w *walker) error {
		if err := w.freelist(); err != nil {
			return err
		}
		if err := w.tree(w.meta.root, nil, nil); err != nil {
			return err
		}
		return w.complete()
	})
}

func walk(path string, fn func(*walker) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	m, err := readMeta(f)
	if err != nil {
		return err
	}
	return fn(&walker{file: f, meta: m, used: map[uint64]bool{0: true, 1: true}})
}
