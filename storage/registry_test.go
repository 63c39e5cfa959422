package storage

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"headgoose/storage/record"
)

// TestMain holds what the tests of this room wrote against the registry: a type
// that is stored and not declared fails.
func TestMain(m *testing.M) {
	code := m.Run()
	declared := map[reflect.Type]bool{}
	for _, h := range Registry() {
		declare(declared, reflect.TypeOf(h.Value))
	}
	for t := range sealPlans.Range {
		if !declared[t.(reflect.Type)] && !strings.Contains(t.(reflect.Type).String(), "storage.test") {
			fmt.Fprintf(os.Stderr, "%s is stored, but is not in the registry\n", t)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// declare adds a type with all in it.
func declare(into map[reflect.Type]bool, t reflect.Type) {
	if into[t] {
		return
	}
	into[t] = true
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer, reflect.Array:
		declare(into, t.Elem())
	case reflect.Map:
		declare(into, t.Key())
		declare(into, t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			declare(into, t.Field(i).Type)
		}
	}
}

func TestRegistryHasEveryTopic(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	stated := map[string]string{}
	_, keys, _ := strings.Cut(string(readme), "## Keys")
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+)/[^|]*\\| ([^|]+)\\|").FindAllStringSubmatch(keys, -1) {
		stated[m[1]] = m[2]
	}
	for _, h := range Registry() {
		what, found := stated[h.Topic]
		if !found {
			t.Errorf("%s is in the registry, but not in README.md", h.Topic)
		}
		delete(stated, h.Topic)
		typ := reflect.TypeOf(h.Value)
		name := strings.TrimPrefix(strings.ReplaceAll(typ.String(), "storage.", ""), "*")
		if typ.Kind() != reflect.Bool && typ.PkgPath() != "" && typ != reflect.TypeFor[time.Time]() && !strings.HasPrefix(what, name) {
			t.Errorf("%s holds a %s, README.md says %q", h.Topic, name, what)
		}
		if h.Use != record.NoUse && record.RuleOf(h.Use).Ground == "" {
			t.Errorf("%s: no rule for the use %q", h.Topic, h.Use)
		}
	}
	for topic := range stated {
		t.Errorf("%s is not in the registry", topic)
	}
}

// TestEveryTextIsDeclared looks through every stored type: a text that is free,
// not one of a list of values, is sealed, or is said to be about nobody, or is
// said to stand openly.
func TestEveryTextIsDeclared(t *testing.T) {
	seen := map[reflect.Type]bool{}
	for _, h := range Registry() {
		for _, fault := range undeclared(seen, reflect.TypeOf(h.Value), false) {
			t.Errorf("%s: %s", h.Topic, fault)
		}
	}
	for _, probe := range []any{struct{ Words string }{}, struct{ Words []string }{}, struct{ Raw []byte }{}, struct{ Chat int64 }{}, []struct{ M map[string]string }{}} {
		if undeclared(map[reflect.Type]bool{}, reflect.TypeOf(probe), false) == nil {
			t.Errorf("%T passes", probe)
		}
	}
}

// undeclared lists the fields of a type that are neither sealed nor declared.
func undeclared(seen map[reflect.Type]bool, t reflect.Type, covered bool) (faults []string) {
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer, reflect.Array:
		return undeclared(seen, t.Elem(), covered)
	case reflect.Map:
		return append(undeclared(seen, t.Key(), covered), undeclared(seen, t.Elem(), covered)...)
	case reflect.Struct:
	default:
		return nil
	}
	if covered || seen[t] || t == reflect.TypeFor[time.Time]() {
		return nil
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		personal, open := f.Tag.Get("personal"), f.Tag.Get("open")
		if f.Name == "Sealed" || slices.Contains(record.Categories(), record.Category(open)) {
			continue
		}
		if personal == "" && (freeText(f.Type) || f.Name == "Chat") {
			faults = append(faults, fmt.Sprintf("%s.%s is a text that is neither sealed nor declared", t, f.Name))
		}
		if personal != "" && personal != "-" && !slices.Contains(record.Categories(), record.Category(personal)) {
			faults = append(faults, fmt.Sprintf("%s.%s: no category %q", t, f.Name, personal))
		}
		faults = append(faults, undeclared(seen, f.Type, personal != "")...)
	}
	return faults
}

// freeText says whether a type holds text that anybody may choose: a plain
// string, bytes, or a list or map of them. A type with a name has its values.
func freeText(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String:
		return t.PkgPath() == ""
	case reflect.Slice, reflect.Array:
		return t.Elem().Kind() == reflect.Uint8 || freeText(t.Elem())
	case reflect.Pointer:
		return freeText(t.Elem())
	case reflect.Map:
		return freeText(t.Key()) || freeText(t.Elem())
	}
	return false
}
