// Package forget has a ledger let go of what is gone from the target: after an undo, and
// in a migration that finds what an undo which was killed left.
package forget

import (
	"context"
	"errors"
	"time"

	"chatbridge/migrate"
)

// Channel leaves of a channel whose conversation is gone what a plan would put, and
// returns that. Its own record comes last: as long as it names a conversation, whoever
// comes next looks again.
func Channel(ctx context.Context, l migrate.Ledger, rec migrate.ChannelRecord) (migrate.ChannelRecord, error) {
	for m, err := range l.Entities(ctx, migrate.MemberEntity, rec.SourceSID) {
		if err == nil {
			err = l.ForgetEntity(ctx, migrate.MemberEntity, m.SourceSID)
		}
		if err != nil {
			return rec, err
		}
	}
	for f, err := range l.Files(ctx, rec.SourceSID) { // they went with their messages
		if err == nil {
			err = l.ForgetFile(ctx, rec.SourceSID, f.SourceIndex)
		}
		if err != nil {
			return rec, err
		}
	}
	if err := l.ForgetMessages(ctx, rec.SourceSID, migrate.All); err != nil {
		return rec, err
	}
	doubts, err := l.Doubts(ctx, rec.SourceSID)
	for _, d := range doubts {
		if err == nil && d.SourceIndex != migrate.NewConversation { // which may still land
			err = l.ForgetDoubt(ctx, rec.SourceSID, d.SourceIndex)
		}
	}
	if err != nil {
		return rec, err
	}
	if err := l.ForgetFindings(ctx, rec.SourceSID, ""); err != nil {
		return rec, err
	}
	rec.TargetSID, rec.Stage, rec.Adopted, rec.Messages, rec.Members = "", migrate.Planned, false, 0, 0
	rec.BornAt, rec.Alone, rec.Writing, rec.Listed, rec.Page = time.Time{}, false, false, migrate.Listed{}, migrate.Page{}
	return rec, l.PutChannel(ctx, rec)
}

// Service lets go of everything in a service that is gone, and of the service last.
// Each is told of the users and roles that went with it; it may be nil.
func Service(ctx context.Context, l migrate.Ledger, sourceSID string, each func(migrate.EntityRecord)) error {
	for c, err := range l.Channels(ctx, sourceSID) {
		if err == nil && c.TargetSID != "" {
			_, err = Channel(ctx, l, c)
		}
		if err != nil {
			return err
		}
	}
	for _, kind := range []migrate.EntityKind{migrate.UserEntity, migrate.RoleEntity} {
		for e, err := range l.Entities(ctx, kind, sourceSID) {
			if err == nil {
				err = Person(ctx, l, e)
			}
			if err != nil {
				return err
			}
			if each != nil {
				each(e)
			}
		}
	}
	for o, err := range l.Originals(ctx, sourceSID) {
		if err == nil {
			err = l.ForgetOriginal(ctx, o.Kind, o.TargetSID)
		}
		if err != nil {
			return err
		}
	}
	if err := Attempts(ctx, l, sourceSID); err != nil {
		return err
	}
	if err := l.ForgetFindings(ctx, sourceSID, ""); err != nil {
		return err
	}
	return l.ForgetService(ctx, sourceSID)
}

// Person lets go of a user or a role that is gone, and of what was lost of them.
func Person(ctx context.Context, l migrate.Ledger, e migrate.EntityRecord) error {
	return errors.Join(l.ForgetFindings(ctx, e.SourceSID, ""), l.ForgetEntity(ctx, e.Kind, e.SourceSID))
}

// Attempts lets go of the creates that were sent for a service: a later migration
// would take what somebody else made meanwhile for its own.
func Attempts(ctx context.Context, l migrate.Ledger, sourceSID string) error {
	for a, err := range l.Attempts(ctx, sourceSID) {
		if err == nil {
			err = l.ForgetAttempt(ctx, a.Kind, a.SourceSID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
