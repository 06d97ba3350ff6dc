package replay

import (
	"context"
	"errors"
	"iter"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// shelf is a target that holds conversations, and the source and the ledger beside it.
// What is named in broken breaks.
type shelf struct {
	migrate.Target
	holds    []conversations.Conversation
	messages int // in each
	people   int // in each
	broken   string
	reading  func() // called for each message that is read
	read     int    // messages and participants
	deleted  []string
	lanes    []reader // that read messages
}

// reader is who reads messages, and where.
type reader struct {
	ctx     context.Context
	service string
}

func (s *shelf) fail(name string) error {
	if s.broken == name {
		return errBroke
	}
	return nil
}

// some yields n of something, and counts them.
func some[T any](s *shelf, n int, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var one T
		if err != nil {
			yield(one, err)
			return
		}
		for range n {
			s.read++
			if !yield(one, nil) {
				return
			}
		}
	}
}

func each[T any](all []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range all {
			if !yield(one, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

func (s *shelf) Conversations(context.Context, string) iter.Seq2[conversations.Conversation, error] {
	return each(s.holds, s.fail("Conversations"))
}

func (s *shelf) Conversation(_ context.Context, _, name string) (conversations.Conversation, error) {
	for _, c := range s.holds {
		if (c.SID == name || c.UniqueName == name) && c.State != "deleted" {
			return c, s.fail("Conversation")
		}
	}
	return conversations.Conversation{}, &migrate.Error{Op: "read conversation", Kind: migrate.NotFound, SID: name, Err: errors.New("not there")}
}

func (s *shelf) Messages(ctx context.Context, service, _ string, _ bool) iter.Seq2[conversations.Message, error] {
	if s.reading != nil {
		s.reading()
	}
	s.lanes = append(s.lanes, reader{ctx, service})
	return some[conversations.Message](s, s.messages, s.fail("Messages"))
}

func (s *shelf) Participants(context.Context, string, string) iter.Seq2[conversations.Participant, error] {
	return some[conversations.Participant](s, s.people, s.fail("Participants"))
}

func (s *shelf) DeleteConversation(_ context.Context, _, sid string) error {
	s.deleted = append(s.deleted, sid)
	return nil
}

func shelfChannel() (c chat.Channel) {
	attributes := "{}"
	c.SID, c.ServiceSID, c.FriendlyName, c.Type, c.Attributes = "CH1", "IS1", "a", chat.PrivateChannel, &attributes
	c.DateCreated.Time = opened
	return c
}

type shelfSource struct {
	migrate.Source
	of *shelf
}

func (s shelfSource) Channel(context.Context, string, string) (chat.Channel, error) {
	return shelfChannel(), s.of.fail("source Channel")
}

// shelfLedger has one channel, whose conversation is CHtaken.
type shelfLedger struct {
	migrate.Ledger
	of *shelf
}

func (s shelfLedger) Services(context.Context) ([]migrate.ServiceRecord, error) {
	return []migrate.ServiceRecord{{SourceSID: "IS1", TargetSID: "ISt"}}, s.of.fail("Services")
}

func (s shelfLedger) Channels(context.Context, string) iter.Seq2[migrate.ChannelRecord, error] {
	return each([]migrate.ChannelRecord{{SourceSID: "CH1", TargetSID: "CHtaken"}}, s.of.fail("Channels"))
}

func (s shelfLedger) Channel(context.Context, string) (migrate.ChannelRecord, bool, error) {
	return migrate.ChannelRecord{SourceSID: "CH1", TargetSID: "CHtaken"}, true, s.of.fail("Channel")
}

func (s *shelf) stamps(drain <-chan struct{}) *stamps {
	r := newRun(&Migration{Source: shelfSource{of: s}, Target: s, Ledger: shelfLedger{of: s}, Drain: drain})
	r.Target = s // which nobody has to claim
	return newStamps(&service{run: r, source: chat.Service{SID: "IS1"}, target: "ISt"})
}
