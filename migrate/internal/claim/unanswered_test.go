package claim_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/claim"
)

// A write that may still take effect is told of, whatever verb it is, but a message
// without an answer only to whoever sent it.
func TestWritesThatMayStillLand(t *testing.T) {
	told := 0
	noting := func(o *claim.Options) { o.Unanswered = func() { told++ } }
	t.Run("are told of", func(t *testing.T) {
		tried := 0
		for _, name := range methods[migrate.Target]() {
			if slices.Contains(methods[migrate.TargetReader](), name) {
				continue
			}
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				r := b.run(noting)
				require.NoError(t, b.take(t, r))
				var asked atomic.Bool
				b.intercept(func(*emulator.Exchange) bool { asked.Store(true); return true })
				told = 0
				method := reflect.ValueOf(r.Target).MethodByName(name)
				method.Call(someArguments(t, method.Type(), b.service))
				b.intercept(func(*emulator.Exchange) bool { return false })
				r.Release(t.Context())
				if asked.Load() {
					tried++
					require.Equal(t, name != "AppendMessage", told > 0, name)
				}
			})
		}
		require.Greater(t, tried, 10)
	})
	t.Run("are told of if the answer came to a later attempt", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(noting)
			require.NoError(t, b.take(t, r))
			defer r.Release(t.Context())
			told = 0
			_, _, err := r.EnsureUser(t.Context(), b.service, conversations.User{Identity: "ann"})
			require.NoError(t, err)
			require.NoError(t, b.say(t.Context(), r, "one"))
			require.Zero(t, told, "all was answered")
			var lost atomic.Bool
			b.intercept(func(*emulator.Exchange) bool { return lost.CompareAndSwap(false, true) })
			_, _, err = r.EnsureUser(t.Context(), b.service, conversations.User{Identity: "bob"})
			require.NoError(t, err)
			require.Positive(t, told)
		})
	})
	for kind, lands := range map[migrate.Kind]bool{
		migrate.Failed: true, migrate.InDoubt: true, migrate.Unavailable: true, migrate.Interrupted: true, migrate.Stalled: true,
		migrate.Refused: false, migrate.NotFound: false, migrate.Exists: false, migrate.Contended: false, migrate.Throttled: false,
		migrate.Credentials: false, migrate.Usage: false,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(func(o *claim.Options) {
				noting(o)
				o.Target = failing{o.Target, &migrate.Error{Op: "set user", Kind: kind, Err: errors.New("no")}}
			})
			require.NoError(t, b.take(t, r))
			defer r.Release(t.Context())
			told = 0
			_, err := r.SetUser(t.Context(), b.service, conversations.User{})
			require.Error(t, err)
			require.Equal(t, lands, told > 0, "%v", kind)
		})
	}
	t.Run("are told of if it is a message, and whoever sent it hears that the claim is lost", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			lost := make(chan struct{})
			r := b.run(func(o *claim.Options) {
				noting(o)
				o.Lost = func(error) { close(lost) }
				o.Target = unanswered{o.Target, func() {
					seen, _ := b.claimed(t)
					require.NoError(t, b.plain().DeleteConversation(t.Context(), b.service, seen.SID))
					<-lost
				}}
			})
			require.NoError(t, b.take(t, r))
			defer r.Release(t.Context())
			told = 0
			require.Equal(t, migrate.Conflict, migrate.KindOf(b.say(t.Context(), r, "one")))
			require.Positive(t, told)
		})
	})
	t.Run("need not be told of", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(nil)
			require.NoError(t, b.take(t, r))
			defer r.Release(t.Context())
			b.intercept(func(x *emulator.Exchange) bool { return x.Path[len(x.Path)-1] == "Users" })
			_, _, err := r.EnsureUser(t.Context(), b.service, conversations.User{Identity: "ann"})
			require.Error(t, err)
		})
	})
}

type failing struct {
	migrate.Target
	err error
}

func (f failing) SetUser(context.Context, string, conversations.User) (conversations.User, error) {
	return conversations.User{}, f.err
}

// unanswered has no answer to a message, and something happens meanwhile.
type unanswered struct {
	migrate.Target
	meanwhile func()
}

func (u unanswered) AppendMessage(context.Context, string, string, conversations.Message) (conversations.Message, error) {
	u.meanwhile()
	return conversations.Message{}, &migrate.Error{Op: "append message", Kind: migrate.InDoubt, Err: errors.New("no answer")}
}
