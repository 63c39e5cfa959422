package bot

import (
	"context"
	"errors"
	"strings"
	"time"

	"headgoose/bot/text"
	"headgoose/storage"
	"headgoose/storage/record"
)

// A new or changed screening is filled, and a deleted one cleared, by a job: in
// chunks that a restart repeats without harm, with the progress on the message of
// the press. Who newly fits is told once a week.

// fillScreening has a screening filled, also one whose filling was given up.
func (t *Turn) fillScreening(s record.Screening) error {
	n, err := t.Count(s.Place)
	if err != nil {
		return err
	}
	if err := t.addScreenJob(s.ID, t.Ev.MessageID); err != nil {
		return err
	}
	t.Answer(t.Say("screening.filling", text.A{"Done": 0, "Of": n.Graduates.All}))
	return nil
}

func (t *Turn) addScreenJob(id record.ScreeningID, message int64) error {
	_, err := t.AddJob(record.Job{Chat: t.Ev.Chat.ID, Person: t.Person.ID, State: record.JobScreen, Screening: id, Message: message})
	if err == nil {
		t.AfterCommit(t.b.jobs.kick)
	}
	return err
}

// workScreening fills or clears the screening of a job; then the message shows
// who fits.
func (b *Bot) workScreening(ctx context.Context, pace Pacer, j record.Job) error {
	if err := b.store.FillScreening(ctx, j.Screening, b.progress(ctx, pace, j)); err != nil {
		return err
	}
	return b.jobTurn(ctx, j, func(t *Turn) error {
		if err := t.DropJob(j.ID); err != nil {
			return err
		}
		s, err := t.Screening(j.Screening)
		if errors.Is(err, record.ErrNotFound) {
			return nil // deleted
		}
		if err != nil {
			return err
		}
		if may := t.maySee(s) == nil; !may {
			return nil // the post has ended meanwhile
		}
		c, err := t.screeningCard(storage.ScreenQuery{Screening: s, Limit: graduatePage})
		if err != nil {
			return err
		}
		w := t.words(c.Text, c.rows)
		w.Edit = j.Message
		t.add(w)
		return nil
	})
}

func screeningNotices() map[string]render {
	return map[string]render{record.KindScreened: screenedNotice}
}

// screenedNotice tells an officer who newly fits the screenings that the officer
// saved, as far as they fit still.
func screenedNotice(t *Turn, row record.Outbox) (notice, string, error) {
	since, err := time.Parse(time.RFC3339Nano, row.Args["since"])
	if err != nil {
		return notice{}, "", unfit(err)
	}
	at, err := time.Parse(time.RFC3339Nano, row.Args["at"])
	if err != nil {
		return notice{}, "", unfit(err)
	}
	var lines []string
	var open []Btn
	all := 0
	for _, id := range strings.Split(row.Args["ids"], ",") {
		s, err := t.Screening(record.ScreeningID(id))
		if errors.Is(err, record.ErrNotFound) || (err == nil && t.maySee(s) != nil) {
			continue
		}
		if err != nil {
			return notice{}, "", err
		}
		n, line, err := t.newsLine(s, since, at)
		if err != nil {
			return notice{}, "", err
		}
		if n > 0 {
			all += n
			lines = append(lines, line)
			open = append(open, Btn{Text: clip(s.Name, 12), Line: "screening.show " + id})
		}
	}
	if all == 0 {
		return notice{}, "nobody fits any more", nil
	}
	const most = 8
	if len(lines) > most {
		lines = append(lines[:most], t.Say("screening.more", text.A{"N": len(lines) - most}))
		open = append(open[:most], t.Btn("screenings", "screenings"))
	}
	body := append([]string{t.Say("screening.news", text.A{"N": all})}, lines...)
	return notice{card: card{Text: strings.Join(body, "\n"), rows: inRows(open, 2)}}, "", nil
}

// newsLine says the first who newly fit a screening, and how many do.
func (t *Turn) newsLine(s record.Screening, since, at time.Time) (n int, line string, err error) {
	const named = 6
	ids, err := t.ScreenNews(s.ID, since, at)
	if err != nil {
		return 0, "", err
	}
	var names []string
	for _, id := range ids {
		g, err := t.Graduate(id)
		if errors.Is(err, record.ErrNotFound) || (err == nil && !s.Fits(g, t.Tx.Now)) {
			continue
		}
		if err != nil {
			return 0, "", err
		}
		if n++; n > named {
			continue
		}
		p, err := t.Place(g.Village)
		if err != nil {
			return 0, "", err
		}
		names = append(names, p.Name+" "+g.Name)
	}
	return n, t.Say("screening.news_line", text.A{
		"Name": s.Name, "N": n, "Names": strings.Join(names, t.Say("host.and")), "More": n - len(names),
	}), nil
}
