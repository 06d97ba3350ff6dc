package undo

import (
	"context"
	"encoding/json"
	"fmt"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/claim"
	"chatbridge/migrate/internal/forget"
	"chatbridge/migrate/internal/push"
)

// undoneService is one service on its way out.
type undoneService struct {
	*undo
	record migrate.ServiceRecord
	gone   bool // the target has no such service any more

	going   map[string]bool // conversations that are gone, or would be
	leaving map[string]bool // users, likewise
	back    map[string]bool // users and roles that were replaced

	users      map[string]state // of the target, by SID; read once
	rolesThere map[string]state
	inTarget   []conversations.Role
	bornWithIt map[string]bool // roles that the service was made with
}

func (s *undoneService) mark(set map[string]bool, sid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set[sid] = true
}

// run undoes one service. A service that goes takes its users and roles along,
// so they are not deleted one by one then.
func (s *undoneService) run(ctx context.Context) error {
	r := Removal{Kind: migrate.KindServices, SourceSID: s.record.SourceSID, TargetSID: s.record.TargetSID, Name: s.record.FriendlyName}
	if r.TargetSID == r.SourceSID {
		r.Fate, r.Reason = Keep, "it is the source service itself"
		s.report(r)
		return nil
	}
	var err error
	if _, err := s.Target.Configuration(ctx, s.record.TargetSID); migrate.KindOf(err) == migrate.NotFound && err != nil {
		s.gone = true
	} else if err != nil {
		return err
	}
	if err := s.claim(ctx); err != nil {
		return err
	}
	if err := s.lateServices(ctx); err != nil {
		return err
	}
	if err := s.conversations(ctx); err != nil {
		return err
	}
	if err := s.lateConversations(ctx); err != nil {
		return err
	}
	if ctx, err = s.looking(ctx); err != nil {
		return err
	}
	if err := s.look(ctx); err != nil {
		return err
	}
	reason, err := s.inhabited(ctx)
	if err != nil {
		return err
	}
	if reason != "" {
		return s.keep(ctx, r, reason)
	}
	if r.Fate = Delete; s.gone {
		r.Fate = Gone
	}
	goes, err := s.act(ctx, r,
		func() error {
			if err := s.leaveService(ctx); err != nil {
				return err
			}
			return s.Write.DeleteService(ctx, s.record.TargetSID)
		},
		func() error { return s.forget(context.WithoutCancel(ctx), r.Fate) })
	if err != nil || goes && s.Execute {
		return err
	}
	if !goes {
		return s.people(ctx)
	}
	return s.along(ctx, r.Fate)
}

// own reports whether the ledger made the service. What bears the stamp of a channel in it
// was made by a run on this ledger that was killed before it could note it, or by one that
// took this ledger for lost and went on with its work.
func (s *undoneService) own() bool { return s.record.Created && !s.record.Adopted }

// claim makes the service ours to delete from.
func (s *undoneService) claim(ctx context.Context) error {
	if s.gone {
		return nil
	}
	if !s.Execute {
		return claim.Tell(ctx, s.Target, s.record.TargetSID, s.set.Settle, s.tally.Observer, "undo --execute refuses until it has ended")
	}
	return s.claims.Take(ctx, s.record.TargetSID, s.record.SourceSID, func(notifications json.RawMessage) error {
		if len(s.record.Saved) > 0 {
			return nil
		}
		s.record.Saved = notifications
		return s.Record.PutService(ctx, s.record)
	})
}

// keep leaves the service and takes what it can out of it.
func (s *undoneService) keep(ctx context.Context, r Removal, reason string) error {
	r.Fate, r.Reason = Keep, reason
	s.report(r)
	return s.people(ctx)
}

func (s *undoneService) people(ctx context.Context) error {
	if err := s.restore(ctx); err != nil {
		return err
	}
	if err := s.giveBack(ctx); err != nil {
		return err
	}
	if err := s.removeUsers(ctx); err != nil {
		return err
	}
	if err := s.removeRoles(ctx); err != nil || !s.Execute {
		return err
	}
	return migrate.Fatal(forget.Attempts(ctx, s.Record, s.record.SourceSID))
}

// inhabited says why a service is kept; nothing where it goes.
func (s *undoneService) inhabited(ctx context.Context) (string, error) {
	if s.gone {
		return "", nil
	}
	if !s.record.Created {
		return "it was there before", nil
	}
	for c, err := range s.Target.Conversations(ctx, s.record.TargetSID) {
		if err != nil {
			return "", err
		}
		if !s.going[c.SID] {
			return fmt.Sprintf("conversation %s stays in it", c.SID), nil
		}
	}
	return s.strangers(ctx)
}

// along reports the users and roles that go with their service.
func (s *undoneService) along(ctx context.Context, fate Fate) error {
	for _, kind := range []migrate.EntityKind{migrate.UserEntity, migrate.RoleEntity} {
		for e, err := range s.Ledger.Entities(ctx, kind, s.record.SourceSID) {
			if err != nil {
				return migrate.Fatal(err)
			}
			s.report(removalOf(e, fate))
		}
	}
	return nil
}

// leaveService has the ledger know that a service is about to go.
func (s *undoneService) leaveService(ctx context.Context) error {
	rec := s.record
	rec.Stage = migrate.Leaving
	if err := s.Record.PutService(ctx, rec); err != nil {
		return migrate.Fatal(err)
	}
	return migrate.Fatal(s.Record.Sync(ctx))
}

func (s *undoneService) forget(ctx context.Context, fate Fate) error {
	return forget.Service(ctx, s.Record, s.record.SourceSID, func(e migrate.EntityRecord) {
		r := removalOf(e, fate)
		r.Done = fate == Delete
		s.report(r)
	})
}

// leavePerson has the ledger know that a user or a role is about to be deleted or given
// back: a later pass looks at it then.
func (s *undoneService) leavePerson(ctx context.Context, kind migrate.EntityKind, sourceSID string) error {
	rec, known, err := s.Ledger.Entity(ctx, kind, sourceSID)
	if err == nil && known {
		rec.DateUpdated = migrate.NotYet
		err = s.Record.PutEntity(ctx, rec)
	}
	if err == nil {
		err = s.Record.Sync(ctx)
	}
	return migrate.Fatal(err)
}

func removalOf(e migrate.EntityRecord, fate Fate) Removal {
	kind := map[migrate.EntityKind]string{migrate.UserEntity: migrate.KindUsers, migrate.RoleEntity: migrate.KindRoles}[e.Kind]
	r := Removal{Kind: kind, Fate: fate, SourceSID: e.SourceSID, TargetSID: e.TargetSID}
	if r.SourceSID == r.TargetSID {
		r.SourceSID = ""
	}
	return r
}

// restore gives a service that was there before its push notifications back,
// which a migration that was stopped had left off.
func (s *undoneService) restore(ctx context.Context) error {
	if !s.Execute || len(s.record.Saved) == 0 {
		return nil
	}
	if err := s.proceed(ctx); err != nil {
		return err
	}
	if err := push.RestoreNoted(ctx, s.Write, &s.record); err != nil {
		return err
	}
	if err := s.claims.Note(ctx, s.record.TargetSID, nil); err != nil {
		return err
	}
	return migrate.Fatal(s.Record.PutService(ctx, s.record))
}
