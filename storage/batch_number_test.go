package storage

import (
	"testing"

	"headgoose/storage/record"
)

// A batch keeps the number that it is given while no other batch has it, also
// below those that are there; the others take the next one.
func TestBatchNumbers(t *testing.T) {
	newCounty(t).do(func(tx *Tx) error {
		for _, c := range []struct{ given, want int }{{3, 3}, {1, 1}, {0, 4}, {3, 5}, {2, 2}} {
			b, err := tx.AddBatch(record.Batch{
				Programme: "r1", Number: c.given, Place: "平安区", Days: record.Days{From: "2027-01-11", To: "2027-01-15"}, Hours: "09:00-17:00", Seats: 2,
			})
			if err != nil {
				return err
			}
			if b.Number != c.want {
				t.Errorf("given %d: number %d, want %d", c.given, b.Number, c.want)
			}
		}
		return nil
	})
}
