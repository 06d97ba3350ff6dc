package ledgertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// paired is a ledger with something of each kind that arrived, in two services,
// and something that did not.
func paired(t *testing.T, create New) migrate.LedgerReader {
	t.Helper()
	store := create(t)
	l := store.open(t)
	ctx := t.Context()
	for n := range 2 {
		service, channel := sid("IS", n), sid("CH", n)
		require.NoError(t, l.PutService(ctx, migrate.ServiceRecord{SourceSID: service, TargetSID: sid("IS", 100+n)}))
		require.NoError(t, l.PutEntity(ctx, migrate.EntityRecord{Kind: migrate.RoleEntity, SourceSID: sid("RL", n), TargetSID: sid("RL", 100+n), ParentSID: service}))
		require.NoError(t, l.PutEntity(ctx, migrate.EntityRecord{Kind: migrate.UserEntity, SourceSID: sid("US", n), TargetSID: sid("US", 100+n), ParentSID: service}))
		require.NoError(t, l.PutChannel(ctx, migrate.ChannelRecord{SourceSID: channel, TargetSID: sid("CH", 100+n), ServiceSID: service}))
		require.NoError(t, l.PutEntity(ctx, migrate.EntityRecord{Kind: migrate.MemberEntity, SourceSID: sid("MB", n), TargetSID: sid("MB", 100+n), ParentSID: channel}))
		require.NoError(t, l.PutMessage(ctx, channel, migrate.MessageRecord{SourceIndex: 7, TargetIndex: 0, SourceSID: sid("IM", n), TargetSID: sid("IM", 100+n)}))
	}
	require.NoError(t, l.PutChannel(ctx, migrate.ChannelRecord{SourceSID: sid("CH", 9), ServiceSID: sid("IS", 0)}))
	require.NoError(t, l.PutEntity(ctx, migrate.EntityRecord{Kind: migrate.UserEntity, SourceSID: sid("US", 109), TargetSID: sid("US", 109), ParentSID: sid("IS", 1)}))
	require.NoError(t, l.Close())
	r := store.read(t)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func listed(t *testing.T, l migrate.LedgerReader, sel migrate.Selection) []string {
	t.Helper()
	var all []string
	for p, err := range migrate.Pairs(t.Context(), l, sel) {
		require.NoError(t, err)
		all = append(all, p.Kind+" "+p.SourceSID)
	}
	return all
}

func testPairs(t *testing.T, create New) {
	l := paired(t, create)
	t.Run("what arrived is listed service by service, and nothing else", func(t *testing.T) {
		require.Equal(t, []string{
			"services " + sid("IS", 0), "roles " + sid("RL", 0), "users " + sid("US", 0), "channels " + sid("CH", 0), "members " + sid("MB", 0), "messages " + sid("IM", 0),
			"services " + sid("IS", 1), "roles " + sid("RL", 1), "users " + sid("US", 1), "users ", "channels " + sid("CH", 1), "members " + sid("MB", 1), "messages " + sid("IM", 1),
		}, listed(t, l, migrate.Selection{}))
	})
	t.Run("kinds, services and channels can be selected, by either SID", func(t *testing.T) {
		require.Equal(t, []string{"users " + sid("US", 0), "users " + sid("US", 1), "users "}, listed(t, l, migrate.Selection{Kinds: []string{migrate.KindUsers}}))
		require.Len(t, listed(t, l, migrate.Selection{Services: []string{sid("IS", 100)}}), 6)
		require.Equal(t, []string{"channels " + sid("CH", 1), "members " + sid("MB", 1), "messages " + sid("IM", 1)},
			listed(t, l, migrate.Selection{Channels: []string{sid("CH", 101)}}))
	})
	t.Run("nobody has to listen to the end", func(t *testing.T) {
		for range migrate.Pairs(t.Context(), l, migrate.Selection{}) {
			break
		}
	})
}

func testLookup(t *testing.T, create New) {
	l := paired(t, create)
	for prefix, kind := range map[string]string{
		"IS": migrate.KindServices, "RL": migrate.KindRoles, "US": migrate.KindUsers,
		"CH": migrate.KindChannels, "MB": migrate.KindMembers, "IM": migrate.KindMessages,
	} {
		t.Run("finds "+kind+" by either SID", func(t *testing.T) {
			for _, n := range []int{1, 101} {
				found, err := l.Lookup(t.Context(), sid(prefix, n))
				require.NoError(t, err)
				require.Len(t, found, 1)
				require.Equal(t, [4]string{kind, sid(prefix, 1), sid(prefix, 101), sid("IS", 1)},
					[4]string{found[0].Kind, found[0].SourceSID, found[0].TargetSID, found[0].ServiceSID})
				require.Equal(t, kind == migrate.KindMembers || kind == migrate.KindMessages, found[0].ChannelSID == sid("CH", 1))
				require.Equal(t, kind == migrate.KindMessages, found[0].SourceIndex != nil && *found[0].SourceIndex == 7)
			}
		})
	}
	t.Run("finds every service that was migrated into one", func(t *testing.T) {
		l := fresh(t, create)
		for n := range 2 {
			require.NoError(t, l.PutService(t.Context(), migrate.ServiceRecord{SourceSID: sid("IS", n), TargetSID: sid("IS", 9)}))
		}
		found, err := l.Lookup(t.Context(), sid("IS", 9))
		require.NoError(t, err)
		require.Len(t, found, 2)
	})
	t.Run("finds everybody who shares a user of the target", func(t *testing.T) {
		l := fresh(t, create)
		for n := range 2 {
			require.NoError(t, l.PutService(t.Context(), migrate.ServiceRecord{SourceSID: sid("IS", n), TargetSID: sid("IS", 9)}))
			require.NoError(t, l.PutEntity(t.Context(), migrate.EntityRecord{Kind: migrate.UserEntity, SourceSID: sid("US", n), TargetSID: sid("US", 9), ParentSID: sid("IS", n)}))
		}
		found, err := l.Lookup(t.Context(), sid("US", 9))
		require.NoError(t, err)
		require.Len(t, found, 2)
	})
	t.Run("finds nothing that did not arrive, or has no known kind", func(t *testing.T) {
		for _, s := range []string{sid("CH", 9), sid("CH", 1000), sid("XX", 1), "", "C"} {
			found, err := l.Lookup(t.Context(), s)
			require.NoError(t, err)
			require.Empty(t, found, s)
		}
	})
}
