package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
)

// openService finds or creates the target of a source service.
func (r *run) openService(ctx context.Context, src chat.Service) (*service, error) {
	s := &service{run: r, source: src}
	made := false
	s.users, s.muting, s.stamps = newUsers(s), drain.NewLatch(), newStamps(s)
	r.tally.Seen(migrate.KindServices, 1)
	want, found := r.set.Mapper.Service(src)
	r.findings.Add(found)
	rec, known, err := r.Ledger.Service(ctx, src.SID)
	if err != nil {
		return nil, err
	}
	if !known {
		rec = migrate.ServiceRecord{SourceSID: src.SID, FriendlyName: mapping.Readable(src.FriendlyName)}
	}
	switch {
	case rec.TargetSID != "":
		r.tally.Existing(migrate.KindServices, 1)
	case r.set.ToService != "":
		if err := r.checkToService(ctx, src.SID); err != nil {
			return nil, err
		}
		rec.TargetSID = r.set.ToService
		r.tally.Existing(migrate.KindServices, 1)
	default:
		if err := s.create(ctx, &rec, want.FriendlyName, known); err != nil {
			return nil, err
		}
		made = true
	}
	if err := r.Ledger.PutService(ctx, rec); err != nil {
		return nil, err
	}
	s.target, s.record, s.made, s.adopted = rec.TargetSID, rec, rec.Created, rec.Adopted
	if err := s.claim(ctx, made, want.FriendlyName); err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.services = append(r.services, migrate.SummaryService{SourceSID: src.SID, TargetSID: rec.TargetSID, FriendlyName: src.FriendlyName})
	r.mu.Unlock()
	return s, nil
}

// checkToService refuses a target that is not there, and one that is the source
// itself: names would collide, and people would see their history twice.
func (r *run) checkToService(ctx context.Context, sourceSID string) error {
	if r.set.ToService == sourceSID {
		return &migrate.Error{
			Op: "select target service", Kind: migrate.Usage, SID: sourceSID,
			Err:  errors.New("the target is the source service itself"),
			Hint: "leave out --to-service to create a new one",
		}
	}
	for t, err := range r.Target.Services(ctx) {
		if err != nil {
			return err
		}
		if t.SID == r.set.ToService {
			return nil
		}
	}
	return &migrate.Error{
		Op: "select target service", Kind: migrate.NotFound, SID: r.set.ToService,
		Err:  errors.New("the target account has no such Conversations service"),
		Hint: "leave out --to-service to create a new one",
	}
}

// create makes the target service. A service has no natural key, so before the
// create the ledger notes which services of that name there are: after a crash,
// or when no answer came, ours is the one that is not among them. Without that
// note, a service whose conversations bear our stamp is ours.
func (s *service) create(ctx context.Context, rec *migrate.ServiceRecord, name string, noted bool) error {
	if _, found := s.set.Mapper.Service(s.source); mapping.Blocked(found) {
		return migrate.BlockedError("map service", s.source.SID, found)
	}
	same, err := s.servicesNamed(ctx, name)
	if err != nil {
		return err
	}
	if noted {
		if err := s.wait(ctx, time.Until(s.settledAt)); err != nil {
			return err
		}
		if found, err := s.recognize(ctx, rec, name); found || err != nil {
			return err
		}
	} else {
		for _, sid := range same {
			ours, err := s.bearsStamp(ctx, sid)
			if err != nil {
				return err
			}
			if ours {
				s.event(migrate.Notice, "adopted the service that bears our stamp", migrate.KeyService, sid)
				rec.TargetSID, rec.Created, rec.Adopted = sid, true, true
				s.tally.Existing(migrate.KindServices, 1)
				return nil
			}
			if err := s.claims.Quiet(ctx, sid, s.source.SID); err != nil {
				return err
			}
		}
		rec.Before = same
		if err := s.Ledger.PutService(ctx, *rec); err != nil {
			return err
		}
	}
	want, _ := s.set.Mapper.Service(s.source)
	for range attempts {
		if err := s.proceed(ctx); err != nil {
			return err
		}
		made, err := s.Target.AppendService(ctx, want)
		if err == nil {
			rec.TargetSID, rec.Created, s.fresh = made.SID, true, true
			s.tally.Written(migrate.KindServices, 1)
			return nil
		}
		switch migrate.KindOf(err) {
		case migrate.InDoubt:
			if err := s.wait(ctx, s.set.Settle); err != nil {
				return err
			}
		case migrate.Contended:
		default:
			return err
		}
		if found, err := s.recognize(ctx, rec, name); found || err != nil {
			return err
		}
	}
	return &migrate.Error{Op: "create service", Kind: migrate.Unavailable, SID: s.source.SID, Err: errors.New("no answer, and nothing was created"), Hint: "run the same command again to resume"}
}

// recognize finds the service that an unconfirmed create made.
func (s *service) recognize(ctx context.Context, rec *migrate.ServiceRecord, name string) (bool, error) {
	same, err := s.servicesNamed(ctx, name)
	if err != nil {
		return false, err
	}
	bound, err := s.Ledger.Services(ctx)
	if err != nil {
		return false, err
	}
	same = slices.DeleteFunc(same, func(sid string) bool {
		return slices.Contains(rec.Before, sid) ||
			slices.ContainsFunc(bound, func(b migrate.ServiceRecord) bool { return b.TargetSID == sid })
	})
	switch len(same) {
	case 0:
		return false, nil
	case 1:
		rec.TargetSID, rec.Created = same[0], true
		s.tally.Written(migrate.KindServices, 1)
		return true, nil
	default:
		return false, &migrate.Error{
			Op: "create service", Kind: migrate.Usage, SID: s.source.SID,
			Err:  fmt.Errorf("%d services named %s appeared in the target while its creation was not confirmed: %v", len(same), chat.Excerpt(name), same),
			Hint: "delete those that are empty in the Twilio Console, or name the right one with --to-service",
		}
	}
}

func (s *service) servicesNamed(ctx context.Context, name string) ([]string, error) {
	var sids []string
	for t, err := range s.Target.Services(ctx) {
		if err != nil {
			return nil, err
		}
		if t.FriendlyName == name && t.SID != s.source.SID {
			sids = append(sids, t.SID)
		}
	}
	return sids, nil
}

// bearsStamp reports whether a conversation in the target service came from our
// source service.
func (s *service) bearsStamp(ctx context.Context, targetSID string) (bool, error) {
	for c, err := range s.Target.Conversations(ctx, targetSID) {
		if err != nil {
			return false, err
		}
		if stamp, ok := mapping.ReadStamp(c.Attributes); ok && stamp.ServiceSID == s.source.SID {
			return true, nil
		}
	}
	return false, nil
}

// attempts is how often a write without a confirmed outcome is made anew before
// its lane stops. Each is preceded by a settle time and a look at the target.
const attempts = 5
