package text

import (
	"strings"

	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// Fault says what keeps a row of a sheet from being imported: row, column,
// value, what is wrong, and what it might be meant to be.
func (v Voice) Fault(f record.Fault) string {
	arg := ""
	if len(f.Args) > 0 {
		arg = f.Args[0]
	}
	last := arg
	if len(f.Args) > 1 {
		last = f.Args[len(f.Args)-1]
	}
	title := f.Title
	if title == "" && f.Field != "" {
		title = v.Say("field." + string(f.Field))
	}
	what := v.Say("fault."+string(f.Kind), A{"Arg": arg, "Last": last, "Hint": strings.Join(f.Hint, v.Say("fault.or"))})
	return v.Say("fault.line", A{"Row": f.Row, "Column": title, "Value": f.Value, "What": what})
}

// Refusal says why a file is refused as a whole.
func (v Voice) Refusal(r *sheet.Refusal) string {
	arg := ""
	if len(r.Args) > 0 {
		arg = r.Args[0]
	}
	return v.Say("file."+string(r.Kind), A{"Arg": arg, "Title": r.Title, "Column": r.Letter})
}
