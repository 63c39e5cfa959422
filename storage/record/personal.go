package record

import "time"

// Sealed is a record with fields about a person. Such a field carries a tag
//
//	personal:"name"
//
// with its category (see Categories); it is sealed when it is stored, under the
// key that Seal names. The record also has a field
//
//	Sealed []byte `json:"sealed,omitzero"`
//
// which holds them while they are stored and is empty otherwise.
//
// Any other free text in what is stored says what it is: personal:"-" where it is
// about nobody (names of places, titles, ids, keys of texts), open:"contact" with
// a category where it concerns a person and has to stand openly, as an index or as
// an office's own number. A test of storage refuses a text that says nothing.
type Sealed interface {
	Seal() SealKey
}

// SealKey names the key under which a record's personal fields are sealed: the
// key of the person or of the graduate whom it is about, or, for what only
// passes through (an open form, a message on its way), the key of the week.
// With the key, everything that it sealed becomes unreadable. A row that names
// no key is sealed under the one of the record that it is in. Nobody: the words
// are about nobody, and are not sealed.
type SealKey struct {
	Person   PersonID
	Graduate GraduateID
	Week     time.Time
	Nobody   bool
}

// about is the key of a person where there is one, else nobody's.
func about(id PersonID) SealKey { return SealKey{Person: id, Nobody: id == ""} }

// Category is a kind of personal data, with one rule for all its fields.
type Category string

// The categories.
const (
	NameData       Category = "name"       // what somebody is called
	ContactData    Category = "contact"    // numbers by which somebody is reached
	BackgroundData Category = "background" // birth year, education, school
	OutlookData    Category = "outlook"    // employment and willingness to return
	AccountData    Category = "account"    // the chat account and how it is spoken to
	WordsData      Category = "words"      // what somebody wrote, or was written about somebody
)

// Categories lists them.
func Categories() []Category {
	return []Category{NameData, ContactData, BackgroundData, OutlookData, AccountData, WordsData}
}

// Seal is the key of the person, or the one that has taken its place.
func (p Person) Seal() SealKey {
	if p.SealedBy != "" {
		return SealKey{Person: p.SealedBy}
	}
	return SealKey{Person: p.ID}
}

// Seal is the key of the graduate.
func (g Graduate) Seal() SealKey { return SealKey{Graduate: g.ID} }
