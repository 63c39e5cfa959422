package storage

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"headgoose/storage/record"
)

const marker = "鸣雁暗记"

// TestCanary writes a marker into every personal field of every type that is
// stored, about one person and one graduate, and looks for it: never in the bytes
// of the data; in what can be read, until they are forgotten; in what was on its
// way, until the keys of the weeks are gone.
func TestCanary(t *testing.T) {
	c, _ := ringCounty(t)
	id := c.people[0]
	c.do(func(tx *Tx) error { return tx.Appoint(id, record.Secretary, c.village(0), "2020") })
	g := c.graduate("毕业生 001")
	c.do(func(tx *Tx) error { return tx.EndPost(id, record.Secretary, c.village(0)) })

	filled := map[string]record.Use{}
	for _, h := range Registry() {
		v := reflect.New(reflect.TypeOf(h.Value)).Elem()
		if n := plant(v, id, g.ID, c.now, false); n == 0 {
			continue
		}
		key := h.Topic + "/" + marked(h.Topic, id, g.ID)
		c.do(func(tx *Tx) error { return put(tx, key, v.Interface()) })
		filled[key] = h.Use
	}
	if len(filled) < 20 {
		t.Fatalf("a marker in %d topics only: %v", len(filled), filled)
	}
	if bytes.Contains(raw(t, c.engine), []byte(marker)) {
		t.Error("the data shows a marker openly")
	}
	if seen := c.markers(); len(seen) != len(filled) {
		t.Fatalf("%d of %d markers can be read before anybody is forgotten: %v", len(seen), len(filled), seen)
	}
	backup := copyOf(t, c.engine)

	c.now = c.now.AddDate(0, record.RosterMonths, 1)
	c.do(func(tx *Tx) error { return tx.ForgetGraduate(g.ID) })
	c.do(func(tx *Tx) error { return tx.ForgetPerson(id) })
	for _, key := range c.markers() {
		if filled[key] != record.ChatUse && topic(key) != "draft" {
			t.Errorf("%s can still be read", key)
		}
	}
	for range 2 {
		if _, err := c.s.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if left := c.markers(); len(left) > 0 {
		t.Errorf("after the weeks' keys are gone: %v", left)
	}
	old := &county{t: t, s: c.s.On(backup)}
	if left := old.markers(); len(left) > 0 {
		t.Errorf("an old backup: %v", left)
	}
}

// marked is a key under which the record about the two stands: their own records
// where they have some.
func marked(topic string, id record.PersonID, g record.GraduateID) string {
	switch topic {
	case "person", "posts":
		return string(id)
	case "graduate", "reserve":
		return string(g)
	case "out", "outr", "correction":
		return "x"
	}
	return "x/x"
}

// markers are the keys whose record shows the marker to who has the keys.
func (c *county) markers() (keys []string) {
	c.t.Helper()
	err := c.s.Each(context.Background(), func(h Held) error {
		text, err := json.Marshal(h.Value)
		if err == nil && (bytes.Contains(text, []byte(marker)) || bytes.Contains(text, []byte(base64.StdEncoding.EncodeToString([]byte(marker))))) {
			keys = append(keys, h.Topic+"/"+h.Key)
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return keys
}

// plant fills a value: the marker into every text that is personal, the two into
// every id, a time into every time. It says how many markers it planted.
func plant(v reflect.Value, id record.PersonID, g record.GraduateID, now time.Time, personal bool) (planted int) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(now))
		return 0
	case record.PersonID:
		v.SetString(string(id))
		return 0
	case record.GraduateID:
		v.SetString(string(g))
		return 0
	}
	switch v.Kind() {
	case reflect.String:
		if personal {
			v.SetString(marker)
			return 1
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return plant(v.Elem(), id, g, now, personal)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			if personal {
				v.SetBytes([]byte(marker))
				return 1
			}
			return 0
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return plant(v.Index(0), id, g, now, personal)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		planted = plant(key, id, g, now, false) + plant(value, id, g, now, personal)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			tag := f.Tag.Get("personal")
			if f.Name == "Sealed" || f.Tag.Get("open") != "" || tag == "-" {
				continue
			}
			planted += plant(v.Field(i), id, g, now, personal || tag != "")
		}
	}
	return planted
}

func TestHeldAbout(t *testing.T) {
	c, _ := ringCounty(t)
	id := c.people[0]
	c.do(func(tx *Tx) error { return tx.Appoint(id, record.Secretary, c.village(0), "2020") })
	c.do(func(tx *Tx) error { return tx.Appoint(c.people[1], record.Secretary, c.village(1), "2020") })
	c.do(func(tx *Tx) error { return tx.Bind(id, 77, "zh") })
	g := c.graduate("毕业生 001")
	var about, other []Held
	err := c.s.View(t.Context(), func(tx *Tx) (err error) {
		if about, err = tx.HeldAbout(id, g.ID); err != nil {
			return err
		}
		other, err = tx.HeldAbout(c.people[1], "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	topics := func(list []Held) string {
		var all []string
		for _, h := range list {
			all = append(all, h.Topic)
		}
		return strings.Join(all, " ")
	}
	if got := topics(about); got != "person posts chat phone graduate" {
		t.Errorf("about the one: %s", got)
	}
	if got := topics(other); got != "person posts phone" {
		t.Errorf("about the other: %s", got)
	}
	if about[0].Value.(record.Person).Name != "书记 000" || about[4].Value.(record.Graduate).Name != "毕业生 001" {
		t.Error("the records cannot be read")
	}
}
