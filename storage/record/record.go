// Package record is the domain: what the office keeps, in the office's words,
// and the rules of what may be kept. It knows no clock, no database and no
// language: times are given to it, storage keeps it, bot/text says it.
//
// A file is a noun: places (place.go), people and their posts (person.go),
// sessions and attendance (session.go, attendance.go), rotation training
// (rotation.go) with its study notes (note.go), the rota of the bases
// (rota.go), the county's calendar (calendar.go), leave and swaps (request.go),
// what people answer before a duty (answer.go), graduates (graduate.go), what is to be sent (outbox.go), questions that stay open
// (dialog.go). Who may do what to whom is one table (allow.go). A refusal is
// one of the errors of errors.go.
//
// Field names in JSON are the stored format: they never change.
package record
