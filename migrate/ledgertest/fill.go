package ledgertest

import (
	"maps"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// Fill draws any sequence of calls that put and forget, and makes them of a ledger.
func Fill(t *rapid.T, l migrate.Ledger) {
	puts := newModel().puts(&l)
	delete(puts, "sync")
	puts["put findings"] = func(t *rapid.T) {
		require.NoError(t, l.PutFindings(t.Context(), []migrate.FindingRecord{{
			Code: pick(t, []mapping.Code{"media", mapping.MessageDeleted}), Severity: pick(t, []mapping.Severity{mapping.Skip, mapping.Loss}),
			SID: pick(t, sids("IM")), Owner: pick(t, sids("CH")), Field: rapid.String().Draw(t, "field"), Count: rapid.Int64Range(0, 9).Draw(t, "count"),
		}}))
	}
	puts["rebind"] = func(t *rapid.T) {
		f := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "fingerprint")
		require.NoError(t, l.Rebind(t.Context(), migrate.Fingerprint(maps.Clone(f))))
	}
	t.Repeat(puts)
}
