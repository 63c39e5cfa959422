package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

const canary = "canary-6f1d2c"

// noCanary fails if a text shows a secret.
func noCanary(t testing.TB, what, text string) {
	t.Helper()
	if strings.Contains(text, canary) {
		t.Errorf("%s shows the secret: %s", what, text)
	}
}

func TestSecretNeverShows(t *testing.T) {
	type holder struct {
		Open   Secret
		hidden Secret
		Ptr    *Secret
	}
	s := NewSecret(canary)
	values := map[string]any{
		"itself":   s,
		"pointer":  &s,
		"struct":   holder{s, s, &s},
		"to it":    &holder{s, s, &s},
		"slice":    []Secret{s},
		"map":      map[string]Secret{"token": s},
		"map key":  map[Secret]int{s: 1},
		"config":   config{Telegram: telegramConfig{Token: s, Proxy: s, Webhook: webhookConfig{Secret: s}}},
		"error":    fmt.Errorf("with %v and %q", s, s),
		"any":      any(s),
		"embedded": struct{ Secret }{s},
	}
	for name, v := range values {
		t.Run(name, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%t", "% x"} {
				out := fmt.Sprintf(verb, v)
				noCanary(t, verb, out)
				noCanary(t, verb+" in hex", strings.ReplaceAll(strings.ToLower(out), fmt.Sprintf("%x", canary), canary))
			}
			if j, err := json.Marshal(v); err == nil {
				noCanary(t, "JSON", string(j))
			}
			if _, isError := v.(error); !isError {
				if y, err := yaml.Dump(v); err == nil {
					noCanary(t, "YAML", string(y))
				}
			}
			var log bytes.Buffer
			for _, h := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
				slog.New(h).With("with", v).Info("event", "value", v, slog.Group("group", "value", v))
			}
			noCanary(t, "a log", log.String())
		})
	}
	t.Run("a mask says that there is one", func(t *testing.T) {
		if got := fmt.Sprintf("%v|%v", s, Secret{}); got != "***|" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("the canary would be found", func(t *testing.T) {
		if got := fmt.Sprintf("%v", struct{ v string }{s.Reveal()}); !strings.Contains(got, canary) {
			t.Errorf("got %q", got)
		}
	})
}

func TestSecretExpand(t *testing.T) {
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"A": " one\n", "B": "${A}: [", "EMPTY": ""}[name]
		return v, ok
	}
	for _, c := range []struct {
		in, want string
		unset    []string
	}{
		{"plain", "plain", nil},
		{"${A}", "one", nil},
		{"http://u:${A}@h", "http://u: one\n@h", nil},
		{"${B}", "${A}: [", nil}, // not expanded again, not read as YAML
		{"${EMPTY}", "", nil},
		{"${MISSING}", "", []string{"MISSING"}},
		{"${MISSING}${A}${GONE}", "one", []string{"MISSING", "GONE"}},
		{"$A ${1} ${", "$A ${1} ${", nil},
	} {
		t.Run(c.in, func(t *testing.T) {
			s := NewSecret(c.in)
			unset := s.expand(env)
			if s.Reveal() != c.want || !slices.Equal(unset, c.unset) {
				t.Errorf("got %q, unset %q", s.Reveal(), unset)
			}
		})
	}
}
