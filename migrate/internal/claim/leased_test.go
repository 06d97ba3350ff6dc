package claim_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/claim"
)

// leased is a ledger on a machine that has its lease, until the test says otherwise.
type leased struct {
	migrate.Ledger
	lost chan struct{}

	mu     sync.Mutex
	over   error
	ready  error // once it is known whose the lease is; over, if nil
	cut    context.CancelCauseFunc
	strays []migrate.Stray
}

func newLeased() *leased { return &leased{lost: make(chan struct{}), cut: func(error) {}} }

var (
	errElsewhere = &migrate.Error{Op: "hold lease", Kind: migrate.Conflict, Err: errors.New("it is another's")}
	errLate      = &migrate.Error{Op: "hold lease", Kind: migrate.Unavailable, Err: errors.New("it lapsed")}
)

func (l *leased) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = err
	l.cut(err)
}

func (l *leased) Identity(context.Context) (migrate.LedgerIdentity, error) {
	return migrate.LedgerIdentity{ID: "L", File: "database", Shared: true}, nil
}

func (l *leased) Lease() migrate.Lease { return l }

func (l *leased) Permit() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

func (l *leased) Ready(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return cmp.Or(l.ready, l.over)
}

// slow is a target in whose way a write waits until the lease is another's.
type slow struct {
	migrate.Target
	ledger *leased
}

func (s slow) AppendMessage(ctx context.Context, _, _ string, _ conversations.Message) (conversations.Message, error) {
	s.ledger.end(errElsewhere)
	return conversations.Message{}, migrate.Permitted(ctx)
}

func (l *leased) During(ctx context.Context) (context.Context, func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ctx, l.cut = context.WithCancelCause(ctx)
	return ctx, func() {}
}

func (l *leased) Lost() <-chan struct{}    { return l.lost }
func (l *leased) Before() migrate.Handover { return migrate.Handover{} }

func (l *leased) PutStray(_ context.Context, s migrate.Stray) error {
	l.strays = append(l.strays, s)
	return nil
}

func (l *leased) Strays(context.Context) ([]migrate.Stray, error) { return l.strays, nil }

func (l *leased) ForgetStray(context.Context, migrate.Stray) error { return nil }

var _ migrate.Leased = (*leased)(nil)

func isMessage(x *emulator.Exchange) bool {
	return x.Method == http.MethodPost && x.Path[len(x.Path)-1] == "Messages"
}

func TestUnderALease(t *testing.T) {
	begin := func(t *testing.T) (*bench, *run, *leased) {
		b, l := newBench(t), newLeased()
		r := b.run(func(o *claim.Options) { o.Ledger = l })
		require.NoError(t, b.take(t, r))
		return b, r, l
	}
	for name, test := range map[string]func(*testing.T){
		"nothing is written once another has it, and the run ends": func(t *testing.T) {
			b, r, l := begin(t)
			require.NoError(t, b.say(t.Context(), r, "one"))
			l.end(errElsewhere)
			require.Equal(t, migrate.Conflict, migrate.KindOf(b.say(t.Context(), r, "two")))
			_, err := r.AppendService(t.Context(), conversations.Service{FriendlyName: "x"})
			require.Equal(t, migrate.Conflict, migrate.KindOf(err))
			require.Equal(t, errElsewhere, errors.Unwrap(<-r.lost))
			require.Equal(t, []string{"one"}, b.bodies(t))
			r.Release(t.Context())
		},
		"a run that waits hears at once that another has it": func(t *testing.T) {
			_, r, l := begin(t)
			l.end(errElsewhere)
			began := time.Now()
			close(l.lost)
			require.Error(t, <-r.lost)
			require.Equal(t, began, time.Now())
			r.Release(t.Context())
		},
		"the claim is kept while it lapsed, and not once another has it": func(t *testing.T) {
			b, r, l := begin(t)
			counter := func() int64 {
				seen, found := b.claimed(t)
				require.True(t, found)
				return seen.Counter
			}
			first := counter()
			l.end(errLate)
			time.Sleep(time.Minute + time.Second) // a moment between two renewals
			lapsed := counter()
			require.Greater(t, lapsed, first, "nobody else has it yet, and strangers are to wait")
			l.end(errElsewhere)
			close(l.lost)
			require.Error(t, <-r.lost)
			time.Sleep(time.Minute)
			require.Equal(t, lapsed, counter(), "the other one's claim is the only one")
			r.Release(t.Context())
		},
		"nothing is written while it lapsed": func(t *testing.T) {
			b, r, l := begin(t)
			l.end(errLate)
			require.Equal(t, migrate.Unavailable, migrate.KindOf(b.say(t.Context(), r, "one")))
			l.end(nil)
			require.NoError(t, b.say(t.Context(), r, "two"))
			require.Equal(t, []string{"two"}, b.bodies(t))
			require.Empty(t, r.lost)
			r.Release(t.Context())
		},
		"an append that is under way when it lapses is in doubt": func(t *testing.T) {
			b, r, l := begin(t)
			b.intercept(func(x *emulator.Exchange) bool {
				if isMessage(x) {
					l.end(errLate)
				}
				return isMessage(x)
			})
			err := b.say(t.Context(), r, "one")
			require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
			b.on.Store(nil)
			r.Release(t.Context())
		},
		"what is answered after another took it is noted": func(t *testing.T) {
			b, r, l := begin(t)
			b.intercept(func(x *emulator.Exchange) bool {
				if isMessage(x) {
					l.mu.Lock()
					l.over = errElsewhere
					l.mu.Unlock()
				}
				return false
			})
			require.Equal(t, migrate.Conflict, migrate.KindOf(b.say(t.Context(), r, "one")))
			b.on.Store(nil)
			require.Len(t, l.strays, 1)
			require.Equal(t, b.service, l.strays[0].TargetService)
			require.Equal(t, b.room, l.strays[0].Conversation)
			for m, err := range b.plain().Messages(t.Context(), b.service, b.room, false) {
				require.NoError(t, err)
				require.Equal(t, m.SID, l.strays[0].Message)
			}
			r.Release(t.Context())
		},
		"what is answered after a lapse is noted when it is known that another took it": func(t *testing.T) {
			b, r, l := begin(t)
			b.intercept(func(x *emulator.Exchange) bool {
				if isMessage(x) {
					l.mu.Lock()
					l.over, l.ready = errLate, errElsewhere
					l.mu.Unlock()
				}
				return false
			})
			require.Equal(t, migrate.Conflict, migrate.KindOf(b.say(t.Context(), r, "one")))
			b.on.Store(nil)
			require.Len(t, l.strays, 1)
			r.Release(t.Context())
		},
		"the lease is asked once more right before a write is sent": func(t *testing.T) {
			b, l := newBench(t), newLeased()
			r := b.run(func(o *claim.Options) { o.Ledger, o.Target = l, slow{o.Target, l} })
			require.NoError(t, b.take(t, r))
			require.Equal(t, migrate.Conflict, migrate.KindOf(b.say(t.Context(), r, "one")))
			r.Release(t.Context())
		},
		"the next machine takes the claim of the one before at once": func(t *testing.T) {
			b, first, _ := begin(t)
			b.dies(t, first)
			b.rewrite(t, func(m *claim.Mark) { m.Host = "elsewhere" })
			second := b.run(func(o *claim.Options) { o.Ledger = newLeased() })
			began := time.Now()
			require.NoError(t, b.take(t, second))
			require.Less(t, time.Since(began), 5*time.Second)
			second.Release(t.Context())
		},
	} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
}
