package boltkv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// The layout of a bbolt file, version 2, in the byte order of the machine. A
// page begins with its number (8 bytes), flags (2), count of elements (2) and
// how many more pages it extends over (4). An element of a branch is the
// offset of its key, the key's length, and the page below; an element of a
// leaf is flags, the offset of its key, and the lengths of key and value. The
// first two pages are metas; the valid one with the higher transaction counts.
const (
	magic       = 0xED0CDAED
	version     = 2
	headSize    = 16 // of a page, and of an element
	metaSize    = 64
	pageBranch  = 0x01
	pageLeaf    = 0x02
	pageList    = 0x10
	entryBucket = 0x01
	noFreelist  = ^uint64(0)
	maxPageSize = 64 << 10
)

var (
	order = binary.NativeEndian

	errForeign = errors.New("the file belongs to another program")
)

// meta is the root of a state of the file.
type meta struct {
	pageSize uint64
	root     uint64 // page of the tree of buckets
	freelist uint64
	pages    uint64 // how many the state has
	txid     uint64
}

// readMeta finds the meta that counts and makes sure that the file is as long
// as it says.
func readMeta(f *os.File) (meta, error) {
	info, err := f.Stat()
	if err != nil {
		return meta{}, err
	}
	if info.Size() == 0 {
		return meta{}, errors.New("the file is empty; if it was never used, remove it")
	}
	best, found := metaAt(f, 0)
	for size := int64(1 << 10); size <= maxPageSize; size <<= 1 {
		m, ok := metaAt(f, size)
		if ok && m.pageSize == uint64(size) && (!found || m.txid > best.txid) {
			best, found = m, true
		}
	}
	if !found {
		return meta{}, errors.New("not a data file, or its beginning is damaged")
	}
	if have := uint64(info.Size()) / best.pageSize; have < best.pages {
		return meta{}, fmt.Errorf("the file is cut off: %d of %d pages", have, best.pages)
	}
	return best, nil
}

func metaAt(f *os.File, offset int64) (meta, bool) {
	var page [headSize + metaSize]byte
	if _, err := f.ReadAt(page[:], offset); err != nil {
		return meta{}, false
	}
	b := page[headSize:]
	sum := fnv.New64a()
	_, _ = sum.Write(b[:56])
	m := meta{
		pageSize: uint64(order.Uint32(b[8:])),
		root:     order.Uint64(b[16:]),
		freelist: order.Uint64(b[32:]),
		pages:    order.Uint64(b[40:]),
		txid:     order.Uint64(b[48:]),
	}
	ok := order.Uint32(b) == magic && order.Uint32(b[4:]) == version && order.Uint64(b[56:]) == sum.Sum64() &&
		m.pageSize >= 1<<10 && m.pageSize <= maxPageSize && m.pageSize&(m.pageSize-1) == 0
	return m, ok
}

// walker reads every page of a state once and trusts nothing that it reads.
type walker struct {
	file io.ReaderAt
	meta meta
	used map[uint64]bool // pages that are in the tree or hold the freelist
	free []uint64
}

// page is a page with all that it extends over.
type page struct {
	id    uint64
	flags uint16
	count int
	data  []byte
}

// read reads page id, which must be referred to for the first time.
func (w *walker) read(id uint64) (page, error) {
	head := make([]byte, headSize)
	if id < 2 || id >= w.meta.pages {
		return page{}, fmt.Errorf("a reference to page %d of %d", id, w.meta.pages)
	}
	if _, err := w.file.ReadAt(head, int64(id*w.meta.pageSize)); err != nil {
		return page{}, err
	}
	n := 1 + uint64(order.Uint32(head[12:]))
	if order.Uint64(head) != id || n > w.meta.pages-id {
		return page{}, fmt.Errorf("page %d calls itself %d with %d pages", id, order.Uint64(head), n)
	}
	for i := id; i < id+n; i++ {
		if w.used[i] {
			return page{}, fmt.Errorf("page %d is used twice", i)
		}
		w.used[i] = true
	}
	p := page{id: id, flags: order.Uint16(head[8:]), count: int(order.Uint16(head[10:])), data: make([]byte, n*w.meta.pageSize)}
	_, err := w.file.ReadAt(p.data, int64(id*w.meta.pageSize))
	return p, err
}

// freelist reads the numbers of the pages that are free.
func (w *walker) freelist() error {
	if w.meta.freelist == noFreelist {
		return nil
	}
	p, err := w.read(w.meta.freelist)
	if err != nil {
		return fmt.Errorf("list of free pages: %w", err)
	}
	count, at := uint64(p.count), uint64(headSize)
	if p.count == 0xffff { // too many for the field: the first number counts
		count, at = order.Uint64(p.data[at:]), at+8
	}
	if p.flags != pageList || count > (uint64(len(p.data))-at)/8 {
		return fmt.Errorf("list of free pages: page %d, flags %#x, %d entries", p.id, p.flags, count)
	}
	for range count {
		w.free = append(w.free, order.Uint64(p.data[at:]))
		at += 8
	}
	return nil
}

// tree reads the pages under id, whose keys must lie in [lo, hi); an empty
// bound is none.
func (w *walker) tree(id uint64, lo, hi []byte) error {
	p, err := w.read(id)
	if err != nil {
		return err
	}
	switch {
	case p.flags == pageLeaf:
		return w.leaf(p, lo, hi)
	case p.flags == pageBranch && p.count > 0:
		return w.branch(p, lo, hi)
	}
	return fmt.Errorf("page %d: flags %#x with %d elements in a tree", p.id, p.flags, p.count)
}

func (w *walker) branch(p page, lo, hi []byte) error {
	keys, below := make([][]byte, p.count), make([]uint64, p.count)
	for i := range keys {
		e, err := p.element(i)
		if err != nil {
			return err
		}
		below[i] = order.Uint64(e[8:])
		if keys[i], err = p.slice(i, order.Uint32(e), order.Uint32(e[4:])); err != nil {
			return err
		}
	}
	if err := p.ordered(keys, lo, hi); err != nil {
		return err
	}
	for i, id := range below {
		next := hi
		if i+1 < len(keys) {
			next = keys[i+1]
		}
		if err := w.tree(id, keys[i], next); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) leaf(p page, lo, hi []byte) error {
	keys := make([][]byte, p.count)
	for i := range keys {
		e, err := p.element(i)
		if err != nil {
			return err
		}
		flags, at, nkey, nvalue := order.Uint32(e), order.Uint32(e[4:]), order.Uint32(e[8:]), order.Uint32(e[12:])
		if keys[i], err = p.slice(i, at, nkey); err != nil {
			return err
		}
		value, err := p.slice(i, at+nkey, nvalue)
		if err != nil || at+nkey < at {
			return fmt.Errorf("page %d: value %d lies outside", p.id, i)
		}
		if flags&entryBucket == 0 {
			continue
		}
		if err := w.bucket(p.id, value); err != nil {
			return err
		}
	}
	return p.ordered(keys, lo, hi)
}

// bucket reads the bucket in a leaf's value: the page of its tree, or, where
// it is small, a leaf that is part of the value.
func (w *walker) bucket(id uint64, value []byte) error {
	if len(value) < headSize {
		return fmt.Errorf("page %d: a bucket of %d bytes", id, len(value))
	}
	if root := order.Uint64(value); root != 0 {
		return w.tree(root, nil, nil)
	}
	data := value[headSize:]
	if len(data) < headSize {
		return fmt.Errorf("page %d: a bucket of %d bytes", id, len(value))
	}
	p := page{id: id, flags: order.Uint16(data[8:]), count: int(order.Uint16(data[10:])), data: data}
	if p.flags != pageLeaf {
		return fmt.Errorf("page %d: a bucket with flags %#x", id, p.flags)
	}
	return w.leaf(p, nil, nil)
}

func (p page) element(i int) ([]byte, error) {
	from := headSize * (i + 1)
	if from+headSize > len(p.data) {
		return nil, fmt.Errorf("page %d: element %d lies outside", p.id, i)
	}
	return p.data[from : from+headSize], nil
}

// slice is n bytes at an offset from element i.
func (p page) slice(i int, at, n uint32) ([]byte, error) {
	from := uint64(headSize*(i+1)) + uint64(at)
	if from+uint64(n) > uint64(len(p.data)) {
		return nil, fmt.Errorf("page %d: key or value %d lies outside", p.id, i)
	}
	return p.data[from : from+uint64(n)], nil
}

func (p page) ordered(keys [][]byte, lo, hi []byte) error {
	for i, key := range keys {
		if i > 0 && bytes.Compare(keys[i-1], key) >= 0 ||
			bytes.Compare(key, lo) < 0 || len(hi) > 0 && bytes.Compare(key, hi) >= 0 {
			return fmt.Errorf("page %d: key %d is out of order", p.id, i)
		}
	}
	return nil
}

// complete makes sure that every page is either used or free.
func (w *walker) complete() error {
	if w.meta.freelist == noFreelist {
		return nil
	}
	for _, id := range w.free {
		if id >= w.meta.pages || w.used[id] {
			return fmt.Errorf("page %d is free and in use, or there is none", id)
		}
		w.used[id] = true
	}
	if lost := w.meta.pages - uint64(len(w.used)); lost > 0 {
		return fmt.Errorf("%d pages are lost", lost)
	}
	return nil
}
