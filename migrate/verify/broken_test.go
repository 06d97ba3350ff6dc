package verify_test

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
)

var errListBroke = errors.New("the list broke")

// breaking is a Source of which one list breaks when all of it was shown, while
// what is read of each of its items takes a while, also to end when it is told
// to.
type breaking struct {
	migrate.Source
	channels bool // it is the list of channels, and not that of users

	reading atomic.Int64 // reads at work
	read    atomic.Int64 // reads that began
}

// broken is a list that ends with an error once something is at work.
func broken[T any](list iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for one, err := range list {
			if !yield(one, err) {
				return
			}
		}
		synctest.Wait()
		var none T
		yield(none, errListBroke)
	}
}

func (b *breaking) Channels(ctx context.Context, serviceSID string) iter.Seq2[chat.Channel, error] {
	if !b.channels {
		return b.Source.Channels(ctx, serviceSID)
	}
	return broken(b.Source.Channels(ctx, serviceSID))
}

func (b *breaking) Users(ctx context.Context, serviceSID string) iter.Seq2[chat.User, error] {
	if b.channels {
		return b.Source.Users(ctx, serviceSID)
	}
	return broken(func(yield func(chat.User, error) bool) {
		for u, err := range b.Source.Users(ctx, serviceSID) {
			u.Attributes = nil // it has to be read by itself
			if !yield(u, err) {
				return
			}
		}
	})
}

func (b *breaking) hold(ctx context.Context) error {
	b.read.Add(1)
	b.reading.Add(1)
	defer b.reading.Add(-1)
	<-ctx.Done()
	time.Sleep(time.Second)
	return ctx.Err()
}

func (b *breaking) Channel(ctx context.Context, serviceSID, sid string) (chat.Channel, error) {
	if !b.channels {
		return b.Source.Channel(ctx, serviceSID, sid)
	}
	return chat.Channel{}, b.hold(ctx)
}

func (b *breaking) User(ctx context.Context, serviceSID, sid string) (chat.User, error) {
	if b.channels {
		return b.Source.User(ctx, serviceSID, sid)
	}
	return chat.User{}, b.hold(ctx)
}

// TestBrokenLists breaks a list while what it showed is worked on. Whoever reads
// it may close what the work uses as soon as the error is returned.
func TestBrokenLists(t *testing.T) {
	audit := func(ctx context.Context, r *rig.Rig, s migrate.Source) error {
		a := audit.Auditor{Source: s, Observer: r.Events, Settings: r.Settings}
		_, err := a.Run(ctx)
		return err
	}
	verify := func(ctx context.Context, r *rig.Rig, s migrate.Source) error {
		v := verify.Verifier{Source: s, Target: r.Target(&transport.Counter{}), Observer: r.Events, Settings: r.Settings}
		_, err := v.Run(ctx, func(verify.Difference) {})
		return err
	}
	for name, one := range map[string]struct {
		run      func(context.Context, *rig.Rig, migrate.Source) error
		channels bool
	}{
		"an audit of the users":        {audit, false},
		"an audit of the channels":     {audit, true},
		"a comparison of the channels": {verify, true},
	} {
		t.Run(name+" ends when all that it started has ended", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(3).Archive()})
				_, err := r.Migrate(t.Context())
				require.NoError(t, err)
				source := &breaking{Source: r.Source(&transport.Counter{}), channels: one.channels}
				require.ErrorIs(t, one.run(t.Context(), r, source), errListBroke)
				require.Positive(t, source.read.Load())
				require.Zero(t, source.reading.Load(), "still at work")
			})
		})
	}
}
