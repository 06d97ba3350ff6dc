package ledgertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func testBind(t *testing.T, create New) {
	bound := migrate.Fingerprint{"source account": "AC1", "target account": "AC2", "policy": "strict"}

	t.Run("an empty ledger takes a fingerprint and keeps it", func(t *testing.T) {
		store := create(t)
		l := store.open(t)
		require.NoError(t, l.Bind(t.Context(), bound))
		require.NoError(t, l.Bind(t.Context(), bound))
		require.NoError(t, l.Close())

		l = store.open(t)
		require.NoError(t, l.Bind(t.Context(), bound))
		require.NoError(t, l.Close())
	})

	t.Run("what it is bound to can be read", func(t *testing.T) {
		l := fresh(t, create)
		got, err := l.Fingerprint(t.Context())
		require.NoError(t, err)
		require.Empty(t, got)
		require.NoError(t, l.Bind(t.Context(), bound))
		got, err = l.Fingerprint(t.Context())
		require.NoError(t, err)
		require.Equal(t, bound, got)
	})

	t.Run("bound to other settings, it accepts those and no others", func(t *testing.T) {
		l := fresh(t, create)
		require.NoError(t, l.Bind(t.Context(), bound))
		other := migrate.Fingerprint{"source account": "AC1", "target account": "AC2", "stamp": "no"}
		require.NoError(t, l.Rebind(t.Context(), other, "source account", "target account"))
		got, err := l.Fingerprint(t.Context())
		require.NoError(t, err)
		require.Equal(t, other, got)
		require.NoError(t, l.Bind(t.Context(), other))
		require.Equal(t, migrate.Conflict, migrate.KindOf(l.Bind(t.Context(), bound)))
	})

	t.Run("bound to other settings, it does not say any more that channels were listed", func(t *testing.T) {
		l := fresh(t, create)
		require.NoError(t, l.Bind(t.Context(), bound))
		rec := migrate.ChannelRecord{SourceSID: sid("CH", 1), ServiceSID: sid("IS", 1), Stage: migrate.Done, MessagesCount: 3, Listed: migrate.Listed{Known: true, Members: 2, Messages: 3, LeftOutMembers: 1, LeftOutMessages: 1}}
		require.NoError(t, l.PutChannel(t.Context(), rec))
		for _, again := range []migrate.Fingerprint{bound, {"source account": "AC1", "target account": "AC2", "policy": "lax"}} {
			require.NoError(t, l.Rebind(t.Context(), again, "source account"))
			got, known, err := l.Channel(t.Context(), rec.SourceSID)
			require.NoError(t, err)
			require.True(t, known)
			require.Equal(t, rec, got)
			rec.Listed = migrate.Listed{}
		}
	})

	t.Run("another value of a fixed setting is refused, named, and changes nothing", func(t *testing.T) {
		l := fresh(t, create)
		require.NoError(t, l.Bind(t.Context(), bound))
		err := l.Rebind(t.Context(), migrate.Fingerprint{"source account": "AC3", "policy": "lax"}, "source account")
		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		require.ErrorContains(t, err, `source account is "AC1" there and "AC3" here`)
		require.NotContains(t, err.Error(), "policy")
		require.NoError(t, l.Bind(t.Context(), bound))
	})

	t.Run("a mismatch is a conflict that names each setting and both values", func(t *testing.T) {
		l := fresh(t, create)
		require.NoError(t, l.Bind(t.Context(), bound))

		err := l.Bind(t.Context(), migrate.Fingerprint{"source account": "AC1", "target account": "AC3", "stamp": "no"})

		require.Equal(t, migrate.Conflict, migrate.KindOf(err))
		require.NotEmpty(t, migrate.HintOf(err))
		for _, part := range []string{"target account", "AC2", "AC3", "policy", "strict", "stamp", "no"} {
			require.ErrorContains(t, err, part)
		}
		require.NotContains(t, err.Error(), "source account")
		require.NoError(t, l.Bind(t.Context(), bound), "a refused fingerprint was stored")
	})
}
