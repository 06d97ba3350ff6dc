package torture

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/lease"
	"chatbridge/migrate/sqlite"
)

// leaseLength is that of the command.
const leaseLength = 20 * time.Second

var errElsewhere = errors.New("another worker has the lease on ledger-0.db")

// shared is one ledger that several machines reach, as a database holds it.
type shared struct {
	*world
	inner *sqlite.Ledger

	mu         sync.Mutex
	generation int
	expires    time.Time
	ended      bool      // given back in good order
	down       time.Time // until when nobody reaches it
	strays     []migrate.Stray
	woken      []time.Time          // when workers went on that had stood still
	again      time.Time            // of the first request about one of those in old
	wrote      time.Time            // of the first message into one of them
	old        map[string]time.Time // conversations that were there when a lease was taken after another expired, and when nothing lands in them any more
}

func (w *world) share() *shared {
	l, err := sqlite.Open(w.t.Context(), w.ledger)
	require.NoError(w.t, err)
	return &shared{world: w, inner: l, old: map[string]time.Time{}}
}

// reach waits until the database answers.
func (s *shared) reach(ctx context.Context) error {
	for {
		s.mu.Lock()
		left := time.Until(s.down)
		s.mu.Unlock()
		if left <= 0 {
			return nil
		}
		if err := pause(ctx, min(left, time.Second)); err != nil {
			return err
		}
	}
}

// expiry is when the newest lease is over.
func (s *shared) expiry() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.expires
}

// leased is the ledger as one process has it.
type leased struct {
	*sqlite.Ledger // writes go through may
	shared         *shared
	process        *process
	wire           *wire
	generation     int
	keeper         *lease.Keeper
}

// take takes the lease, or fails with Kind Conflict.
func (s *shared) take(ctx context.Context, p *process, n *wire) (*leased, error) {
	l := &leased{Ledger: s.inner, shared: s, process: p, wire: n}
	var err error
	l.keeper, err = lease.Take(ctx, leaseLength, func(ctx context.Context) (h migrate.Handover, err error) {
		if err := s.reach(ctx); err != nil {
			return h, err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		switch {
		case s.generation == 0:
		case !s.ended && time.Now().Before(s.expires):
			return h, elsewhere()
		default:
			h = migrate.Handover{At: s.expires, Expired: !s.ended, Length: leaseLength}
		}
		if h.Expired {
			for _, c := range p.emulator.Truth().Conversations {
				if c.UniqueName != migrate.ClaimName {
					s.old[c.SID] = s.expires.Add(p.Settle)
				}
			}
		}
		s.generation++
		s.expires, s.ended = time.Now().Add(leaseLength), false
		l.generation = s.generation
		p.log("%s takes lease %d, %+v", p.name, l.generation, h)
		return h, nil
	}, func(ctx context.Context) error {
		if err := l.awake(ctx); err != nil {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.generation != l.generation {
			return elsewhere()
		}
		s.expires = time.Now().Add(leaseLength)
		return nil
	})
	return l, err
}

func elsewhere() error {
	return &migrate.Error{Op: "hold lease", Kind: migrate.Conflict, Err: errElsewhere, Hint: "wait for that worker"}
}

// awake fails in a process that is gone, and waits in one that is frozen, and until
// the database answers.
func (l *leased) awake(ctx context.Context) error {
	l.wire.thaw()
	if l.wire.fallen.Load() {
		return errKilled
	}
	return l.shared.reach(ctx)
}

// give gives the lease back, unless the process is gone.
func (l *leased) give() {
	l.keeper.Stop()
	s := l.shared
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation == l.generation && !l.wire.fallen.Load() {
		s.ended, s.expires = true, time.Now()
		l.process.log("%s gives lease %d back", l.process.name, l.generation)
	}
}

// may lets a write pass whose token is good.
func (l *leased) may(ctx context.Context, do func() error) error {
	if err := l.awake(ctx); err != nil {
		return err
	}
	l.shared.mu.Lock()
	lost := l.shared.generation != l.generation
	l.shared.mu.Unlock()
	if lost {
		l.keeper.Lose(elsewhere())
		return elsewhere()
	}
	return do()
}

// touched says that a request came about a conversation: a message must not come while
// something of the lease before may still land. Whoever wakes up from a lease that is
// over is not asked.
func (s *shared) touched(generation int, conversation string, message bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	until, old := s.old[conversation]
	if !old || generation != s.generation {
		return
	}
	if s.again.IsZero() {
		s.again = time.Now()
	}
	if message && s.wrote.IsZero() {
		s.wrote = time.Now()
	}
	if message && time.Now().Before(until) {
		s.t.Errorf("a message came into %s %s too early", conversation, time.Until(until))
	}
}

// Lease is of migrate.Leased.
func (l *leased) Lease() migrate.Lease { return l.keeper }

// Identity is of migrate.LedgerReader.
func (l *leased) Identity(ctx context.Context) (migrate.LedgerIdentity, error) {
	i, err := l.Ledger.Identity(ctx)
	i.File, i.Shared = "the database", true
	return i, err
}

// PutStray is of migrate.Leased, and takes no lease.
func (l *leased) PutStray(ctx context.Context, one migrate.Stray) error {
	if err := l.awake(ctx); err != nil {
		return err
	}
	l.shared.mu.Lock()
	defer l.shared.mu.Unlock()
	l.shared.strays = append(l.shared.strays, one)
	l.process.log("%s notes a stray %s", l.process.name, one.Message)
	return nil
}

// Strays is of migrate.Leased.
func (l *leased) Strays(context.Context) ([]migrate.Stray, error) {
	l.shared.mu.Lock()
	defer l.shared.mu.Unlock()
	return append([]migrate.Stray{}, l.shared.strays...), nil
}

// ForgetStray is of migrate.Leased.
func (l *leased) ForgetStray(ctx context.Context, one migrate.Stray) error {
	return l.may(ctx, func() error {
		l.shared.mu.Lock()
		defer l.shared.mu.Unlock()
		var left []migrate.Stray
		for _, s := range l.shared.strays {
			if s != one {
				left = append(left, s)
			}
		}
		l.shared.strays = left
		return nil
	})
}

func (l *leased) Bind(ctx context.Context, f migrate.Fingerprint) error {
	return l.may(ctx, func() error { return l.Ledger.Bind(ctx, f) })
}

func (l *leased) PutService(ctx context.Context, r migrate.ServiceRecord) error {
	return l.may(ctx, func() error { return l.Ledger.PutService(ctx, r) })
}

func (l *leased) ForgetService(ctx context.Context, sid string) error {
	return l.may(ctx, func() error { return l.Ledger.ForgetService(ctx, sid) })
}

func (l *leased) PutEntity(ctx context.Context, r migrate.EntityRecord) error {
	return l.may(ctx, func() error { return l.Ledger.PutEntity(ctx, r) })
}

func (l *leased) ForgetEntity(ctx context.Context, kind migrate.EntityKind, sid string) error {
	return l.may(ctx, func() error { return l.Ledger.ForgetEntity(ctx, kind, sid) })
}

func (l *leased) PutOriginal(ctx context.Context, o migrate.Original) error {
	return l.may(ctx, func() error { return l.Ledger.PutOriginal(ctx, o) })
}

func (l *leased) ForgetOriginal(ctx context.Context, kind migrate.EntityKind, sid string) error {
	return l.may(ctx, func() error { return l.Ledger.ForgetOriginal(ctx, kind, sid) })
}

func (l *leased) PutAttempt(ctx context.Context, a migrate.Attempt) error {
	return l.may(ctx, func() error { return l.Ledger.PutAttempt(ctx, a) })
}

func (l *leased) ForgetAttempt(ctx context.Context, kind migrate.EntityKind, sid string) error {
	return l.may(ctx, func() error { return l.Ledger.ForgetAttempt(ctx, kind, sid) })
}

func (l *leased) PutChannel(ctx context.Context, r migrate.ChannelRecord) error {
	return l.may(ctx, func() error { return l.Ledger.PutChannel(ctx, r) })
}

func (l *leased) PutMessage(ctx context.Context, channel string, r migrate.MessageRecord) error {
	return l.may(ctx, func() error { return l.Ledger.PutMessage(ctx, channel, r) })
}

func (l *leased) ForgetMessages(ctx context.Context, channel string, after int64) error {
	return l.may(ctx, func() error { return l.Ledger.ForgetMessages(ctx, channel, after) })
}

func (l *leased) PutDoubt(ctx context.Context, channel string, d migrate.DoubtRecord) error {
	return l.may(ctx, func() error { return l.Ledger.PutDoubt(ctx, channel, d) })
}

func (l *leased) ForgetDoubt(ctx context.Context, channel string, index int64) error {
	return l.may(ctx, func() error { return l.Ledger.ForgetDoubt(ctx, channel, index) })
}

func (l *leased) PutFile(ctx context.Context, channel string, r migrate.FileRecord) error {
	return l.may(ctx, func() error { return l.Ledger.PutFile(ctx, channel, r) })
}

func (l *leased) ForgetFile(ctx context.Context, channel string, index int64) error {
	return l.may(ctx, func() error { return l.Ledger.ForgetFile(ctx, channel, index) })
}

func (l *leased) PutFailure(ctx context.Context, f migrate.Failure) error {
	return l.may(ctx, func() error { return l.Ledger.PutFailure(ctx, f) })
}

func (l *leased) ClearFailures(ctx context.Context, sid string) error {
	return l.may(ctx, func() error { return l.Ledger.ClearFailures(ctx, sid) })
}

func (l *leased) PutFindings(ctx context.Context, found []migrate.FindingRecord) error {
	return l.may(ctx, func() error { return l.Ledger.PutFindings(ctx, found) })
}

func (l *leased) ForgetFindings(ctx context.Context, owner string, severity mapping.Severity) error {
	return l.may(ctx, func() error { return l.Ledger.ForgetFindings(ctx, owner, severity) })
}

// PutRun notes what the clock of the process says.
func (l *leased) PutRun(ctx context.Context, r migrate.RunRecord) error {
	for _, t := range []*time.Time{&r.StartedAt, &r.HeartbeatAt, &r.EndedAt} {
		if !t.IsZero() {
			*t = t.Add(l.process.skew)
		}
	}
	return l.may(ctx, func() error { return l.Ledger.PutRun(ctx, r) })
}

func (l *leased) Sync(ctx context.Context) error {
	return l.may(ctx, func() error { return l.Ledger.Sync(ctx) })
}

// Close is of migrate.Ledger. The database stays.
func (l *leased) Close() error { return nil }
