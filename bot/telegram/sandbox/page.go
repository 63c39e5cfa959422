package sandbox

import "net/http"

// Page configures the chat page.
type Page struct {
	Personas []Persona
}

// Persona is a person whom the page offers.
type Persona struct {
	User
}

type pageState struct{}

// AddPersona adds a person to the sandbox and to the page's picker.
func (s *Server) AddPersona(p Persona) { s.AddUser(p.User) }

func (s *Server) servePage(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }
