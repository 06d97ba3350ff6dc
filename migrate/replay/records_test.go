package replay_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
)

// channelOf is what the ledger has of a channel.
func channelOf(t *testing.T, r *rig.Rig, channel int) migrate.ChannelRecord {
	t.Helper()
	l, err := sqlite.OpenReader(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	rec, known, err := l.Channel(t.Context(), rig.SidOf("CH", channel))
	require.NoError(t, err)
	require.True(t, known)
	return rec
}

func serviceOf(t *testing.T, r *rig.Rig, sid string) migrate.ServiceRecord {
	t.Helper()
	l, err := sqlite.OpenReader(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	rec, known, err := l.Service(t.Context(), sid)
	require.NoError(t, err)
	require.True(t, known)
	return rec
}

func entityOf(t *testing.T, r *rig.Rig, kind migrate.EntityKind, sid string) (migrate.EntityRecord, bool) {
	t.Helper()
	l, err := sqlite.OpenReader(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	rec, known, err := l.Entity(t.Context(), kind, sid)
	require.NoError(t, err)
	return rec, known
}

// failuresOf is what the ledger knows not to have been carried.
func failuresOf(t *testing.T, r *rig.Rig) (all []migrate.Failure) {
	t.Helper()
	l, err := sqlite.OpenReader(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	for f, err := range l.Failures(t.Context()) {
		require.NoError(t, err)
		all = append(all, f)
	}
	return all
}

func lastRun(t *testing.T, r *rig.Rig) migrate.RunRecord {
	t.Helper()
	l, err := sqlite.OpenReader(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	last, ok, err := l.LastRun(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	return last
}

// dealtWith requires that the last run dealt with all that is there, and is how
// far it came.
func dealtWith(t *testing.T, r *rig.Rig) (p replay.Progress) {
	t.Helper()
	require.NoError(t, json.Unmarshal(lastRun(t, r).Progress, &p))
	var all int64
	for _, n := range p.Totals {
		all += n
	}
	require.Equal(t, all, p.Done, "%+v", p)
	return p
}
