package claim_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/claim"
)

// TestPaused holds that no verb of a target writes while it is paused, whoever
// forgot to ask: not even into a service that is claimed.
func TestPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		r := b.run(nil)
		require.NoError(t, b.take(t, r))
		defer r.Release(t.Context())
		before := b.Emulator.Stats()
		p := &migrate.Pause{}
		p.Set("a file")
		ended := errors.New("ended")
		for _, name := range methods[migrate.Target]() {
			if slices.Contains(methods[migrate.TargetReader](), name) {
				continue
			}
			ctx, cancel := context.WithCancelCause(migrate.WithPause(t.Context(), p))
			method := reflect.ValueOf(r.Target).MethodByName(name)
			in := []reflect.Value{reflect.ValueOf(ctx)}
			for i := 1; i < method.Type().NumIn(); i++ {
				in = append(in, reflect.Zero(method.Type().In(i)))
			}
			if method.Type().NumIn() > 1 && method.Type().In(1).Kind() == reflect.String {
				in[1] = reflect.ValueOf(b.service)
			}
			answer := make(chan error, 1)
			go func() {
				out := method.Call(in)
				err, _ := out[len(out)-1].Interface().(error)
				answer <- err
			}()
			synctest.Wait()
			require.Empty(t, answer, "%s did not wait", name)
			cancel(ended)
			require.Equal(t, ended, <-answer, name)
		}
		require.Equal(t, before.Conversations.Writes, b.Emulator.Stats().Conversations.Writes)

		other := b.run(func(o *claim.Options) { o.Verb = "undo" })
		ctx, cancel := context.WithCancelCause(migrate.WithPause(t.Context(), p))
		cancel(ended)
		require.Equal(t, ended, other.Take(ctx, b.service, source, nil), "a claim is a write too")
	})
}
