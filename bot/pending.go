package bot

import "headgoose/storage/record"

// Hooks whose owners are being written; each owner deletes its line here.

func (t *Turn) answerDialog(string) (bool, error)         { return false, nil } // form.go
func (t *Turn) cancel() error                             { return nil }        // form.go
func (t *Turn) lateReason() error                         { return nil }        // late.go, with form.go
func (t *Turn) registerByLink(record.Code) error          { return nil }        // register.go
func (t *Turn) lookup(string) (bool, error)               { return false, nil } // lookup.go
func (t *Turn) startFlow(string, map[string]string) error { return nil }        // form.go
