package sqlite_test

import (
	"context"
	"iter"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/sqlite"
)

// endOf is the error that ends a sequence.
func endOf[T any](seq iter.Seq2[T, error]) (end error) {
	for _, err := range seq {
		end = err
	}
	return end
}

func reads(ctx context.Context, r migrate.LedgerReader) map[string]error {
	_, fingerprint := r.Fingerprint(ctx)
	_, _, service := r.Service(ctx, sid("IS", 1))
	_, services := r.Services(ctx)
	_, _, entity := r.Entity(ctx, migrate.UserEntity, sid("US", 1))
	_, _, channel := r.Channel(ctx, sid("CH", 1))
	_, _, newest := r.Newest(ctx, sid("CH", 1))
	_, _, message := r.AtOrBelow(ctx, sid("CH", 1), 5)
	_, count := r.CountMessages(ctx, sid("CH", 1))
	_, doubts := r.Doubts(ctx, sid("CH", 1))
	_, _, file := r.File(ctx, sid("CH", 1), 1)
	_, _, files := r.CountFiles(ctx)
	_, _, run := r.LastRun(ctx)
	_, service1 := r.Lookup(ctx, sid("IS", 1))
	_, user1 := r.Lookup(ctx, sid("US", 1))
	return map[string]error{
		"read fingerprint": fingerprint, "read service " + sid("IS", 1): service, "read services": services, "read": entity,
		"read entities": endOf(r.Entities(ctx, migrate.UserEntity, sid("IS", 1))), "read channel " + sid("CH", 1): channel,
		"read channels " + sid("IS", 1): endOf(r.Channels(ctx, sid("IS", 1))), "read messages " + sid("CH", 1): endOf(r.Messages(ctx, sid("CH", 1), -1)),
		"read newest message " + sid("CH", 1): newest, "read message " + sid("CH", 1): message, "count messages " + sid("CH", 1): count,
		"count files": files, "read file " + sid("CH", 1): file, "read files " + sid("CH", 1): endOf(r.Files(ctx, sid("CH", 1))),
		"read doubts " + sid("CH", 1): doubts, "read failures": endOf(r.Failures(ctx)), "read last run": run,
		"look up " + sid("IS", 1): service1, "look up " + sid("US", 1): user1,
	}
}

func writes(ctx context.Context, l migrate.Ledger) map[string]error {
	return map[string]error{
		"bind": l.Bind(ctx, migrate.Fingerprint{"a": "b"}), "read fingerprint": l.Rebind(ctx, migrate.Fingerprint{"a": "b"}),
		"put service " + sid("IS", 1): l.PutService(ctx, migrate.ServiceRecord{SourceSID: sid("IS", 1)}), "forget service": l.ForgetService(ctx, sid("IS", 1)),
		"put entity": l.PutEntity(ctx, migrate.EntityRecord{}), "forget entity": l.ForgetEntity(ctx, migrate.UserEntity, sid("US", 1)),
		"put channel": l.PutChannel(ctx, migrate.ChannelRecord{}), "put message": l.PutMessage(ctx, sid("CH", 1), migrate.MessageRecord{}),
		"forget messages": l.ForgetMessages(ctx, sid("CH", 1), 0), "put doubt": l.PutDoubt(ctx, sid("CH", 1), migrate.DoubtRecord{}),
		"put file": l.PutFile(ctx, sid("CH", 1), migrate.FileRecord{}), "forget file": l.ForgetFile(ctx, sid("CH", 1), 1),
		"put failure": l.PutFailure(ctx, migrate.Failure{}), "clear failures": l.ClearFailures(ctx, sid("CH", 1)),
		"put run": l.PutRun(ctx, migrate.RunRecord{ID: "a"}), "sync ledger": l.Sync(ctx),
	}
}

// An answer that was not read looks like an empty ledger, and an empty ledger
// would have everything written again.
func TestNoMethodKeepsAnErrorToItself(t *testing.T) {
	path := closed(t, 10)
	l, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, all := range []map[string]error{reads(stopped, l), writes(stopped, l)} {
		for said, err := range all {
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err), said)
		}
	}
	require.NoError(t, l.Close())
	for said, err := range reads(t.Context(), l) {
		require.Equal(t, migrate.Failed, migrate.KindOf(err), said)
		require.ErrorContains(t, err, said)
		require.ErrorContains(t, err, "ledger is closed", said)
	}
	for said, err := range writes(t.Context(), l) {
		if said == "bind" {
			said = "read fingerprint"
		}
		require.Equal(t, migrate.Failed, migrate.KindOf(err), said)
		require.ErrorContains(t, err, said)
		require.ErrorContains(t, err, "ledger is closed", said)
	}

	r, err := sqlite.OpenReader(t.Context(), path)
	require.NoError(t, err)
	for said, err := range reads(stopped, r) {
		require.Equal(t, migrate.Interrupted, migrate.KindOf(err), said)
	}
	require.NoError(t, r.Close())
	for said, err := range reads(t.Context(), r) {
		require.Equal(t, migrate.Failed, migrate.KindOf(err), said)
	}
}

func TestDamageThatIsMetWhileReading(t *testing.T) {
	path := closed(t, 5000)
	damage(t, path)
	r, err := sqlite.OpenReader(t.Context(), path)
	require.NoError(t, err)
	n := 0
	var end error
	for _, err := range r.Messages(t.Context(), sid("CH", 1), -1) {
		if end = err; err == nil {
			n++
		}
	}
	require.Equal(t, migrate.Failed, migrate.KindOf(end), "a list that is cut short is not at its end")
	require.Contains(t, migrate.HintOf(end), "keep the file for inspection")
	require.Less(t, n, 5000)
	require.NoError(t, r.Close())
}

func TestValuesThatCannotBeStored(t *testing.T) {
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	far := time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, err := range map[string]error{
		"put channel": l.PutChannel(t.Context(), migrate.ChannelRecord{SourceSID: sid("CH", 1), ServiceSID: sid("IS", 1), DateUpdated: far}),
		"put entity":  l.PutEntity(t.Context(), migrate.EntityRecord{SourceSID: sid("US", 1), DateUpdated: far}),
		"put failure": l.PutFailure(t.Context(), migrate.Failure{SourceSID: sid("CH", 1), At: far}),
		"put run":     l.PutRun(t.Context(), migrate.RunRecord{ID: "a", StartedAt: far}),
		"put run ":    l.PutRun(t.Context(), migrate.RunRecord{ID: "a", HeartbeatAt: far}),
		"put run  ":   l.PutRun(t.Context(), migrate.RunRecord{ID: "a", EndedAt: far}),
	} {
		require.Equal(t, migrate.Failed, migrate.KindOf(err), name)
		require.ErrorContains(t, err, "3000-01-01T00:00:00Z is out of range", name)
	}
	_, ok, err := l.Channel(t.Context(), sid("CH", 1))
	require.NoError(t, err)
	require.False(t, ok)
	_, ok, err = l.LastRun(t.Context())
	require.NoError(t, err)
	require.False(t, ok)
	put(t, l, 0, 1)
	require.NoError(t, l.Close(), "the others are not given up")
}

func TestValuesThatOursWouldNotHaveStored(t *testing.T) {
	path := closed(t, 1)
	l, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, l.PutService(t.Context(), migrate.ServiceRecord{SourceSID: sid("IS", 1)}))
	require.NoError(t, l.PutFailure(t.Context(), migrate.Failure{SourceSID: "CH1", Kind: "channel"}))
	require.NoError(t, l.Close())
	alter(t, path, `UPDATE services SET target_sid = 5; UPDATE failures SET at = 'yesterday'`)
	l, err = sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	_, _, err = l.Service(t.Context(), sid("IS", 1))
	require.ErrorContains(t, err, "unpack SID: stored as int64")
	require.ErrorContains(t, endOf(l.Failures(t.Context())), "unpack time: stored as string")
	require.NoError(t, l.Close())
}

func TestMoreThanAPage(t *testing.T) {
	const many = 1100
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	for n := range many {
		require.NoError(t, l.PutChannel(t.Context(), migrate.ChannelRecord{SourceSID: sid("CH", n), ServiceSID: sid("IS", 1)}))
		require.NoError(t, l.PutFailure(t.Context(), migrate.Failure{SourceSID: sid("CH", n/2), Kind: []string{"channel", "message"}[n%2]}))
		require.NoError(t, l.PutEntity(t.Context(), migrate.EntityRecord{Kind: migrate.UserEntity, SourceSID: sid("US", n), ParentSID: sid("IS", 1)}))
	}
	var n int
	for c, err := range l.Channels(t.Context(), sid("IS", 1)) {
		require.NoError(t, err)
		require.Equal(t, sid("CH", n), c.SourceSID)
		n++
	}
	require.Equal(t, many, n)
	n = 0
	for f, err := range l.Failures(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, sid("CH", n/2), f.SourceSID)
		require.Equal(t, []string{"channel", "message"}[n%2], f.Kind)
		n++
	}
	require.Equal(t, many, n)
	n = 0
	for e, err := range l.Entities(t.Context(), migrate.UserEntity, sid("IS", 1)) {
		require.NoError(t, err)
		require.Equal(t, sid("US", n), e.SourceSID)
		n++
	}
	require.Equal(t, many, n)
	require.NoError(t, l.Close())
}

// A put that fails takes the group with it that was open, at once and for
// whoever reads: what is shown as put must not be gone later.
func TestAFailedPutTakesItsGroupWithIt(t *testing.T) {
	path := closed(t, 3)
	alter(t, path, `CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN new.source_index = 6 BEGIN SELECT RAISE(FAIL, 'no'); END`)
	l, err := sqlite.Open(t.Context(), path, sqlite.Group(time.Hour, 1000))
	require.NoError(t, err)
	put(t, l, 3, 6)
	newest, _, err := l.Newest(t.Context(), sid("CH", 1))
	require.NoError(t, err)
	require.EqualValues(t, 5, newest.SourceIndex)
	require.Error(t, l.PutMessage(t.Context(), sid("CH", 1), migrate.MessageRecord{SourceIndex: 6}))
	newest, _, err = l.Newest(t.Context(), sid("CH", 1))
	require.NoError(t, err)
	require.EqualValues(t, 2, newest.SourceIndex)
	require.Error(t, l.Close())
	require.Equal(t, 3, committed(t, path))
}

func TestBindings(t *testing.T) {
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	one := migrate.Fingerprint{"account": "AC1"}
	other := migrate.Fingerprint{"account": "AC2"}
	require.NoError(t, l.Rebind(t.Context(), one, "account"), "what is not bound agrees with anything")
	require.Equal(t, migrate.Conflict, migrate.KindOf(l.Bind(t.Context(), other)))
	require.Equal(t, migrate.Conflict, migrate.KindOf(l.Rebind(t.Context(), other, "account")))
	require.NoError(t, l.Bind(t.Context(), one))
	require.NoError(t, l.Rebind(t.Context(), other), "nothing was fixed")
	require.NoError(t, l.Bind(t.Context(), other))
	require.NoError(t, l.Close())
}

func TestReadingDoesNotMoveTheLog(t *testing.T) {
	path := closed(t, 10)
	l, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	put(t, l, 10, 20)
	require.NoError(t, l.PutService(t.Context(), migrate.ServiceRecord{SourceSID: "IS1", TargetSID: "IS2"}))
	crashed := copied(t, path)
	require.NoError(t, l.Close())
	before := snapshot(t, filepath.Dir(crashed))
	require.Equal(t, 20, committed(t, crashed))
	after := snapshot(t, filepath.Dir(crashed))
	for name := range before {
		require.Equal(t, before[name], after[name], name)
	}
	r, err := sqlite.OpenReader(t.Context(), path)
	require.NoError(t, err)
	pairs, err := r.Lookup(t.Context(), "IS1")
	require.NoError(t, err)
	require.Len(t, pairs, 1, "a SID of any length is looked up")
	require.NoError(t, r.Close())
}
