package replay

import (
	"cmp"
	"context"
	"errors"
	"hash/fnv"
	"strconv"
	"sync"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// fail notes that something was not carried, in the ledger and for the summary.
// A ledger that cannot take it fails the next Put as well, where it is seen.
func (s *service) fail(ctx context.Context, kind, sourceSID, targetSID string, err error) {
	s.failNamed(ctx, kind, sourceSID, targetSID, "", err)
}

func (s *service) failNamed(ctx context.Context, kind, sourceSID, targetSID, name string, err error) {
	line := migrate.FailureLine{Kind: kind, SourceSID: sourceSID, TargetSID: targetSID, Name: name, Reason: err.Error(), Hint: migrate.HintOf(err)}
	s.mu.Lock()
	s.failures = append(s.failures, line)
	s.mu.Unlock()
	s.event(migrate.Warning, "not carried", "kind", kind, "source", sourceSID, "name", name, "target", targetSID, migrate.KeyReason, err.Error())
	_ = s.Ledger.PutFailure(context.WithoutCancel(ctx), migrate.Failure{
		Kind: kind, SourceSID: sourceSID, ServiceSID: s.source.SID, TargetSID: targetSID,
		Reason: line.Reason, Hint: line.Hint, At: time.Now(),
	})
}

// clearFailure forgets what an earlier run said about a resource.
func (s *service) clearFailure(ctx context.Context, sourceSID string) error {
	return arrived(ctx, s.Ledger, sourceSID)
}

// retries says which channels a run takes: all of them, or with
// Settings.OnlyFailed those that the ledger has failures for. A run that leaves
// channels out waits until nothing that a killed run sent can land any more,
// because the run after it cannot know how long ago that was.
func (s *service) retries(ctx context.Context) (func(channelSID string) bool, error) {
	if !s.set.OnlyFailed {
		return func(string) bool { return true }, nil
	}
	if s.crashed {
		if err := s.waitSettled(ctx); err != nil {
			return nil, err
		}
	}
	failed := map[string]bool{}
	for f, err := range s.Ledger.Failures(ctx) {
		if err != nil {
			return nil, migrate.Fatal(err)
		}
		failed[f.SourceSID] = true
	}
	return func(channelSID string) bool { return failed[channelSID] }, nil
}

// breaker tells a service that is down from a channel that is broken. Lanes
// that end because the service did not answer are failures of their own as long
// as others get through; when as many as run beside each other end so in a row,
// the run ends.
type breaker struct {
	limit int

	mu     sync.Mutex
	row    int
	failed int   // lanes stopped, for any reason
	last   error // of those that the service did not answer
}

func newBreaker(limit int) *breaker { return &breaker{limit: max(3, limit)} }

// ended notes how a lane ended and returns an error when the run should.
func (b *breaker) ended(err error, maxErrors int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.row = 0
		return nil
	}
	b.failed++
	if maxErrors > 0 && b.failed >= maxErrors {
		return &migrate.Error{Op: "migrate", Kind: migrate.Failed, Err: errors.Join(errTooMany, err), Hint: "to see what stopped: chatbridge status"}
	}
	kind := migrate.KindOf(err)
	if migrate.Unreadable(err) {
		kind = migrate.Failed // the service answered
	}
	switch kind {
	case migrate.Unavailable, migrate.Throttled, migrate.InDoubt, migrate.Contended:
		b.row, b.last = b.row+1, err
	default:
		b.row = 0
	}
	if b.row >= b.limit {
		return b.unavailable()
	}
	return nil
}

// verdict is asked when all lanes ended: if some failed, and the last that did
// found no service, the run ended because of the service.
func (b *breaker) verdict() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.row > 0 && b.row == b.failed {
		return b.unavailable()
	}
	return nil
}

func (b *breaker) unavailable() error {
	return &migrate.Error{Op: "migrate", Kind: migrate.KindOf(b.last), Err: b.last, Hint: "the service keeps failing; run the same command again later to resume"}
}

var errTooMany = errors.New("as many channels failed as --max-errors allows")

// keep keeps findings before anything else is written: what they took away in
// the sidecar, and themselves in the ledger, because they are losses of the
// migration and not of this run. A lane that waits for that is not stalled.
func (r *run) keep(ctx context.Context, found []mapping.Finding) error {
	if r.Sidecar != nil {
		if err := r.Sidecar.Keep(ctx, found); err != nil {
			return err
		}
	}
	return migrate.Fatal(r.Ledger.PutFindings(ctx, findingRecords(found)))
}

// findingRecords are findings as the ledger has them. Those of one resource come
// together, so that the same field of it twice is two findings, and the next
// pass, which finds them again, replaces both.
func findingRecords(found []mapping.Finding) []migrate.FindingRecord {
	type key struct {
		code       mapping.Code
		sid, field string
	}
	at := map[key]int{}
	records := make([]migrate.FindingRecord, 0, len(found))
	for _, f := range found {
		if toldEveryRun(f.Code) {
			continue
		}
		if f.SID == "" { // somebody whom only members name: the ledger has no names
			h := fnv.New64a()
			_, _ = h.Write([]byte(f.Detail)) // never fails
			f.Field += " " + strconv.FormatUint(h.Sum64(), 36)
		}
		k := key{f.Code, f.SID, f.Field}
		if i, twice := at[k]; twice {
			records[i].Count++
			continue
		}
		at[k] = len(records)
		records = append(records, migrate.FindingRecord{
			Code: f.Code, Severity: f.Severity, SID: f.SID, Owner: cmp.Or(f.ChannelSID, f.SID), Field: f.Field, Count: 1,
		})
	}
	return records
}

// toldEveryRun says that a finding is about how the target is now. Every run tells
// it again, or it is true no more: the ledger does not keep it.
func toldEveryRun(c mapping.Code) bool {
	switch c {
	case mapping.RoleWasThere, mapping.RoleShared, mapping.RoleLate, mapping.ServiceLate, mapping.UserWasThere, mapping.UserShared:
		return true
	}
	return false
}

// arrived forgets what an earlier run said about a resource that is carried now.
func arrived(ctx context.Context, l migrate.Ledger, sourceSID string) error {
	if err := l.ClearFailures(ctx, sourceSID); err != nil {
		return migrate.Fatal(err)
	}
	return migrate.Fatal(l.ForgetFindings(ctx, sourceSID, mapping.Stop))
}

// list counts what the source shows of a channel that was stopped, as the
// policies of this run have it: the channel's own counters may count what was
// deleted. If it cannot be read, they count. Attributes are not asked for, which a
// list does not show and which would take a request a message: what a policy leaves
// out for them counts when the lane has met it.
func (s *service) list(ctx context.Context, c chat.Channel, rec migrate.ChannelRecord) (migrate.ChannelRecord, error) {
	watched, dog := migrate.NewWatchdog(ctx, s.set.Watchdog, c.SID)
	l, err := s.read(watched, dog, c)
	dog.Stop()
	if err != nil {
		return rec, nil
	}
	refused, err := s.Ledger.LeftOut(ctx, c.SID, messagePrefix)
	if err != nil {
		return rec, migrate.Fatal(err)
	}
	l.LeftOutMessages = max(l.LeftOutMessages, refused)
	rec.Listed = l
	return rec, migrate.Fatal(s.Ledger.PutChannel(context.WithoutCancel(ctx), rec))
}

func (s *service) read(ctx context.Context, dog *migrate.Watchdog, c chat.Channel) (l migrate.Listed, err error) {
	l.Known = true
	seen := map[string]bool{} // by identity in the target
	for m, err := range s.Source.Members(ctx, s.source.SID, c.SID) {
		if err != nil {
			return l, err
		}
		dog.Progress()
		l.Members++
		identity := s.set.Mapper.Identity(m.Identity)
		_, found := s.set.Mapper.Member(m, s.roles)
		if seen[identity] || mapping.Skipped(found) {
			l.LeftOutMembers++
		}
		seen[identity] = true
	}
	undated := mapping.Undated(c, s.source)
	for m, err := range s.Source.Messages(ctx, s.source.SID, c.SID, migrate.Span{After: migrate.All, Listed: true}) {
		if err != nil {
			return l, err
		}
		dog.Progress()
		l.Messages++
		want, found := s.set.Mapper.Message(m, undated)
		if undated = want.DateCreated; mapping.Skipped(found) {
			l.LeftOutMessages++
		}
	}
	return l, nil
}
