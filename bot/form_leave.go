package bot

import (
	"strconv"

	"headgoose/bot/text"
	"headgoose/storage/record"
)

// parkForm leaves the open form as it is when the person turns to something
// else: texts are not taken as answers until it is resumed.
func (t *Turn) parkForm() error {
	f, found, err := t.findForm()
	if err != nil || !found || f.d.Parked {
		return err
	}
	f.d.Parked = true
	return t.PutDialog(f.d)
}

// parkAndSay parks the form and says how it goes on.
func (t *Turn) parkAndSay(f openForm) error {
	f.d.Parked = true
	if err := t.PutDialog(f.d); err != nil {
		return err
	}
	title, err := f.title(t, f.d.Answers)
	if err != nil {
		return err
	}
	days := int(formKept / dayLong)
	t.Answer(t.Say("form.parked", text.A{"Title": title, "Days": days}), append([]Btn{t.Btn("resume", "form resume")}, t.homeRow()...))
	return nil
}

// cancel gives the open form up; where answers would be lost it asks once more.
func (t *Turn) cancel() error {
	f, found, err := t.findForm()
	if err != nil {
		return err
	}
	if !found {
		if !t.Known {
			return t.stranger()
		}
		t.Answer(t.Say("home.nothing_to_cancel"), t.homeRow())
		return nil
	}
	if !f.d.Edited {
		return t.dropForm(f.d)
	}
	title, err := f.title(t, f.d.Answers)
	if err != nil {
		return err
	}
	f.d.Rev++
	if err := t.PutDialog(f.d); err != nil {
		return err
	}
	t.Answer(t.Say("form.cancel_ask", text.A{"Title": title}),
		[]Btn{t.Btn("resume", "form resume"), t.Btn("drop", "form "+strconv.FormatInt(f.d.Rev, 10)+" drop")})
	return nil
}

func (t *Turn) dropForm(d record.Dialog) error {
	if err := t.EndDialog(d.Chat); err != nil {
		return err
	}
	t.Answer(t.Say("home.cancelled"), t.homeRow())
	return nil
}
