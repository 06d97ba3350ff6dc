package replay_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

const saidOtherCount = "the channel's message count differs from its list"

// progress is an observer of how much there is, and how much of it is done.
type progress struct {
	*rig.Events
	mu          sync.Mutex
	total, done map[string]int64
}

func (p *progress) Total(kind string, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total[kind] = n
}

func (p *progress) Done(kind string, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[kind] += n
}

// However messages come to be in the target, a run counts each of them once, and
// has as many as it was told of.
func TestEveryMessageIsCountedOnce(t *testing.T) {
	killed := func(t *testing.T, r *rig.Rig, _ *middle) {
		require.True(t, r.Killed(t, rig.Kill{Write: 14, After: true}))
	}
	done := func(t *testing.T, r *rig.Rig, _ *middle) { pass(t, r, migrate.Complete) }
	lost := func(t *testing.T, r *rig.Rig, _ *middle) {
		done(t, r, nil)
		r.Ledger += ".new"
	}
	for name, c := range map[string]struct {
		before func(t *testing.T, r *rig.Rig, m *middle)
		want   migrate.KindCount
	}{
		"in a first run": {func(*testing.T, *rig.Rig, *middle) {}, migrate.KindCount{Source: 6, Written: 5, LeftOut: 1}},
		"after a kill":   {killed, migrate.KindCount{Source: 6, Existing: 3, Written: 2, LeftOut: 1}},
		"with an answer that is lost": {func(_ *testing.T, _ *rig.Rig, m *middle) {
			lost := false
			m.do(func(x exchange) bool {
				if lost || !x.appends("three") {
					return false
				}
				lost = true
				x.commit()
				x.lose()
				return true
			})
		}, migrate.KindCount{Source: 6, Written: 5, LeftOut: 1}},
		"under a new ledger": {lost, migrate.KindCount{Source: 6, Existing: 5, LeftOut: 1}},
		"after a kill, under a new ledger": {func(t *testing.T, r *rig.Rig, _ *middle) {
			killed(t, r, nil)
			r.Ledger += ".new"
		}, migrate.KindCount{Source: 6, Existing: 3, Written: 2, LeftOut: 1}},
		"with a message of an application that writes to both sides": {func(t *testing.T, r *rig.Rig, _ *middle) {
			done(t, r, nil)
			mirror(t, r, only(t, r).Conversation, "new")
		}, migrate.KindCount{Source: 7, Existing: 7}},
		"after one was deleted in the target, under a new ledger": {func(t *testing.T, r *rig.Rig, _ *middle) {
			lost(t, r, nil)
			require.NoError(t, r.Emulator.DeleteAs(only(t, r).Conversation, messageOf(t, only(t, r), "two").SID))
		}, migrate.KindCount{Source: 6, Existing: 4, LeftOut: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fourth := ""
				if c.want.LeftOut == 0 {
					fourth = "four"
				}
				r, m := between(t, emulator.Config{Archive: oneChannel("one", "two", "three", fourth, "five", "six").Archive(), Latency: 300 * time.Millisecond})
				r.Settings.Mapper.Policy = mapping.Policy{mapping.BodyEmpty: "skip"}
				c.before(t, r, m)
				r.Events = &rig.Events{}
				p := &progress{Events: r.Events, total: map[string]int64{}, done: map[string]int64{}}
				var live func() replay.Progress
				s, err := r.Migrate(t.Context(), func(m *replay.Migration) {
					m.Observer, m.Began = p, func(l func() replay.Progress) { live = l }
				})
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				require.Equal(t, c.want, s.Counts[migrate.KindMessages])
				require.Equal(t, c.want.Source, p.total[migrate.KindMessages])
				require.Equal(t, c.want.Source, p.done[migrate.KindMessages])
				require.Equal(t, c.want, live().Counts[migrate.KindMessages], "while it runs")
				require.Zero(t, said(r, saidOtherCount))
			})
		})
	}
}

func TestChannelThatCountsOtherMessagesThanItShows(t *testing.T) {
	for _, counted := range []string{"3", "5"} {
		synctest.Test(t, func(t *testing.T) {
			in := rig.WithFile(t, oneChannel(four...).Archive(), archive.ChannelsPath(rig.ScenarioService), func(s string) string {
				require.Contains(t, s, `"messages_count":4`)
				return strings.ReplaceAll(s, `"messages_count":4`, `"messages_count":`+counted)
			})
			r, _ := between(t, emulator.Config{Archive: in})
			for range 2 {
				r.Events = &rig.Events{}
				p := &progress{Events: r.Events, total: map[string]int64{}, done: map[string]int64{}}
				_, err := r.Migrate(t.Context(), func(m *replay.Migration) { m.Observer = p })
				require.NoError(t, err)
				require.Equal(t, 1, said(r, saidOtherCount))
				require.EqualValues(t, 4, p.total[migrate.KindMessages])
				require.EqualValues(t, 4, p.done[migrate.KindMessages])
			}
		})
	}
}
