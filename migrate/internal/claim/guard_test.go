package claim_test

import (
	"context"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/claim"
)

// methods are those of an interface.
func methods[T any]() (names []string) {
	of := reflect.TypeFor[T]()
	for i := range of.NumMethod() {
		names = append(names, of.Method(i).Name)
	}
	return names
}

// someArguments are those that a verb takes: the service, and of the rest whatever is not
// nothing.
func someArguments(t *testing.T, method reflect.Type, service string) []reflect.Value {
	in := []reflect.Value{reflect.ValueOf(t.Context())}
	for i := 1; i < method.NumIn(); i++ {
		arg := reflect.New(method.In(i)).Elem()
		switch {
		case arg.Kind() == reflect.String && i == 1:
			arg.SetString(service)
		case arg.Kind() == reflect.String:
			arg.SetString("nobody")
		case arg.Type() == reflect.TypeFor[migrate.OpenFile]():
			arg.Set(reflect.ValueOf(migrate.OpenFile(func(context.Context) (io.ReadCloser, error) {
				return io.NopCloser(strings.NewReader("x")), nil
			})))
		case arg.Kind() == reflect.Struct:
			for i := range arg.NumField() {
				switch f := arg.Field(i); {
				case f.Kind() == reflect.String:
					f.SetString("nobody")
				case f.CanInt():
					f.SetInt(1)
				}
			}
		}
		in = append(in, arg)
	}
	return in
}

func TestGuard(t *testing.T) {
	t.Run("every verb of a target is guarded, also one that is added later", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(func(o *claim.Options) { o.Target = nil }) // what gets through panics
			// They are of no service: the first makes one, the second is of the account.
			unbound := []string{"AppendService", "EnsureCredential"}
			tried := 0
			for _, name := range methods[migrate.Target]() {
				if slices.Contains(methods[migrate.TargetReader](), name) || slices.Contains(unbound, name) {
					continue
				}
				method := reflect.ValueOf(r.Target).MethodByName(name)
				in := []reflect.Value{reflect.ValueOf(t.Context())}
				for i := 1; i < method.Type().NumIn(); i++ {
					in = append(in, reflect.Zero(method.Type().In(i)))
				}
				var out []reflect.Value
				require.NotPanics(t, func() { out = method.Call(in) }, name)
				err, _ := out[len(out)-1].Interface().(error)
				require.ErrorContains(t, err, "not claimed", name)
				tried++
			}
			require.Greater(t, tried, 15)
		})
	})
	t.Run("hands every verb on to the target, with what it is asked", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(nil)
			require.NoError(t, b.take(t, r))
			defer r.Release(t.Context())
			for _, name := range methods[migrate.Target]() {
				if slices.Contains(methods[migrate.TargetReader](), name) {
					continue
				}
				var asked atomic.Int64
				b.intercept(func(*emulator.Exchange) bool { asked.Add(1); return false })
				method := reflect.ValueOf(r.Target).MethodByName(name)
				out := method.Call(someArguments(t, method.Type(), b.service))
				err, _ := out[len(out)-1].Interface().(error)
				require.True(t, asked.Load() > 0 || err != nil, "%s is said to be done, and nothing was sent", name)
			}
		})
	})
	t.Run("hands through what the target says", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t)
			r := b.run(nil)
			require.NoError(t, b.take(t, r))
			defer r.Release(t.Context())
			u, change, err := r.EnsureUser(t.Context(), b.service, conversations.User{Identity: "ann"})
			require.NoError(t, err)
			require.Equal(t, migrate.Created, change)
			require.NotEmpty(t, u.SID)
			_, change, err = r.EnsureUser(t.Context(), b.service, conversations.User{Identity: "ann"})
			require.NoError(t, err)
			require.Equal(t, migrate.Unchanged, change)
			p, change, err := r.EnsureParticipant(t.Context(), b.service, b.room, conversations.Participant{Identity: "ann"}, nil)
			require.NoError(t, err)
			require.Equal(t, migrate.Created, change)
			require.NotEmpty(t, p.SID)
			c, err := r.AppendConversation(t.Context(), b.service, conversations.Conversation{UniqueName: "x"})
			require.NoError(t, err)
			require.NotEmpty(t, c.SID)
			_, err = r.AppendConversation(t.Context(), b.service, conversations.Conversation{UniqueName: "x"})
			require.Equal(t, migrate.Exists, migrate.KindOf(err))
			role, err := r.AppendRole(t.Context(), b.service, conversations.Role{FriendlyName: "r", Type: "service", Permissions: []string{"createConversation"}})
			require.NoError(t, err)
			require.NotEmpty(t, role.SID)
			n := 0
			for c, err := range r.Conversations(t.Context(), b.service) {
				require.NoError(t, err)
				require.NotEqual(t, migrate.ClaimName, c.UniqueName)
				n++
			}
			require.Equal(t, 2, n)
		})
	})
}
