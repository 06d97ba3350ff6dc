package verify

import (
	"cmp"
	"context"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// carryOut brings one difference back.
func (r *repair) carryOut(ctx context.Context, one fix) error {
	switch f := one.(type) {
	case roleFix:
		if f.want.SID != "" {
			if err := r.target.SetRole(ctx, f.service, f.want); err != nil {
				return err
			}
			return r.noteDigest(ctx, migrate.RoleEntity, f.want.SID, origin.DigestRole(f.want))
		}
		return r.bringRole(ctx, f)
	case userFix:
		return r.bringUser(ctx, f)
	case defaultsFix:
		return r.target.SetRoleDefaults(ctx, f.service, f.want)
	case webhooksFix:
		return r.target.SetWebhooks(ctx, f.service, f.want)
	case notificationsFix:
		r.muted.Instead(f.service, f.want)
		return nil
	case conversationFix:
		f.want.Attributes = mapping.ExplicitAttributes(f.want.Attributes)
		return r.target.SetConversation(ctx, f.service, f.want)
	case memberFix:
		return r.bringMember(ctx, f)
	case messageFix:
		return r.bringMessage(ctx, f)
	case levelFix:
		err := r.target.SetNotificationLevel(ctx, f.service, f.user.TargetSID, f.channel.TargetSID, f.level)
		if err != nil || r.ledger == nil {
			return err
		}
		return migrate.NoteLevel(ctx, r.ledger, migrate.LevelRecord(f.user, f.channel), f.level == conversations.NotificationsMuted)
	}
	return errCannot
}

// bringRole creates a role. As in a migration, the ledger knows of the create before it is
// sent, and lets go of it after it has the role.
func (r *repair) bringRole(ctx context.Context, f roleFix) error {
	a := f.attempt
	a.Sent = origin.DigestRole(f.want)
	a.Unanswered++
	if err := r.noteAttempt(ctx, a); err != nil {
		return err
	}
	made, err := r.target.AppendRole(ctx, f.service, f.want)
	if migrate.KindOf(err) == migrate.InDoubt {
		return err
	}
	a.Unanswered--
	if err == nil {
		*f.made = made
		f.record.TargetSID, f.record.Digest = made.SID, origin.DigestRole(made)
		if r.ledger != nil {
			if err := r.ledger.PutEntity(context.WithoutCancel(ctx), f.record); err != nil {
				return err
			}
		}
	}
	return cmp.Or(err, r.noteAttempt(context.WithoutCancel(ctx), a))
}

func (r *repair) noteAttempt(ctx context.Context, a migrate.Attempt) error {
	switch {
	case r.ledger == nil:
		return nil
	case a.Unanswered > 0:
		return r.ledger.PutAttempt(ctx, a)
	default:
		return r.ledger.ForgetAttempt(ctx, a.Kind, a.SourceSID)
	}
}

func (r *repair) bringUser(ctx context.Context, f userFix) error {
	if f.want.SID == "" {
		got, change, err := r.target.EnsureUser(ctx, f.service, f.want)
		if err != nil || change != migrate.Created || r.ledger == nil {
			return err
		}
		f.record.TargetSID, f.record.Digest = got.SID, origin.DigestUser(got)
		return r.ledger.PutEntity(context.WithoutCancel(ctx), f.record)
	}
	got, err := r.target.SetUser(ctx, f.service, f.want)
	if err != nil {
		return err
	}
	return r.noteDigest(ctx, migrate.UserEntity, got.SID, origin.DigestUser(got))
}

// noteDigest has the ledger know how a role or a user was left, so that this is
// not taken for a change by somebody else.
func (r *repair) noteDigest(ctx context.Context, kind migrate.EntityKind, targetSID string, digest int64) error {
	if r.ledger == nil {
		return nil
	}
	pairs, err := r.ledger.Lookup(ctx, targetSID)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		rec, known, err := r.ledger.Entity(ctx, kind, cmp.Or(p.SourceSID, p.TargetSID))
		if err != nil {
			return err
		}
		if !known || rec.Digest == 0 {
			continue
		}
		rec.Digest = digest
		if err := r.ledger.PutEntity(ctx, rec); err != nil {
			return err
		}
	}
	return nil
}

func (r *repair) bringMember(ctx context.Context, f memberFix) error {
	f.want.Attributes = mapping.ExplicitAttributes(f.want.Attributes)
	theirs := false
	got, _, err := r.target.EnsureParticipant(ctx, f.service, f.conversation, f.want, func(there conversations.Participant) bool {
		theirs = f.kept && len(origin.Member(f.want, there)) > 0
		return theirs
	})
	if err != nil {
		return err
	}
	if f.horizon != nil && further(*f.horizon, got.LastReadMessageIndex) {
		h := *f.horizon
		if theirs {
			h.DateUpdated = got.DateUpdated // the only evidence that somebody changed them
		}
		if err := r.target.SetHorizon(ctx, f.service, f.conversation, got.SID, h); err != nil {
			return err
		}
	}
	if r.ledger == nil {
		return nil
	}
	rec, known, err := r.ledger.Entity(ctx, migrate.MemberEntity, f.memberSID)
	if err != nil || !known {
		return err
	}
	rec.TargetSID, rec.Kept = got.SID, theirs
	return r.ledger.PutEntity(ctx, rec)
}

func (r *repair) bringMessage(ctx context.Context, f messageFix) error {
	if f.targetSID == "" {
		return r.bringTail(ctx, f)
	}
	want, err := r.wanted(ctx, f)
	if err != nil {
		return err
	}
	want.SID = f.targetSID
	return r.target.SetMessage(ctx, f.service, f.conversation, mapping.MessageUpdate(want))
}

// bringTail has a message that is missing at the end brought back, and all that
// follow it: the first one of a pass takes them along. If that ended early, what
// it did not bring stays missing, because nothing may come before its turn.
func (r *repair) bringTail(ctx context.Context, f messageFix) error {
	if r.torn[f.conversation] {
		return errBehind
	}
	if r.whole[f.conversation] {
		return nil
	}
	if r.bring == nil {
		return errCannot
	}
	err := r.forgetTail(ctx, f)
	if err == nil {
		t := *f.tail
		t.After, t.Target = f.index-1, r.target
		t.Mute = func(ctx context.Context) error { return r.muted.Mute(ctx, f.service) }
		err = r.bring(ctx, t)
	}
	r.torn[f.conversation], r.whole[f.conversation] = err != nil, err == nil
	return err
}

// forgetTail has the ledger forget what is gone, once the target has denied each
// message of it by its SID: a list may lack what is there. The file of a message that
// is gone belongs to it, whatever the service says when it is sent again.
func (r *repair) forgetTail(ctx context.Context, f messageFix) error {
	if r.ledger == nil {
		return nil
	}
	for m, err := range r.ledger.Messages(ctx, f.channel, f.index-1) {
		if err != nil {
			return err
		}
		_, err := r.target.Message(ctx, f.service, f.conversation, m.TargetSID)
		switch {
		case err == nil:
			return &migrate.Error{
				Op: "bring back message", Kind: migrate.Unavailable, SID: m.TargetSID, Err: errShown,
				Hint: "run the same command again",
			}
		case migrate.KindOf(err) != migrate.NotFound:
			return err
		}
		if err := r.ledger.ForgetFile(ctx, f.channel, m.SourceIndex); err != nil {
			return err
		}
	}
	return r.ledger.ForgetMessages(ctx, f.channel, f.index-1)
}

// wanted reads one message of the source again, and maps it.
func (r *repair) wanted(ctx context.Context, f messageFix) (conversations.Message, error) {
	for m, err := range r.source.Messages(ctx, f.sourceService, f.channel, migrate.Span{After: f.index - 1}) {
		if err != nil {
			return conversations.Message{}, err
		}
		if m.Index != f.index {
			break
		}
		want, _ := r.mapper.Message(m, time.Unix(f.dated, 0).UTC())
		return want, nil
	}
	return conversations.Message{}, &migrate.Error{Op: "read message again", Kind: migrate.NotFound, SID: f.channel, Err: errGone}
}

// further reports whether a horizon is not behind what the participant has read:
// a repair sets none back.
func further(h conversations.Horizon, at *int64) bool {
	now, moves := origin.Horizon(h.LastReadMessageIndex, at)
	return moves || now == h.LastReadMessageIndex
}
