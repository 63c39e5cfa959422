package bot

import (
	"slices"

	"headgoose/storage/record"
)

// command is one entry of the table.
type command struct {
	name  string   // as typed behind the slash, and the first word of a button's line
	words []string // as typed alone or before arguments, in Chinese or English
	// roles that may use it at all, record.Alumnus for graduates with an own
	// record; nil: everybody who is registered. What it is done to is checked
	// by the handler, on the object.
	roles  []record.Role
	open   bool // also for people who are not registered
	groups bool // also in groups, where no person's data is said
	hidden bool // only behind buttons
	// keepsForm: an open form stays open beside it; any other command parks it.
	keepsForm bool
	run       func(*Turn) error
}

var (
	officers = []record.Role{record.CountyOfficer, record.TownshipOfficer}
	keepers  = []record.Role{record.CountyOfficer, record.TownshipOfficer, record.Host}
	branch   = []record.Role{record.CountyOfficer, record.TownshipOfficer, record.Secretary}
)

// table is the one table of commands, a family after the other. The help text
// of a command that is not hidden is help.<name> in bot/text.
func (b *Bot) table() []command {
	var all []command
	for _, family := range [][]command{
		homeCommands(), formCommands(), enrolCommands(), checkinCommands(), registerCommands(), graduateCommands(), vouchCommands(), mergeCommands(), reserveCommands(), referCommands(), factCommands(), screeningCommands(), hostCommands(), rollCommands(), rotaCommands(), cycleCommands(), calendarCommands(), planCommands(), seatCommands(), dutyCommands(), silentCommands(), burdenCommands(), leaveCommands(), swapCommands(), noteCommands(), importCommands(), exportCommands(),
		statusCommands(), auditCommands(), privacyCommands(), consentCommands(), mydataCommands(), fixCommands(), personCommands(), peopleCommands(), scheduleCommands(),
	} {
		all = append(all, family...)
	}
	return all
}

func (b *Bot) buildCommands() {
	b.commands, b.words = map[string]*command{}, map[string]*command{}
	for _, c := range b.table() {
		b.commands[c.name] = &c
		for _, w := range c.words {
			b.words[w] = &c
		}
	}
}

// may says whether the person may use the command at all.
func (c *command) may(t *Turn) bool {
	if c.open {
		return true
	}
	if !t.Known || c.roles == nil || t.Actor.Has(c.roles...) {
		return t.Known
	}
	return slices.Contains(c.roles, record.Alumnus) && t.isAlumnus()
}
