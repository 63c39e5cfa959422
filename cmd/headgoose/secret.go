package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

const masked = "***"

// Secret is a configured value that no print, log line or encoding shows. It
// keeps its text behind a pointer, so that not even a dump of a struct that
// holds it in an unexported field follows it there.
type Secret struct{ value *string }

// NewSecret hides a text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal is the text itself, for the one call that needs it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero says whether there is nothing to hide.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

func (s Secret) mask() string {
	if s.IsZero() {
		return ""
	}
	return masked
}

func (s Secret) String() string { return s.mask() }

// Format implements fmt.Formatter, so that every verb is masked.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.mask()) }

// MarshalText implements encoding.TextMarshaler, for JSON and XML too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.mask()), nil }

// MarshalYAML implements yaml.Marshaler.
func (s Secret) MarshalYAML() (any, error) { return s.mask(), nil }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.mask()) }

// UnmarshalYAML takes the text as it stands. Variables are put in later, by
// expand, so that a value from the environment is never read as YAML.
func (s *Secret) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return errors.New("expected a text")
	}
	*s = NewSecret(strings.TrimSpace(n.Value))
	return nil
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand puts the values of ${VAR} in, and lists the variables that are not
// set; their place stays empty.
func (s *Secret) expand(lookup func(string) (string, bool)) (unset []string) {
	text := variable.ReplaceAllStringFunc(s.Reveal(), func(ref string) string {
		name := variable.FindStringSubmatch(ref)[1]
		value, ok := lookup(name)
		if !ok {
			unset = append(unset, name)
		}
		return value
	})
	*s = NewSecret(strings.TrimSpace(text))
	return unset
}
