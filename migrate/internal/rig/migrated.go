package rig

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
	"chatbridge/migrate/verify"
)

// Mutant is a finished migration that a test damages.
type Mutant struct {
	*Rig
	Target       *twilio.Target
	Service      string
	Conversation string
}

// Messages of the first conversation, in order.
func (m *Mutant) Messages(t *testing.T) []conversations.Message {
	var all []conversations.Message
	for one, err := range m.Target.Messages(t.Context(), m.Service, m.Conversation, false) {
		require.NoError(t, err)
		all = append(all, one)
	}
	return all
}

func (m *Mutant) Participants(t *testing.T) []conversations.Participant {
	var all []conversations.Participant
	for one, err := range m.Target.Participants(t.Context(), m.Service, m.Conversation) {
		require.NoError(t, err)
		all = append(all, one)
	}
	return all
}

func (m *Mutant) Put(t *testing.T, one conversations.Message) {
	_, err := m.Target.AppendMessage(t.Context(), m.Service, m.Conversation, one)
	require.NoError(t, err)
}

func (m *Mutant) Roles(t *testing.T) map[string]string {
	byName := map[string]string{}
	for r, err := range m.Target.Roles(t.Context(), m.Service) {
		require.NoError(t, err)
		byName[r.FriendlyName] = r.SID
	}
	return byName
}

// WholeScenario is one channel with everything that can be damaged.
func WholeScenario() Scenario {
	c := ChannelPlan{Unique: true, Members: []int{0, 1}, Read: []int{3, -1}}
	for i, body := range []string{"one", "two", "three", "four", "five", "six"} {
		c.Messages = append(c.Messages, MsgPlan{Author: i % 2, Body: body})
	}
	return Scenario{Users: 2, Concurrency: 2, Channels: []ChannelPlan{c}}
}

// Migrated brings the scenario over and hands out its one conversation.
func Migrated(t *testing.T, s Scenario) *Mutant {
	return NewRig(t, emulator.Config{Archive: s.Archive()}).Migrated(t)
}

// Migrated runs the rig's migration, and hands out its last conversation.
func (r *Rig) Migrated(t *testing.T) *Mutant {
	t.Helper()
	sum, err := r.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrate.Complete, sum.Status)
	m := &Mutant{Rig: r, Target: r.Target(&transport.Counter{}), Service: sum.Services[0].TargetSID}
	for c, err := range migrate.WithoutClaim(m.Target).Conversations(t.Context(), m.Service) {
		require.NoError(t, err)
		m.Conversation = c.SID
	}
	return m
}

// RestoreDates undoes what the damage did to the conversation's own date, so
// that only the damage itself is left to be found.
func (m *Mutant) RestoreDates(t *testing.T) {
	want := conversations.Conversation{SID: m.Conversation, DateUpdated: ScenarioStart.Add(48 * time.Hour)}
	require.NoError(t, m.Target.SetConversation(t.Context(), m.Service, want))
}

func (m *Mutant) Repair(t *testing.T, execute bool) (verify.Repairs, []verify.Repair) {
	t.Helper()
	return m.RepairWith(t.Context(), t, execute, func(verify.Repair) {})
}

// RepairWith is Repair under another context. Each is called for what it reports.
func (m *Mutant) RepairWith(ctx context.Context, t *testing.T, execute bool, each func(verify.Repair)) (verify.Repairs, []verify.Repair) {
	t.Helper()
	counter := &transport.Counter{}
	l, err := sqlite.Open(t.Context(), m.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	var all []verify.Repair
	r := m.repairer(m.Source(counter), m.Rig.Target(counter), l, execute)
	got, err := r.Run(ctx, func(one verify.Repair) {
		all = append(all, one)
		each(one)
	})
	require.NoError(t, err)
	return got, all
}

func (m *Mutant) repairer(source migrate.Source, target migrate.Target, l migrate.Ledger, execute bool) verify.Repairer {
	return verify.Repairer{
		Verifier: verify.Verifier{Source: migrate.Counted(source), Target: target, Ledger: l, Observer: m.Events, Settings: m.Settings},
		Write:    target, Record: l, Bring: m.Bring(source, l), Execute: execute,
	}
}

// RepairKilled makes a repair whose process is gone at a write, as [Rig.Killed] does a
// migration.
func (m *Mutant) RepairKilled(t *testing.T, k Kill) bool {
	t.Helper()
	return m.killed(t, k, func(ctx context.Context, source migrate.Source, target migrate.Target, l migrate.Ledger, _ *transport.Counter) {
		r := m.repairer(source, target, l, true)
		_, _ = r.Run(ctx, func(verify.Repair) {})
	})
}

// Bring is the lane that brings back the end of a conversation, with the ledger or
// with one that is thrown away.
func (r *Rig) Bring(source migrate.Source, l migrate.Ledger) migrate.BringTail {
	return replay.Bring(replay.Job{Source: source, Ledger: l, Observer: r.Events, Settings: r.Settings}, sqlite.OpenTemporary)
}

// InLedger has a test change what the ledger says.
func (m *Mutant) InLedger(t *testing.T, change func(migrate.Ledger)) {
	l, err := sqlite.Open(t.Context(), m.Ledger)
	require.NoError(t, err)
	change(l)
	require.NoError(t, l.Close())
}
