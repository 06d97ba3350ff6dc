package replay_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
)

// One message, or one member, that only the migration can have written is proof
// enough of whose a conversation is.
func TestOneIsProofEnough(t *testing.T) {
	many := make([]string, 401) // more than twice of what is looked at
	for i := range many {
		many[i] = fmt.Sprint("message ", i)
	}
	for name, c := range map[string]struct {
		bodies  []string
		members bool
		before  func(t *testing.T, r *rig.Rig)
		status  string
	}{
		"the only message":                       {bodies: []string{"one"}, status: migrate.Complete},
		"the first of many":                      {bodies: many, status: migrate.Complete},
		"the second, as the first was deleted":   {bodies: []string{"one", "two", "three"}, status: migrate.Complete, before: deletes("one")},
		"the first, as the second was deleted":   {bodies: []string{"one", "two"}, status: migrate.Complete, before: deletes("two")},
		"the second member, as the first left":   {members: true, status: migrate.Complete, before: leaves(0)},
		"the first member, as the second left":   {members: true, status: migrate.Complete, before: leaves(1)},
		"the members, under the name of before":  {members: true, status: migrate.Complete, before: renames},
		"none is: it stops, and makes no second": {bodies: []string{"one"}, status: migrate.Partial, before: replaces("one")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				plan := oneChannel(c.bodies...)
				if !c.members {
					plan.Channels[0].Members, plan.Channels[0].Read = nil, nil
				}
				r, _ := between(t, emulator.Config{Archive: plan.Archive()})
				pass(t, r, migrate.Complete)
				there := only(t, r)
				r.Settings.ToService = there.Service
				r.Ledger += ".new"
				if c.before != nil {
					c.before(t, r)
				}
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, c.status, s.Status, "%s", reasons(s))
				adopted := 1
				if c.status == migrate.Partial {
					adopted = 0
					require.Contains(t, reasons(s), there.Conversation)
				}
				require.Equal(t, adopted, said(r, saidAdopted))
				require.Len(t, r.ConversationsOf(t, there.Service)[rig.SidOf("CH", 0)], 1)
			})
		})
	}
}

func deletes(body string) func(*testing.T, *rig.Rig) {
	return func(t *testing.T, r *rig.Rig) {
		there := only(t, r)
		require.NoError(t, r.Emulator.DeleteAs(there.Conversation, messageOf(t, there, body).SID))
	}
}

func replaces(body string) func(*testing.T, *rig.Rig) {
	return func(t *testing.T, r *rig.Rig) {
		deletes(body)(t, r)
		_, err := r.Emulator.PostAs(only(t, r).Conversation, rig.IdentityOf(0), body)
		require.NoError(t, err)
	}
}

func leaves(user int) func(*testing.T, *rig.Rig) {
	return func(t *testing.T, r *rig.Rig) {
		require.NoError(t, r.Emulator.LeaveAs(only(t, r).Conversation, rig.IdentityOf(user)))
	}
}

func renames(_ *testing.T, r *rig.Rig) {
	r.Settings.Mapper.Rename = map[string]string{rig.IdentityOf(0): "anna", rig.IdentityOf(1): "bert"}
}

// Looking at one candidate after the other is progress, however long it takes; and
// what is spare among them goes.
func TestCandidatesThatTakeLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		pass(t, r, migrate.Complete)
		there := only(t, r)
		twin(t, r)
		r.Settings.ToService = there.Service
		r.Ledger += ".new"
		r.Settings.Watchdog = 20 * time.Second
		m.do(func(x exchange) bool {
			if x.lists() {
				x.aside(func() { time.Sleep(15 * time.Second) })
			}
			return false
		})
		pass(t, r, migrate.Complete)
		require.Equal(t, 1, said(r, saidAdopted))
		require.Equal(t, 1, said(r, saidRemoved))
		m.rest()
		require.Equal(t, four, bodies(t, r))
	})
}

// quietTarget takes its time for what is in a conversation, and none of its requests
// tells the watchdog that something goes on.
type quietTarget struct {
	migrate.Target
	quiet context.Context
}

func (q quietTarget) Messages(_ context.Context, service, conversation string, newest bool) iter.Seq2[conversations.Message, error] {
	time.Sleep(15 * time.Second)
	return q.Target.Messages(q.quiet, service, conversation, newest)
}

func (q quietTarget) Participants(_ context.Context, service, conversation string) iter.Seq2[conversations.Participant, error] {
	time.Sleep(15 * time.Second)
	return q.Target.Participants(q.quiet, service, conversation)
}

// A lane that has looked at one candidate got on, whatever its target says.
func TestEachCandidateIsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: oneChannel(four...).Archive()})
		pass(t, r, migrate.Complete)
		r.Settings.ToService = only(t, r).Service
		twin(t, r)
		r.Ledger += ".new"
		r.Settings.Watchdog = 50 * time.Second
		s, err := (&calls{}).run(t.Context(), t, r, func(m *replay.Migration) { m.Target = quietTarget{m.Target, t.Context()} })
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.Equal(t, 1, said(r, saidRemoved))
	})
}
