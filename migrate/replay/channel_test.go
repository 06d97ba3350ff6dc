package replay_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// alone is what a worker with a single job agrees about with itself.
type alone struct {
	target  *twilio.Target
	service string
	taken   error
	muted   int

	mu    sync.Mutex
	users []string
}

func (a *alone) EnsureUser(ctx context.Context, identity string) error {
	a.mu.Lock()
	a.users = append(a.users, identity)
	a.mu.Unlock()
	_, _, err := a.target.EnsureUser(ctx, a.service, conversations.User{Identity: identity})
	return err
}

func (a *alone) Mute(context.Context) error { a.muted++; return nil }

func (a *alone) Turn(context.Context, string) (func(), error) { return func() {}, nil }

func (a *alone) Reserve(string, string) error { return a.taken }

func (a *alone) Candidates(context.Context, string, conversations.Conversation) ([]conversations.Conversation, error) {
	return nil, nil
}

func (a *alone) CandidatesNow(context.Context, string, conversations.Conversation) ([]conversations.Conversation, error) {
	return nil, nil
}

func (a *alone) Born(context.Context) (time.Time, error) { return time.Time{}, nil }

func (a *alone) Spare() {}

func (a *alone) MakeRoom(context.Context, int) (bool, error) { return false, nil }

func job(t *testing.T, r *rig.Rig) (replay.Job, *alone) {
	source, target := r.Source(&transport.Counter{}), r.Target(&transport.Counter{})
	ledger, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, ledger.Close()) })
	services, err := migrate.ReadServices(t.Context(), source, nil)
	require.NoError(t, err)
	service := services[0]
	made, err := target.AppendService(t.Context(), conversations.Service{FriendlyName: service.FriendlyName})
	require.NoError(t, err)
	j := replay.Job{
		Source: source, Target: target, Ledger: ledger, Service: service, TargetService: made.SID, Roles: mapping.Roles{},
	}
	for role, err := range source.Roles(t.Context(), service.SID) {
		require.NoError(t, err)
		want, _ := mapping.Mapper{}.Role(role)
		have, err := target.AppendRole(t.Context(), made.SID, want)
		require.NoError(t, err)
		j.Roles[role.SID] = mapping.Role{Source: role, TargetSID: have.SID}
	}
	for c, err := range source.Channels(t.Context(), service.SID) {
		require.NoError(t, err)
		j.Channel, j.Record = c, migrate.ChannelRecord{SourceSID: c.SID, ServiceSID: service.SID}
	}
	n := &alone{target: target, service: made.SID}
	j.Neighbours = n
	return j, n
}

func TestChannel(t *testing.T) {
	t.Run("brings one channel over without a run around it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive()})
			j, n := job(t, r)
			did, err := replay.Channel(t.Context(), j)
			require.NoError(t, err)
			require.True(t, did.Wrote)
			require.Equal(t, migrate.Done, did.Record.Stage)
			require.EqualValues(t, 2, did.Members)
			require.EqualValues(t, 6, did.Messages)
			require.NotZero(t, n.muted)
			slices.Sort(n.users) // asked for ahead, and again by whoever joins
			require.Len(t, slices.Compact(n.users), 2)
			rec, _, err := j.Ledger.Channel(t.Context(), j.Channel.SID)
			require.NoError(t, err)
			require.Equal(t, did.Record, rec)
			var bodies []string
			for m, err := range j.Target.Messages(t.Context(), j.TargetService, rec.TargetSID, false) {
				require.NoError(t, err)
				bodies = append(bodies, m.Body)
			}
			require.Equal(t, []string{"one", "two", "three", "four", "five", "six"}, bodies)
		})
	})
	t.Run("goes on where an earlier call ended, and writes nothing twice", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive()})
			j, _ := job(t, r)
			stop := make(chan struct{})
			j.Source, j.Drain = drainsAt{j.Source, 3, stop}, stop
			did, err := replay.Channel(t.Context(), j)
			require.ErrorIs(t, err, migrate.ErrDrained)
			require.EqualValues(t, 2, did.Messages)

			j, writes := again(t, j), r.Emulator.Stats().Conversations.Writes
			did, err = replay.Channel(t.Context(), j)
			require.NoError(t, err)
			require.EqualValues(t, 6, did.Messages)
			require.EqualValues(t, 4+1+1, r.Emulator.Stats().Conversations.Writes-writes, "four messages, a horizon, the date")

			did, err = replay.Channel(t.Context(), again(t, j))
			require.NoError(t, err)
			require.False(t, did.Wrote)
		})
	})
	t.Run("reads nothing back before what was sent for it may have landed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive()})
			j, _ := job(t, r)
			stop := make(chan struct{})
			j.Source, j.Drain = drainsAt{j.Source, 3, stop}, stop
			_, err := replay.Channel(t.Context(), j)
			require.ErrorIs(t, err, migrate.ErrDrained)

			j, began := again(t, j), time.Now()
			j.SettledAt = began.Add(time.Hour)
			did, err := replay.Channel(t.Context(), j)
			require.NoError(t, err, "the wait is no stall")
			require.EqualValues(t, 6, did.Messages)
			require.Equal(t, time.Hour, time.Since(began), "and nothing else is waited for: nothing was in doubt")
		})
	})
	t.Run("stops before it writes a message if its conversation is another channel's", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive()})
			j, n := job(t, r)
			n.taken = errors.New("taken")
			did, err := replay.Channel(t.Context(), j)
			require.ErrorIs(t, err, n.taken)
			require.False(t, migrate.EndsRun(t.Context(), err))
			require.Zero(t, did.Messages)
			require.Empty(t, did.Record.TargetSID)
		})
	})
}

// again is the job as another process would find it in the ledger.
func again(t *testing.T, j replay.Job) replay.Job {
	t.Helper()
	rec, _, err := j.Ledger.Channel(t.Context(), j.Channel.SID)
	require.NoError(t, err)
	j.Record, j.Drain = rec, nil
	if d, ok := j.Source.(drainsAt); ok {
		j.Source = d.Source
	}
	return j
}

// drainsAt tells a job to stop when it reads message n of its channel.
type drainsAt struct {
	migrate.Source
	n    int
	stop chan struct{}
}

func (d drainsAt) Messages(ctx context.Context, serviceSID, channelSID string, s migrate.Span) iter.Seq2[chat.Message, error] {
	return func(yield func(chat.Message, error) bool) {
		n := 0
		for m, err := range d.Source.Messages(ctx, serviceSID, channelSID, s) {
			if n++; n == d.n {
				close(d.stop)
			}
			if !yield(m, err) {
				return
			}
		}
	}
}
