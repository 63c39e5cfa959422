package bot

import (
	"headgoose/bot/dialog"
	"headgoose/storage/record"
)

// lateFlows is the reason that may be added to a late check-in.
func lateFlows() []*flow {
	return []*flow{{
		name:   "late",
		direct: true,
		steps: func(*Turn) []dialog.Step {
			return []dialog.Step{{
				Name: "reason", Ask: "checkin.why_ask", Field: "checkin.why_field",
				Parse: dialog.Text(record.MaxReason), Max: record.MaxReason,
			}}
		},
		title: func(t *Turn, a dialog.Answers) (string, error) {
			s, err := t.Session(record.SessionID(a["session"]))
			return t.title(s), err
		},
		may: func(t *Turn, a dialog.Answers) error {
			_, err := t.ownLateRow(record.SessionID(a["session"]))
			return err
		},
		save: (*Turn).saveLateReason,
	}}
}

// lateReason asks why a check-in was late: the session. The message that says
// the check-in stays as it is.
func (t *Turn) lateReason() error {
	t.Toast("")
	return t.startFlow("late", dialog.Answers{"session": t.Arg(0)})
}

// ownLateRow is the person's own row that a reason can be added to: it says
// late, and has no reason yet.
func (t *Turn) ownLateRow(id record.SessionID) (record.AttendanceRow, error) {
	att, found, err := t.Attendance(id, t.Person.ID)
	if err != nil {
		return record.AttendanceRow{}, err
	}
	row := att.Now()
	switch {
	case !found || t.Person.ID == "":
		return row, record.ErrNotFound
	case row.Status != record.Late:
		return row, record.ErrChanged
	case row.Reason != "":
		return row, record.ErrAlready
	}
	return row, nil
}

func (t *Turn) saveLateReason(a dialog.Answers) error {
	id := record.SessionID(a["session"])
	row, err := t.ownLateRow(id)
	if err != nil {
		return err
	}
	if err := t.AddReason(id, t.Person.ID, a["reason"]); err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.CheckIn, Person: t.Person.ID, Session: id, Note: "reason"}); err != nil {
		return err
	}
	s, err := t.Session(id)
	if err != nil {
		return err
	}
	args := t.sessionArgs(s)
	args["At"] = t.Voice.Clock(row.At.In(t.b.conf.Zone))
	t.Answer(t.Say("checkin.why_done", args), t.homeRow())
	return nil
}
