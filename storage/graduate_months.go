package storage

import (
	"strings"

	"headgoose/storage/record"
)

// Keys:
//
//	gradmonth/<place>/<month>  -> record.GraduateMonth, of a township or county

func monthKey(place record.Code, month record.Date) string {
	return "gradmonth/" + string(place) + "/" + strings.ReplaceAll(string(month), "-", "")
}

// KeepMonth keeps the counts of some places as those of a month that has ended.
// A month that is kept already stays as it is. A write a place: at most 90.
func (tx *Tx) KeepMonth(places []record.Code, month record.Date) error {
	for _, place := range places {
		there, err := has(tx, monthKey(place, month))
		if err != nil {
			return err
		}
		if there {
			continue
		}
		n, err := tx.Count(place)
		if err != nil {
			return err
		}
		if err := put(tx, monthKey(place, month), record.GraduateMonth{Month: month, At: tx.Now, Counts: n.Graduates}); err != nil {
			return err
		}
	}
	return nil
}

// GraduateMonths lists the months of a place that are kept, from a month on.
// Months in which nobody counted are not there.
func (tx *Tx) GraduateMonths(place record.Code, from record.Date) ([]record.GraduateMonth, error) {
	r := under("gradmonth/" + string(place) + "/")
	r.Lo = []byte(monthKey(place, from))
	var list []record.GraduateMonth
	for e, err := range scan[record.GraduateMonth](tx, r) {
		if err != nil {
			return nil, err
		}
		list = append(list, e.val)
	}
	return list, nil
}
