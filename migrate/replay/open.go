package replay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/internal/forget"
	"chatbridge/migrate/origin"
)

// openService finds or creates the target of a source service.
func (r *run) openService(ctx context.Context, src chat.Service) (_ *service, err error) {
	s := &service{run: r, source: src}
	made := false
	s.users, s.muting, s.stamps = newUsers(s), drain.NewLatch(), newStamps(s)
	s.ceilings.Latch = drain.NewLatch()
	s.readEarly(ctx)
	defer func() {
		if err != nil {
			s.early.stop()
		}
	}()
	r.tally.Seen(migrate.KindServices, 1)
	want, found := r.set.Mapper.Service(src)
	r.findings.Add(found)
	if mapping.Blocked(found) {
		return nil, migrate.BlockedError("map service", src.SID, found)
	}
	rec, known, err := r.Ledger.Service(ctx, src.SID)
	if err != nil {
		return nil, err
	}
	if rec.Stage == migrate.Leaving {
		if known, err = r.afterUndo(ctx, &rec); err != nil {
			return nil, err
		}
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
		return nil, s.whetherGone(ctx, err)
	}
	if err := s.noteLost(ctx); err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.services = append(r.services, migrate.SummaryService{SourceSID: src.SID, TargetSID: rec.TargetSID, FriendlyName: src.FriendlyName})
	r.mu.Unlock()
	return s, nil
}

// afterUndo begins anew, and reports that the ledger knows nothing of a service, if an undo
// deleted its target and did not come to forget it.
func (r *run) afterUndo(ctx context.Context, rec *migrate.ServiceRecord) (known bool, err error) {
	if err := drain.Until(ctx, r.settledAt, r.Observer, r.Drain); err != nil {
		return true, err
	}
	_, err = r.Target.Configuration(ctx, rec.TargetSID)
	if migrate.KindOf(err) == migrate.NotFound {
		return false, migrate.Fatal(forget.Service(context.WithoutCancel(ctx), r.Ledger, rec.SourceSID, nil))
	}
	rec.Stage = migrate.Open
	return true, err
}

// whetherGone is the error of a first request, or that the service is gone, and what to do
// then: nobody but a person knows why somebody deleted it.
func (s *service) whetherGone(ctx context.Context, err error) error {
	if migrate.KindOf(err) != migrate.NotFound {
		return err
	}
	if _, there := s.Target.Configuration(ctx, s.target); migrate.KindOf(there) != migrate.NotFound {
		return err
	}
	return &migrate.Error{
		Op: "open target service", Kind: migrate.NotFound, SID: s.target,
		Err:  errors.New("the ledger has it, but the target account does not have it any more"),
		Hint: "to have the ledger forget it: chatbridge undo --execute --service " + s.source.SID + "; then, to begin anew: chatbridge migrate",
	}
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

// create finds or makes the target service. A service has no natural key, so before
// the create the ledger notes which services of that name there are: after a crash,
// or when no answer came, ours is the one that is not among them.
func (s *service) create(ctx context.Context, rec *migrate.ServiceRecord, name string, noted bool) error {
	want, found := s.set.Mapper.Service(s.source)
	if mapping.Blocked(found) {
		return migrate.BlockedError("map service", s.source.SID, found)
	}
	if noted {
		if err := s.wait(ctx, time.Until(s.settledAt)); err != nil {
			return err
		}
	}
	attempt, _, err := s.Ledger.Attempt(ctx, migrate.ServiceEntity, s.source.SID)
	if err != nil {
		return err
	}
	is, err := s.which(ctx, *rec, name, noted)
	if err == nil && !noted && is.Relation == origin.Absent {
		is, err = s.lookTwice(ctx, *rec, name, is)
	}
	if err != nil {
		return err
	}
	attempt.Kind, attempt.SourceSID, attempt.ParentSID = migrate.ServiceEntity, s.source.SID, s.source.SID
	if noted { // the run that noted it may have died with a create on its way
		attempt.Unanswered++
	}
	if is.Relation != origin.Absent {
		if noted {
			err = s.answered(ctx, &attempt)
		}
		return cmp.Or(err, s.take(rec, want, is))
	}
	if !noted {
		for _, t := range is.there {
			rec.Before = append(rec.Before, t.SID)
		}
		if err := s.Ledger.PutService(ctx, *rec); err != nil {
			return err
		}
	}
	attempt.Before = rec.Before
	if noted {
		if err := s.Ledger.PutAttempt(ctx, attempt); err != nil {
			return err
		}
	}
	for range attempts {
		if err := s.proceed(ctx); err != nil {
			return err
		}
		made, err := s.Target.AppendService(ctx, want)
		switch kind := migrate.KindOf(err); {
		case err == nil:
			s.fresh = true
			is = candidates{Resource: origin.Resource{Relation: origin.Made, SID: made.SID}, there: []conversations.Service{made}}
			return s.take(rec, want, is)
		case kind == migrate.InDoubt:
			attempt.Unanswered++
			if err := s.Ledger.PutAttempt(context.WithoutCancel(ctx), attempt); err != nil {
				return err
			}
			if err := s.wait(ctx, s.set.Settle); err != nil {
				return err
			}
		case migrate.CodeOf(err) == migrate.CodeServiceLimit && attempt.Unanswered == 0:
			return cmp.Or(s.Ledger.ForgetService(ctx, s.source.SID), err) // there is none of ours, now or later
		case kind != migrate.Contended:
			return err
		}
		if is, err = s.which(ctx, *rec, name, true); err != nil {
			return err
		}
		if is.Relation != origin.Absent {
			if attempt.Unanswered > 0 {
				err = s.answered(ctx, &attempt)
			}
			return cmp.Or(err, s.take(rec, want, is))
		}
	}
	return &migrate.Error{Op: "create service", Kind: migrate.Unavailable, SID: s.source.SID, Err: errors.New("no answer; nothing was created"), Hint: "run the same command again to resume"}
}

// take notes the service that was found or made, unless there are several. One that
// is stored otherwise under a policy that stops is not noted: the next run finds it
// among those that came since the create was sent, and says it again.
func (s *service) take(rec *migrate.ServiceRecord, want conversations.Service, is candidates) error {
	if is.Relation == origin.Several {
		return &migrate.Error{
			Op: "find target of service", Kind: migrate.Usage, SID: s.source.SID,
			Err:  fmt.Errorf("%d target services named %s may be the one it made: %s", len(is.Rivals), chat.Excerpt(want.FriendlyName), strings.Join(is.Rivals, ", ")),
			Hint: "delete those that are empty in the Twilio Console, or name the right one with --to-service",
		}
	}
	if !is.lost {
		at := slices.IndexFunc(is.there, func(t conversations.Service) bool { return t.SID == is.SID })
		if err := asSent(s.outgoing("create service", s.source.SID), want, is.there[at], is.SID); err != nil {
			return err
		}
	}
	rec.TargetSID, rec.Created, rec.Adopted = is.SID, true, is.adopted
	switch {
	case !is.lost:
		s.tally.Written(migrate.KindServices, 1)
		return nil
	case is.Relation == origin.Made:
		s.event(migrate.Notice, "adopted the service of an earlier migration; a conversation in it proves this", migrate.KeyService, is.SID)
	default:
		s.event(migrate.Notice, "took the service of that name; it holds nothing that the source lacks", migrate.KeyService, is.SID)
	}
	s.tally.Existing(migrate.KindServices, 1)
	return nil
}

// answered takes one create out of doubt. What stays in doubt is looked for by every
// later pass.
func (s *service) answered(ctx context.Context, a *migrate.Attempt) error {
	if a.Unanswered--; a.Unanswered > 0 {
		return s.Ledger.PutAttempt(ctx, *a)
	}
	return s.Ledger.ForgetAttempt(ctx, a.Kind, a.SourceSID)
}

// alike are the services of the target that bear the name of ours, and which of
// them the ledger has for other sources.
func (s *service) alike(ctx context.Context, name string) (there []conversations.Service, bound map[string]bool, err error) {
	for t, err := range s.Target.Services(ctx) {
		if err != nil {
			return nil, nil, err
		}
		if origin.SameName(t.FriendlyName, name) && t.SID != s.source.SID {
			there = append(there, t)
		}
	}
	all, err := s.Ledger.Services(ctx)
	bound = map[string]bool{}
	for _, b := range all {
		if b.TargetSID != "" && b.SourceSID != s.source.SID {
			bound[b.TargetSID] = true
		}
	}
	return there, bound, err
}

// late names the services that creates without an answer may have made since. They
// are not deleted: somebody may have made one of that name.
func (s *service) late(ctx context.Context) error {
	a, known, err := s.Ledger.Attempt(ctx, migrate.ServiceEntity, s.source.SID)
	if err != nil || !known || a.Unanswered == 0 {
		return err
	}
	want, _ := s.set.Mapper.Service(s.source)
	there, bound, err := s.alike(ctx, want.FriendlyName)
	if err != nil {
		return err
	}
	rec := origin.Record{TargetSID: s.target, Unanswered: true, Before: a.Before}
	for _, t := range origin.LateServices(want.FriendlyName, there, rec, bound) {
		found := s.set.Mapper.ServiceLate(s.source, t.SID)
		s.findings.Add(found)
		s.event(migrate.Warning, "an unanswered create may have made the service a second time", migrate.KeyService, t.SID)
	}
	return nil
}

// attempts is how often a write without a confirmed outcome is made anew before
// its lane stops. Each is preceded by a settle time and a look at the target.
const attempts = 5

// tooMany ends a run whose account takes no more services. Those that this run made for
// other sources go again, empty as they are: what to do about the limit may be to
// migrate all of them into one.
func (r *run) tooMany(ctx context.Context, works []*service, err error) error {
	for _, s := range works {
		if !s.fresh {
			continue
		}
		if failed := s.yield(ctx, "the account takes no more services, so nothing was begun"); failed != nil {
			return failed
		}
	}
	return err
}

// claim makes the target service ours to write into, before anything else is read
// of it. made says that it was made, or found, in this run: then another run may
// have made one for the same source at the same moment.
func (s *service) claim(ctx context.Context, made bool, name string) error {
	if made { // a pause now would leave it to whoever comes next, and unclaimed
		ctx = migrate.WithPause(ctx, nil)
	}
	err := s.claims.Take(ctx, s.target, s.source.SID, func(notifications json.RawMessage) error { return s.inherit(ctx, notifications) })
	if err != nil || !made {
		return err
	}
	err = s.claims.Alone(ctx, conversations.Service{SID: s.target, FriendlyName: name})
	if err != nil && migrate.KindOf(err) == migrate.Conflict {
		if failed := s.yield(ctx, "another run made one at the same moment"); failed != nil {
			return failed
		}
	}
	return err
}

// yield takes our service away, for a reason, such as that another run made one too. It
// was made by this run, and nothing is in it yet but the claim. One that was adopted
// has a history.
func (s *service) yield(ctx context.Context, why string) error {
	if !s.record.Created || s.record.Adopted || s.claims.Err() != nil {
		return nil
	}
	for range 2 { // one reading may end early
		for _, err := range s.Target.Conversations(ctx, s.target) {
			return err // not empty, or not known to be
		}
	}
	// Forgotten first: a ledger that knows a service which is gone could not go on.
	if err := s.Ledger.ForgetService(ctx, s.source.SID); err != nil {
		return err
	}
	if err := s.Target.DeleteService(ctx, s.target); err != nil {
		return err
	}
	s.event(migrate.Notice, "removed our empty service: "+why, migrate.KeyService, s.target)
	return nil
}

// inherit notes the push notifications that a run with another ledger left off, so
// that this one gives them back at its end.
func (s *service) inherit(ctx context.Context, notifications json.RawMessage) error {
	if len(s.record.Saved) > 0 {
		return nil
	}
	s.record.Saved, s.record.Stage = notifications, migrate.Open
	s.event(migrate.Notice, "an earlier run left push notifications off: they come back on when the service is done", migrate.KeyService, s.target)
	return s.Ledger.PutService(ctx, s.record)
}
