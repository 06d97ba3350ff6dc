package migrate

import (
	"cmp"
	"context"

	"chatbridge/mapping/conversations"
)

// mend is one repair. It may be done again.
type mend func(ctx context.Context, w *mender) error

func (s *verifiedService) mendRole(want conversations.Role) mend {
	return func(ctx context.Context, w *mender) error {
		if want.SID != "" {
			return w.target.SetRole(ctx, s.target, want)
		}
		_, err := w.target.AppendRole(ctx, s.target, want)
		return err
	}
}

func (s *verifiedService) mendUser(want conversations.User) mend {
	return func(ctx context.Context, w *mender) error {
		want.Attributes = explicit(want.Attributes)
		_, _, err := w.target.EnsureUser(ctx, s.target, want)
		return err
	}
}

func (s *verifiedService) mendDefaults(want conversations.Configuration) mend {
	return func(ctx context.Context, w *mender) error { return w.target.SetRoleDefaults(ctx, s.target, want) }
}

func (s *verifiedService) mendWebhooks(want conversations.Webhooks) mend {
	return func(ctx context.Context, w *mender) error { return w.target.SetWebhooks(ctx, s.target, want) }
}

// mendNotifications leaves them off as long as the repair goes on.
func (s *verifiedService) mendNotifications(want conversations.Notifications) mend {
	return func(_ context.Context, w *mender) error {
		w.restoreLater(s.target, want)
		return nil
	}
}

// pushes is the push configuration as it is without a repair going on.
func (s *verifiedService) pushes(have conversations.Notifications) conversations.Notifications {
	if s.mender == nil {
		return have
	}
	return s.mender.pushes(s.target, have)
}

func (s *verifiedService) mendConversation(f *channelFound) mend {
	return func(ctx context.Context, w *mender) error {
		want := f.want
		want.SID = f.target
		want.Attributes = explicit(want.Attributes)
		return w.target.SetConversation(ctx, s.target, want)
	}
}

// mendMember brings a participant, and how far they have read, to what it
// should be.
func (s *verifiedService) mendMember(f *channelFound, memberSID string, want conversations.Participant, h conversations.Horizon, read bool) mend {
	return func(ctx context.Context, w *mender) error {
		want.Attributes = explicit(want.Attributes)
		got, _, err := w.target.EnsureParticipant(ctx, s.target, f.target, want)
		if err != nil {
			return err
		}
		if read {
			if err := w.target.SetHorizon(ctx, s.target, f.target, got.SID, h); err != nil {
				return err
			}
		}
		if w.ledger == nil {
			return nil
		}
		rec, known, err := w.ledger.Entity(ctx, MemberEntity, memberSID)
		if err != nil || !known {
			return err
		}
		rec.TargetSID = got.SID
		return w.ledger.PutEntity(ctx, rec)
	}
}

// mendMessages says for each message what can be done: one with other fields is
// set right where it stands, and those missing at the end are appended. One
// that is missing before others cannot be put back, because a message only ever
// arrives at the end.
func (s *verifiedService) mendMessages(j *judge, f *channelFound) {
	clean := len(j.only) == 0 // nothing came after the tail that is missing
	for i := range f.differences {
		d := &f.differences[i]
		if d.Kind != KindMessages {
			continue
		}
		switch {
		case d.Class == Altered || d.Class == WrongAuthor || d.Class == WrongDate:
			d.mend = s.mendMessage(f, *d)
		case d.Class == Missing && d.Detail == "" && d.tail && clean:
			d.mend = s.mendTail(f, *d)
		}
	}
}

func (s *verifiedService) mendMessage(f *channelFound, d Difference) mend {
	return func(ctx context.Context, w *mender) error {
		want, err := s.wanted(ctx, f, d.at)
		if err != nil {
			return err
		}
		want.SID = d.TargetSID
		want.Attributes = explicit(want.Attributes)
		return w.target.SetMessage(ctx, s.target, f.target, want)
	}
}

func (s *verifiedService) mendTail(f *channelFound, d Difference) mend {
	return func(ctx context.Context, w *mender) error {
		want, err := s.wanted(ctx, f, d.at)
		if err != nil {
			return err
		}
		got, err := w.target.AppendMessage(ctx, s.target, f.target, want)
		if err != nil || w.ledger == nil {
			return err
		}
		return w.ledger.PutMessage(ctx, f.source, MessageRecord{SourceIndex: d.at, TargetIndex: got.Index, SourceSID: d.SourceSID, TargetSID: got.SID})
	}
}

// explicit names empty attributes, since what is not named stays as it is.
func explicit(attributes string) string { return cmp.Or(attributes, "{}") }

// wanted maps one message of the source again.
func (s *verifiedService) wanted(ctx context.Context, f *channelFound, index int64) (conversations.Message, error) {
	for m, err := range s.Source.Messages(ctx, s.source.SID, f.source, Span{After: index - 1}) {
		if err != nil {
			return conversations.Message{}, err
		}
		if m.Index != index {
			break
		}
		want, _ := s.set.Mapper.Message(m)
		want.DateCreated = dated(want.DateCreated, f.undated)
		return want, nil
	}
	return conversations.Message{}, &Error{Op: "read message again", Kind: NotFound, SID: f.source, Err: errGone}
}
