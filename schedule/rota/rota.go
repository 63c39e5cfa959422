// Package rota plans the branches' turns at the bases. It is pure: everything
// it looks at is in a record.RotaInput, and the same input gives the same plan.
// A turn is moved on by what is closed, and nobody is skipped for it.
package rota
