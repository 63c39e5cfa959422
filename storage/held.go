package storage

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"headgoose/storage/kv"
	"headgoose/storage/record"
)

// Held is one record that is held about somebody.
type Held struct {
	Topic string     `json:"topic"`
	Key   string     `json:"key"` // the rest of its key
	Use   record.Use `json:"use"`
	Value any        `json:"record"`
}

// HeldAbout lists what is held about somebody, a person, a graduate or both: all
// records that name them, but for messages on their way, which are found by chat
// and not by person. It costs the number of sessions of the county, since
// attendance is kept by session.
func (tx *Tx) HeldAbout(person record.PersonID, graduate record.GraduateID) ([]Held, error) {
	var keys []string
	if person != "" {
		own, err := tx.keysOfPerson(person)
		if err != nil {
			return nil, err
		}
		keys = append(keys, own...)
	}
	if graduate != "" {
		own, err := tx.keysOfGraduate(graduate)
		if err != nil {
			return nil, err
		}
		keys = append(keys, own...)
	}
	var list []Held
	seen := map[string]bool{}
	for _, key := range keys {
		if seen[key] {
			continue
		}
		seen[key] = true
		h, found, err := tx.held(key, string(person), string(graduate))
		if err != nil {
			return nil, err
		}
		if found {
			list = append(list, h)
		}
	}
	return list, nil
}

// holdings is the registry by topic.
var holdings = sync.OnceValue(func() map[string]Holding {
	m := map[string]Holding{}
	for _, h := range Registry() {
		m[h.Topic] = h
	}
	return m
})

// held reads a record as its topic has it, if it is there and names somebody: its
// key or its content does.
func (tx *Tx) held(key, person, graduate string) (Held, bool, error) {
	raw, found, err := tx.r.Get([]byte(key))
	if err != nil || !found {
		return Held{}, false, err
	}
	of, known := holdings()[topic(key)]
	if !known {
		return Held{}, false, fmt.Errorf("storage: topic %s is not in the registry", topic(key))
	}
	if !names(key, raw, person) && !names(key, raw, graduate) {
		return Held{}, false, nil
	}
	v := reflect.New(reflect.TypeOf(of.Value))
	if err := tx.s.decode(key, raw, v.Interface()); err != nil {
		return Held{}, false, fmt.Errorf("storage: record %s: %w", topic(key), err)
	}
	return Held{of.Topic, strings.TrimPrefix(key, of.Topic+"/"), of.Use, v.Elem().Interface()}, true, nil
}

func names(key string, raw []byte, id string) bool {
	return id != "" && (strings.Contains(key+"/", "/"+id+"/") || bytes.Contains(raw, []byte(`"`+id+`"`)))
}

func (tx *Tx) keysOfPerson(id record.PersonID) ([]string, error) {
	p, err := tx.Person(id)
	if err != nil {
		return nil, err
	}
	posts, err := tx.Posts(id)
	if err != nil {
		return nil, err
	}
	of := string(id)
	keys := []string{"person/" + of, "posts/" + of, "trained/" + of, "guess/" + of, "gradof/" + of}
	if p.Enrolled() {
		keys = append(keys, chatKey(p.Chat), fmt.Sprintf("dialog/%d", p.Chat))
	}
	if p.PhoneHash != "" {
		keys = append(keys, "phone/"+p.PhoneHash)
	}
	if hash, found, err := get[string](tx, "linkof/"+of); err != nil {
		return nil, err
	} else if found {
		keys = append(keys, "link/"+hash)
	}
	if c, found, err := tx.ClaimOf(id); err != nil {
		return nil, err
	} else if found {
		keys = append(keys, claimKey(c.Chat))
	}
	asked, err := tx.correctionKeys(of)
	if err != nil {
		return nil, err
	}
	keys = append(keys, asked...)
	for week, err := range tx.parts("prompts/") {
		if err != nil {
			return nil, err
		}
		keys = append(keys, promptsKey(week, id))
	}
	seen := map[record.Code]bool{}
	for _, post := range posts {
		for _, place := range []record.Code{post.Place, post.Place.County()} {
			if seen[place] {
				continue
			}
			seen[place] = true
			more, err := tx.workKeys(id, place)
			if err != nil {
				return nil, err
			}
			keys = append(keys, more...)
		}
	}
	return keys, nil
}

// workKeys are the keys under which work in a village, or at a county's sessions,
// may be recorded.
func (tx *Tx) workKeys(id record.PersonID, place record.Code) (keys []string, err error) {
	add := func(prefix string, to func(rest string) []string) {
		if err != nil {
			return
		}
		for e, scanErr := range tx.r.Scan(under(prefix)) {
			if err = scanErr; err != nil {
				return
			}
			keys = append(keys, to(string(e.Key[len(prefix):]))...)
		}
	}
	at := string(place)
	switch place.Level() {
	case record.Village:
		add("standof/"+at+"/", func(programme string) []string {
			return []string{"standing/" + programme + "/" + at, "constraint/" + programme + "/" + at}
		})
		add("turnof/"+at+"/", func(turn string) []string { return []string{"turn/" + turn + "/" + at} })
		add("requestof/"+at+"/", func(id string) []string { return []string{"leave/" + id, "swap/" + id} })
		add("duty/"+string(place.Parent())+"/", func(rest string) []string {
			return []string{"answer/" + lastOf(rest) + "/" + at, "branch/" + lastOf(rest) + "/" + at}
		})
	case record.County:
		add("day/"+at+"/", func(rest string) []string {
			return []string{"att/" + lastOf(rest) + "/" + string(id), "wait/" + lastOf(rest) + "/" + string(id)}
		})
		add("noteof/"+string(id)+"/", func(rest string) []string { return []string{"note/" + rest} })
		for _, key := range keys {
			if rest, note := strings.CutPrefix(key, "note/"); note {
				add("notepart/"+rest+"/", func(n string) []string { return []string{"notepart/" + rest + "/" + n} })
			}
		}
	}
	return keys, err
}

func (tx *Tx) keysOfGraduate(id record.GraduateID) ([]string, error) {
	keys := []string{"graduate/" + string(id), "reserve/" + string(id)}
	for _, p := range record.Purposes() {
		keys = append(keys, askedKey(id, p))
	}
	for other, err := range tx.parts("mergeof/" + string(id) + "/") {
		if err != nil {
			return nil, err
		}
		keys = append(keys, "merge/"+other)
	}
	list, err := tx.ReferralsOf(id)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		keys = append(keys, "referral/"+string(r.ID))
	}
	asked, err := tx.correctionKeys(string(id))
	return append(keys, asked...), err
}

func (tx *Tx) correctionKeys(subject string) (keys []string, err error) {
	for id, err := range tx.parts("correctof/" + subject + "/") {
		if err != nil {
			return nil, err
		}
		keys = append(keys, "correction/"+id)
	}
	return keys, nil
}

// Each reads everything that is stored, as far as the keys that are left can read
// it, in one View: for a search through all of it, on a copy.
func (s *Store) Each(ctx context.Context, fn func(Held) error) error {
	return s.View(ctx, func(tx *Tx) error {
		for e, err := range tx.r.Scan(kv.Range{}) {
			if err != nil {
				return err
			}
			key := string(e.Key)
			of, known := holdings()[topic(key)]
			if !known {
				return fmt.Errorf("storage: topic %s is not in the registry", topic(key))
			}
			v := reflect.New(reflect.TypeOf(of.Value))
			if err := s.decode(key, e.Value, v.Interface()); err != nil {
				return fmt.Errorf("storage: record %s: %w", of.Topic, err)
			}
			if err := fn(Held{of.Topic, strings.TrimPrefix(key, of.Topic+"/"), of.Use, v.Elem().Interface()}); err != nil {
				return err
			}
		}
		return nil
	})
}
