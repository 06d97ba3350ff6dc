package emulator_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestParseFleetHabits(t *testing.T) {
	require.Equal(t, emulator.Unkind{FleetHabits: emulator.FleetHabits{
		AccountsShuffled: true, AccountsRepeated: true, AccountOfAnother: true, AccountsCut: 0.1, TokensWithheld: 0.2, TokensRotated: 0.3,
		SuspendedLate: 0.4, AccountsRefused: emulator.Denial{Status: http.StatusForbidden, Code: 20403}, MainKeyTokens: true,
	}}, parsed(t, "accounts=order+repeat+of-another,accounts-end-early=0.1,accounts-without-token=0.2,accounts-rotate=0.3,"+
		"accounts-suspend=0.4,accounts-refused=403,main-key=tokens"))
	for spec, want := range map[string]string{
		"accounts=all": "some of of-another+order+repeat", "accounts-refused=404": "want 401 (with 20003) or 403 (with 20403)",
		"accounts-rotate=2": "a share from 0 to 1", "main-key=none": "some of tokens",
	} {
		_, err := emulator.ParseUnkind(spec)
		require.ErrorContains(t, err, want)
	}
}

func TestUnkindFleet(t *testing.T) {
	distinct := func(all []map[string]any) int {
		return len(slices.Compact(slices.Sorted(slices.Values(sids(all)))))
	}
	t.Run("the order changes from page to page", func(t *testing.T) {
		b := fleet(t, 9, "accounts=order")
		whole, _ := b.accounts(accountsPath, asParent)
		again, _ := b.accounts(accountsPath, asParent)
		require.NotEqual(t, sids(whole), sids(again))
		require.ElementsMatch(t, sids(whole), sids(again))
		paged, _ := b.accounts(accountsPath+"?PageSize=3", asParent)
		require.Len(t, paged, 12)
		require.Less(t, distinct(paged), 12)
		require.NotZero(t, b.e.Mischief()["accounts"])
	})
	t.Run("a page begins with the last account of the page before", func(t *testing.T) {
		b := fleet(t, 4, "accounts=repeat")
		all, _ := b.accounts(accountsPath+"?PageSize=3", asParent)
		require.Equal(t, 7, distinct(all))
		require.Equal(t, all[2]["sid"], all[3]["sid"])
		all, _ = b.accounts(accountsPath+"?PageSize=1", asParent)
		require.Len(t, all, 7)
	})
	t.Run("a reading ends early", func(t *testing.T) {
		b := fleet(t, 8, "accounts-end-early=0.5,seed=5")
		lengths := map[int]bool{}
		for range 8 {
			all, _ := b.accounts(accountsPath, asParent)
			lengths[len(all)] = true
		}
		require.Contains(t, lengths, 11)
		require.Greater(t, len(lengths), 1, "%v", slices.Collect(maps.Keys(lengths)))
	})
	t.Run("an account is of another parent", func(t *testing.T) {
		all, _ := fleet(t, 0, "accounts=of-another").accounts(accountsPath, asParent)
		require.Len(t, all, 4)
		require.NotContains(t, []any{parentSID, firstSID, secondSID}, all[3]["owner_account_sid"])
		require.NotEmpty(t, all[3]["auth_token"])
	})
	t.Run("tokens are withheld", func(t *testing.T) {
		b := fleet(t, 0, "accounts-without-token=1")
		all, _ := b.accounts(accountsPath, asParent)
		require.Equal(t, []any{"parent-token", "", ""}, field(all, "auth_token"))
		require.Equal(t, http.StatusOK, b.send(b.chat, http.MethodGet, "/v1/Services", nil, asFirst).status, "it is good all the same")
	})
	t.Run("a token is another by the time it is used", func(t *testing.T) {
		b := fleet(t, 0, "accounts-rotate=1")
		before, _ := b.accounts(accountsPath, asParent)
		b.accounts(accountsPath, asFirst)
		require.Equal(t, http.StatusOK, b.send(b.chat, http.MethodGet, "/v1/Services", nil, asFirstKey).status, "a key is not a token")
		for range 2 {
			b.refused(b.send(b.chat, http.MethodGet, "/v1/Services", nil, asFirst), http.StatusUnauthorized, 20003)
		}
		after, _ := b.accounts(accountsPath, asParent)
		require.Equal(t, before[2], after[2])
		token := after[1]["auth_token"].(string)
		require.NotEqual(t, "first-token", token)
		require.Equal(t, http.StatusOK, b.send(b.chat, http.MethodGet, "/v1/Services", nil, as(firstSID, token)).status)
		require.EqualValues(t, 1, b.e.Mischief()["accounts-rotate"])
	})
	t.Run("an account is suspended by the time it is used", func(t *testing.T) {
		b := fleet(t, 0, "accounts-suspend=1")
		before, _ := b.accounts(accountsPath, asParent)
		require.Equal(t, []any{"active", "active", "active"}, field(before, "status"))
		b.refused(b.send(b.conversations, http.MethodGet, "/v1/Services", nil, asFirst), http.StatusUnauthorized, 20003)
		after, _ := b.accounts(accountsPath, asParent)
		require.Equal(t, []any{"active", "suspended", "active"}, field(after, "status"))
	})
}
