package sandbox

import (
	"context"
	"fmt"
	"time"
)

// pageAction is something that a hand on the page does.
type pageAction func(s *Server, ctx context.Context, r pageRequest) (any, error)

// pageActions are the POSTs below /sandbox/.
var pageActions = map[string]pageAction{
	"say": func(s *Server, _ context.Context, r pageRequest) (any, error) {
		return done(s.Say(r.User, r.Text))
	},
	"open": func(s *Server, _ context.Context, r pageRequest) (any, error) {
		return done(s.OpenLink(r.User, r.Payload))
	},
	"press": func(s *Server, _ context.Context, r pageRequest) (any, error) {
		id, err := s.Press(r.User, r.Chat, r.Message, r.Row, r.Col)
		return map[string]string{"press": id}, err
	},
	"contact": shareByPage,
	"file": func(s *Server, _ context.Context, r pageRequest) (any, error) {
		return done(s.SendFile(r.User, r.Name, r.Body))
	},
	"block": func(s *Server, _ context.Context, r pageRequest) (any, error) {
		if r.On {
			return nil, s.Block(r.User)
		}
		return nil, s.Unblock(r.User)
	},
	"deactivate": func(s *Server, _ context.Context, r pageRequest) (any, error) {
		return nil, s.Deactivate(r.User)
	},
	"clock":   moveClock,
	"fault":   faultByPage,
	"updates": spoilUpdates,
	"unfault": func(s *Server, _ context.Context, r pageRequest) (any, error) {
		defer s.changes.announce()
		if r.ID == 0 {
			s.ClearFaults()
		} else {
			s.RemoveFault(FaultID(r.ID))
		}
		return nil, nil
	},
}

func done(_ int64, err error) (any, error) { return nil, err }

// shareByPage sends the own card, another person's, or the own one of another
// person forwarded: the two that a bot must not believe.
func shareByPage(s *Server, _ context.Context, r pageRequest) (any, error) {
	if r.Kind == "own" {
		return done(s.ShareContact(r.User))
	}
	other := s.chats.get(r.Chat)
	if other == nil || other.group {
		return nil, ErrUnknown
	}
	other.mu.Lock()
	card := Card{Phone: other.user.Phone, Name: other.user.Name, UserID: other.id}
	other.mu.Unlock()
	switch r.Kind {
	case "other":
		return done(s.ShareCard(r.User, card))
	case "forwarded":
		return done(s.ForwardCard(r.User, r.Chat, card))
	}
	return nil, fmt.Errorf("%w: card %q", ErrUnknown, r.Kind)
}

// moveClock advances by at most a day at a time, so that a page's mistake
// cannot throw the clock years ahead.
func moveClock(s *Server, ctx context.Context, r pageRequest) (any, error) {
	defer func() { s.changes.bump(); s.changes.announce() }()
	if r.Kind == "real" && s.opt.Page.RealTime != nil {
		return nil, s.opt.Page.RealTime(ctx)
	}
	d := time.Duration(r.Seconds) * time.Second
	if s.opt.Page.Advance == nil || d <= 0 || d > 24*time.Hour {
		return nil, fmt.Errorf("%w: the clock moves on by one second to one day", ErrCannot)
	}
	return nil, s.opt.Page.Advance(ctx, d)
}

func faultByPage(s *Server, _ context.Context, r pageRequest) (any, error) {
	defer s.changes.announce()
	for _, k := range FaultKinds {
		if string(k) == r.Kind {
			pause := time.Duration(r.Seconds) * time.Second
			id := s.AddFault(Fault{
				Method: r.Method, Kind: k, Times: r.Times, Every: r.Every, Probability: r.Probability,
				RetryAfter: pause, Delay: pause,
			})
			return map[string]FaultID{"id": id}, nil
		}
	}
	return nil, fmt.Errorf("%w: fault %q", ErrUnknown, r.Kind)
}

// spoilUpdates are the faults of what the bot receives.
func spoilUpdates(s *Server, _ context.Context, r pageRequest) (any, error) {
	defer s.changes.announce()
	n := max(r.Times, 1)
	switch r.Kind {
	case "duplicate":
		s.DuplicateUpdates(n)
	case "reorder":
		s.ReorderUpdates(n)
	case "poller":
		s.SecondPoller(n)
	case "undecodable":
		return nil, s.InjectUpdate(`{"message":{"message_id":"not a number","chat":[],"date":null}}`)
	default:
		return nil, fmt.Errorf("%w: %q", ErrUnknown, r.Kind)
	}
	return nil, nil
}
