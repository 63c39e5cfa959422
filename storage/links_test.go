package storage

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"headgoose/storage/record"
)

// The links of more villages than one transaction writes are all issued, also
// where the first try was cut off, and nobody's who may not.
func TestVillageLinksAreIssuedInParts(t *testing.T) {
	s := gradStore(t)
	const villages = 2*linkChunk + 7
	gradDo(t, s, func(tx *Tx) error { return tx.PutPlace(record.Place{Code: "630224102", Name: "地630224102"}) })
	for i := range villages {
		gradDo(t, s, func(tx *Tx) error {
			return tx.PutPlace(record.Place{Code: record.Code(fmt.Sprintf("630224102%03d", i)), Name: fmt.Sprintf("村 %03d", i)})
		})
	}
	by := importer(t, s).By
	at := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	links := func() (list []string) {
		err := s.View(t.Context(), func(tx *Tx) error {
			all, err := tx.Villages("630224")
			for _, v := range all {
				if payload, err := tx.VillageLink(v.Code, at); err == nil {
					list = append(list, payload)
				} else if !errors.Is(err, record.ErrLink) {
					return err
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	cut, stop := context.WithCancel(t.Context())
	if _, err := s.IssueVillageLinks(cut, "630224", by, at, time.Hour, func(int, int) { stop() }); err == nil {
		t.Fatal("it was not cut off")
	}
	before := links()
	if len(before) != linkChunk {
		t.Fatalf("%d links after one part", len(before))
	}
	n, err := s.IssueVillageLinks(t.Context(), "630224", by, at, time.Hour, nil)
	after := links()
	if err != nil || n != villages+len(gradVillages) || len(after) != n {
		t.Fatalf("%d issued, %d there: %v", n, len(after), err)
	}
	for i, payload := range before {
		if after[i] != payload {
			t.Fatal("a link that was handed out is another one now")
		}
	}
	if n, err := s.IssueVillageLinks(t.Context(), "630224", "p9", at, time.Hour, nil); n != 0 || err != nil {
		t.Errorf("somebody without a post issues %d: %v", n, err)
	}
}
