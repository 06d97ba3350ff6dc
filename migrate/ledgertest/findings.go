package ledgertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

func found(code mapping.Code, severity mapping.Severity, sid, owner, field string, n int64) migrate.FindingRecord {
	return migrate.FindingRecord{Code: code, Severity: severity, SID: sid, Owner: owner, Field: field, Count: n}
}

func testFindings(t *testing.T, create New) {
	counts := func(t *testing.T, l migrate.Ledger) []migrate.FindingCount {
		t.Helper()
		all, err := l.Findings(t.Context())
		require.NoError(t, err)
		return all
	}

	t.Run("a finding counts once however often it is put, and as it was put last", func(t *testing.T) {
		l := fresh(t, create)
		require.Empty(t, counts(t, l))
		for range 2 {
			require.NoError(t, l.PutFindings(t.Context(), []migrate.FindingRecord{
				found("media", mapping.Stop, sid("IM", 2), sid("CH", 1), "media", 1),
				found("media", mapping.Loss, sid("IM", 1), sid("CH", 1), "media", 1),
				found("permission", mapping.Loss, sid("RL", 1), sid("RL", 1), "permissions", 3),
				found("user-missing", mapping.Info, "", "", "a", 1),
				found("user-missing", mapping.Info, "", "", "b", 1),
			}))
		}
		require.NoError(t, l.PutFindings(t.Context(), nil))
		require.Equal(t, []migrate.FindingCount{
			{Code: "media", Severity: mapping.Stop, Count: 2, Samples: []string{sid("IM", 1), sid("IM", 2)}},
			{Code: "permission", Severity: mapping.Loss, Count: 3, Samples: []string{sid("RL", 1)}},
			{Code: "user-missing", Severity: mapping.Info, Count: 2},
		}, counts(t, l))

		require.NoError(t, l.PutFindings(t.Context(), []migrate.FindingRecord{found("media", mapping.Skip, sid("IM", 2), sid("CH", 1), "media", 1)}))
		require.Equal(t, mapping.Skip, counts(t, l)[0].Severity)
	})

	t.Run("samples are the first SIDs in their order", func(t *testing.T) {
		l := fresh(t, create)
		for n := 9; n > 0; n-- {
			require.NoError(t, l.PutFindings(t.Context(), []migrate.FindingRecord{
				found("media", mapping.Loss, sid("IM", n), sid("CH", 1), "a", 1), found("media", mapping.Loss, sid("IM", n), sid("CH", 1), "b", 1),
			}))
		}
		got := counts(t, l)
		require.EqualValues(t, 18, got[0].Count)
		require.Equal(t, []string{sid("IM", 1), sid("IM", 2), sid("IM", 3), sid("IM", 4), sid("IM", 5)}, got[0].Samples)
	})

	t.Run("what is left out is counted by owner and kind, each resource once", func(t *testing.T) {
		l := fresh(t, create)
		require.NoError(t, l.PutFindings(t.Context(), []migrate.FindingRecord{
			found("media", mapping.Skip, sid("IM", 1), sid("CH", 1), "media", 1),
			found("empty-body", mapping.Skip, sid("IM", 1), sid("CH", 1), "body", 1),
			found("media", mapping.Skip, sid("IM", 2), sid("CH", 1), "media", 1),
			found("media", mapping.Loss, sid("IM", 3), sid("CH", 1), "media", 1),
			found("member-twice", mapping.Skip, sid("MB", 4), sid("CH", 1), "identity", 1),
			found("media", mapping.Skip, sid("IM", 5), sid("CH", 2), "media", 1),
			found(mapping.MessageDeleted, mapping.Loss, sid("IM", 6), sid("CH", 2), "", 1),
			found(mapping.MessageDeleted, mapping.Loss, sid("IM", 7), sid("CH", 2), "", 1),
		}))
		require.NoError(t, l.PutMessage(t.Context(), sid("CH", 2), migrate.MessageRecord{SourceIndex: 6, SourceSID: sid("IM", 6), TargetSID: sid("IM", 66), Gone: true}))
		for sid, want := range map[string]bool{sid("IM", 5): true, sid("IM", 8): false} {
			known, err := l.Found(t.Context(), "media", sid)
			require.NoError(t, err)
			require.Equal(t, want, known, sid)
		}
		known, err := l.Found(t.Context(), "empty-body", sid("IM", 5))
		require.NoError(t, err)
		require.False(t, known)
		for _, c := range []struct {
			owner, prefix string
			want          int64
		}{{sid("CH", 1), "IM", 2}, {sid("CH", 1), "MB", 1}, {sid("CH", 2), "IM", 2}, {sid("CH", 3), "IM", 0}} {
			n, err := l.LeftOut(t.Context(), c.owner, c.prefix)
			require.NoError(t, err)
			require.Equal(t, c.want, n, c)
		}
	})

	t.Run("those of an owner are forgotten, of one severity or all", func(t *testing.T) {
		l := fresh(t, create)
		require.NoError(t, l.PutFindings(t.Context(), []migrate.FindingRecord{
			found("a", mapping.Stop, sid("IM", 1), sid("CH", 1), "", 1),
			found("b", mapping.Loss, sid("IM", 1), sid("CH", 1), "", 1),
			found("c", mapping.Stop, sid("IM", 2), sid("CH", 2), "", 1),
		}))
		require.NoError(t, l.ForgetFindings(t.Context(), sid("CH", 1), mapping.Stop))
		require.Len(t, counts(t, l), 2)
		require.NoError(t, l.ForgetFindings(t.Context(), sid("CH", 1), ""))
		left := counts(t, l)
		require.Len(t, left, 1)
		require.Equal(t, mapping.Code("c"), left[0].Code)
	})

	t.Run("survive another opening", func(t *testing.T) {
		store := create(t)
		l := store.open(t)
		require.NoError(t, l.PutFindings(t.Context(), []migrate.FindingRecord{found("a", mapping.Loss, sid("IM", 1), sid("CH", 1), "", 1)}))
		want := counts(t, l)
		require.NoError(t, l.Close())
		l = store.open(t)
		defer func() { require.NoError(t, l.Close()) }()
		require.Equal(t, want, counts(t, l))
	})
}
