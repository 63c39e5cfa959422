package bot

import (
	"slices"
	"strconv"
	"strings"

	"headgoose/bot/chat"
	"headgoose/bot/text"
	"headgoose/storage/record"
	"headgoose/storage/sheet"
)

// referralSheet has the workbook of a place's referrals sent, and notes in the
// audit log who has it.
func (t *Turn) referralSheet() error {
	place := record.Code(t.Arg(0))
	if err := t.mayExportReferrals(place); err != nil {
		return err
	}
	if err := t.Audit(record.Audit{By: t.Person.ID, Action: record.ExportRoster, Place: place, Note: "referrals"}); err != nil {
		return err
	}
	t.sendFile("referral.sheet", map[string]string{"place": string(place)})
	return nil
}

func (t *Turn) mayExportReferrals(place record.Code) error {
	if err := t.Allow(record.KeepReferral, record.Object{Place: place}); err != nil {
		return err
	}
	if !record.Carries(record.ReferralSheet) { // what no use declares stays in
		return record.ErrNotFound
	}
	return t.Allow(record.ExportRoster, record.Object{Place: place})
}

// referralSheetNotice reads the referrals of a place; the workbook is made after
// the transaction.
func referralSheetNotice(t *Turn, row record.Outbox) (notice, string, error) {
	place := record.Code(row.Args["place"])
	if err := t.mayExportReferrals(place); err != nil {
		return notice{}, "", err
	}
	name, err := t.placeName(place)
	if err != nil {
		return notice{}, "", err
	}
	list, err := t.ReferralsIn(place, maxExported)
	if err != nil {
		return notice{}, "", err
	}
	book, err := t.referralBook(place, list)
	if err != nil {
		return notice{}, "", err
	}
	title := t.Say("refer.sheet_title", text.A{"Place": name, "N": len(list)})
	book.SumTitle, book.PostOf = title, title
	lang, file := sheet.Lang(t.Voice.Lang), t.Say("refer.sheet_name", text.A{"Place": name})+".xlsx"
	return notice{
		card: card{Text: title},
		draw: func() ([]byte, *chat.Upload, error) {
			body, err := sheet.WriteReferrals(lang, title, book)
			return nil, &chat.Upload{Name: file, Body: body}, err
		},
	}, "", nil
}

// referralBook is what the workbook says: each referral, and the sums by village
// and by post, in the office's order.
func (t *Turn) referralBook(place record.Code, list []record.Referral) (sheet.Referrals, error) {
	var book sheet.Referrals
	for _, stage := range record.ReferralStages() {
		book.StageNames = append(book.StageNames, t.Say("referral_stage."+string(stage)))
	}
	slices.SortStableFunc(list, func(a, b record.Referral) int { return strings.Compare(string(a.Village), string(b.Village)) })
	villages, posts := map[record.Code]map[record.ReferralStage]int{}, map[record.OpeningID]map[record.ReferralStage]int{}
	var openings []record.OpeningID
	for _, r := range list {
		line, err := t.referralSheetLine(r)
		if err != nil {
			return book, err
		}
		book.Lines = append(book.Lines, line)
		if villages[r.Village] == nil {
			villages[r.Village] = map[record.ReferralStage]int{}
			book.Villages = append(book.Villages, sheet.ReferralSum{Labels: []string{line.Township, line.Village}, Stages: villages[r.Village]})
		}
		villages[r.Village][r.Stage]++
		if posts[r.Opening] == nil {
			posts[r.Opening] = map[record.ReferralStage]int{}
			openings = append(openings, r.Opening)
		}
		posts[r.Opening][r.Stage]++
	}
	open, err := t.Openings(place)
	if err != nil {
		return book, err
	}
	for _, o := range open { // posts for which nobody was referred yet
		if posts[o.ID] == nil {
			openings = append(openings, o.ID)
		}
	}
	for _, id := range openings {
		labels, err := t.openingLabels(id)
		if err != nil {
			return book, err
		}
		book.Posts = append(book.Posts, sheet.ReferralSum{Labels: labels, Stages: posts[id]})
	}
	return book, nil
}

// openingLabels say a post in the cells of a row.
func (t *Turn) openingLabels(id record.OpeningID) ([]string, error) {
	o, err := t.Opening(id)
	if err != nil {
		return nil, err
	}
	place, err := t.placeName(o.Place)
	closed := ""
	if !o.Closed.IsZero() {
		closed = string(record.DateOf(o.Closed.In(t.b.conf.Zone)))
	}
	return []string{t.Say("opening_kind." + string(o.Kind)), place, strconv.Itoa(o.Number), string(o.Until), closed}, err
}

func (t *Turn) referralSheetLine(r record.Referral) (line sheet.ReferralLine, err error) {
	village, err := t.Place(r.Village)
	if err != nil {
		return line, err
	}
	town, err := t.Place(r.Village.Township())
	if err != nil {
		return line, err
	}
	g, err := t.referred(r)
	if err != nil {
		return line, err
	}
	day := func(i int) record.Date { return record.DateOf(r.Rows[i].At.In(t.b.conf.Zone)) }
	last := len(r.Rows) - 1
	line = sheet.ReferralLine{
		Township: town.Name, Village: village.Name, Name: t.graduateName(g), Post: t.Say("opening_kind." + string(r.Kind)),
		Stage: t.Say("referral_stage." + string(r.Stage)), Proposed: day(0), Last: day(last), End: t.endText(r),
		After1: t.outcomesAfter(r, 1), After3: t.outcomesAfter(r, 3), After6: t.outcomesAfter(r, 6),
	}
	if line.Place, err = t.placeName(r.Place); err != nil || r.Rows[0].By == "" {
		return line, err
	}
	line.By, err = t.nameOf(r.Rows[0].By)
	return line, err
}

// endText says why a referral ended, or why a graduate said no.
func (t *Turn) endText(r record.Referral) string {
	last := len(r.Rows) - 1
	var parts []string
	if end := r.Rows[last].End; end != "" {
		parts = append(parts, t.Say("referral_end."+string(end)))
	}
	if !r.Stage.Open() && last < len(r.Notes) && r.Notes[last] != "" {
		parts = append(parts, r.Notes[last])
	}
	return strings.Join(parts, t.Say("host.and"))
}

// outcomesAfter says what both sides answered after so many months.
func (t *Turn) outcomesAfter(r record.Referral, months int) string {
	var parts []string
	for _, o := range r.Outcomes {
		if o.Months == months {
			parts = append(parts, t.Say("refer.sheet_outcome", text.A{"Side": t.Say("refer_side." + string(o.Side)), "Answer": t.outcomeText(o)}))
		}
	}
	return strings.Join(parts, t.Say("host.and"))
}
