package main

import (
	"reflect"
	"slices"
	"strings"
)

// plainWords says what the YAML library says without naming Go types and
// without quoting a value, which may be a secret in the wrong place.
func plainWords(message, path string) string {
	switch {
	case strings.Contains(message, "not found in type"):
		return "unknown key" + suggestion(path)
	case strings.Contains(message, "no documents in stream"):
		return "the file is empty: copy config.example.yaml and fill it in"
	case strings.Contains(message, "expected single document"), strings.Contains(message, "multiple documents"):
		return "the file has more than one document (a line ---)"
	case strings.HasPrefix(message, "cannot construct"):
		_, into, _ := strings.Cut(message, " into ")
		return "expected " + wanted(into)
	}
	return message
}

func wanted(goType string) string {
	switch {
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	case strings.HasPrefix(goType, "int"):
		return "a whole number"
	case strings.HasSuffix(goType, "onfig"):
		return "keys with their values below it"
	}
	return "a text"
}

// suggestion names the key that may be meant: one that differs by at most two
// letters at this place, or the same name elsewhere.
func suggestion(path string) string {
	dir, name := splitPath(path)
	best, distance := "", 3
	for _, known := range configKeys() {
		knownDir, knownName := splitPath(known)
		d := editDistance(name, knownName)
		switch {
		case knownDir == withoutIndexes(dir) && d < distance:
			best, distance = knownName, d
		case name == knownName && best == "":
			best = known
		}
	}
	if best == "" {
		return ""
	}
	return ", is " + best + " meant?"
}

func splitPath(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '.')
	return path[:max(0, i)], path[i+1:]
}

// withoutIndexes turns bases[3] into bases[].
func withoutIndexes(path string) string {
	var b strings.Builder
	inside := false
	for _, r := range path {
		if r == ']' {
			inside = false
		}
		if !inside {
			b.WriteRune(r)
		}
		if r == '[' {
			inside = true
		}
	}
	return b.String()
}

// editDistance is how many letters have to be put in, taken out or changed.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// configKeys lists the path of every key that the file may have; the elements
// of a list stand as bases[].
func configKeys() []string {
	var keys []string
	collectKeys(reflect.TypeFor[config](), "", &keys)
	slices.Sort(keys)
	return keys
}

func collectKeys(t reflect.Type, prefix string, keys *[]string) {
	for i := range t.NumField() {
		name, tagged := t.Field(i).Tag.Lookup("yaml")
		if !tagged || name == "-" {
			continue
		}
		path := strings.TrimPrefix(prefix+"."+name, ".")
		*keys = append(*keys, path)
		inner := t.Field(i).Type
		if inner.Kind() == reflect.Slice {
			inner, path = inner.Elem(), path+"[]"
		}
		if inner.Kind() == reflect.Struct {
			collectKeys(inner, path, keys)
		}
	}
}
