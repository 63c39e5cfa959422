// Package text says everything that the bot says, in Chinese and in English.
//
// A family of sentences is a pair of files, family.zh.yaml and family.en.yaml,
// with one key for a sentence and Go templates for what varies. Sentences are
// plain text: what a person typed can stand in them as it is. A test proves
// that both languages say everything that the code asks for, with the same
// arguments, and that every button fits a phone.
//
// Times and dates have one form in each language (when.go); refusals of
// storage/record are mapped to sentences in one place (refusal.go).
package text

import (
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
	"go.yaml.in/yaml/v4"
	"golang.org/x/text/language"
)

// Languages that the bot speaks, the first one by default.
var Languages = []string{"zh", "en"}

//go:embed *.yaml
var files embed.FS

// A holds the arguments of a sentence. N chooses the plural form where a
// sentence has several.
type A map[string]any

// Texts are all sentences in all languages. Safe for concurrent use.
type Texts struct {
	voices map[string]Voice
}

// Load reads the embedded sentences.
func Load() (*Texts, error) {
	bundle := i18n.NewBundle(language.Chinese)
	bundle.RegisterUnmarshalFunc("yaml", func(data []byte, v any) error { return yaml.Unmarshal(data, v) })
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := bundle.LoadMessageFileFS(files, name); err != nil {
			return nil, fmt.Errorf("text: %s: %w", name, err)
		}
	}
	t := &Texts{voices: map[string]Voice{}}
	for _, lang := range Languages {
		t.voices[lang] = Voice{Lang: lang, localizer: i18n.NewLocalizer(bundle, lang)}
	}
	return t, nil
}

// In is the voice of a language; of the first one where it is not spoken.
func (t *Texts) In(lang string) Voice {
	if v, ok := t.voices[lang]; ok {
		return v
	}
	return t.voices[Languages[0]]
}

// Match reads a BCP 47 tag as one of Languages; "" where it is none of them.
func Match(tag string) string {
	for _, lang := range Languages {
		if len(tag) >= len(lang) && tag[:len(lang)] == lang {
			return lang
		}
	}
	return ""
}

// Voice says sentences in one language.
type Voice struct {
	Lang      string
	localizer *i18n.Localizer
}

// strict makes a missing argument an error instead of "<no value>".
var strict = &template.TextParser{Option: "missingkey=error"}

// Say says the sentence of a key. A sentence that cannot be said shows its
// key, so that a conversation does not end over it, and is logged.
func (v Voice) Say(key string, args ...A) string {
	s, err := v.Try(key, args...)
	if err != nil {
		slog.Error("text: sentence cannot be said", "key", key, "lang", v.Lang, "err", err)
		return "⟦" + key + "⟧"
	}
	return s
}

// Try is Say that tells what is wrong.
func (v Voice) Try(key string, args ...A) (string, error) {
	c := i18n.LocalizeConfig{MessageID: key, TemplateParser: strict}
	if len(args) > 0 {
		c.TemplateData = map[string]any(args[0])
		if n, ok := args[0]["N"]; ok {
			c.PluralCount = n
		}
	}
	said, err := v.localizer.Localize(&c)
	if err != nil && c.PluralCount != nil {
		// A sentence of one form says every number with it.
		c.PluralCount = nil
		return v.localizer.Localize(&c)
	}
	return said, err
}
