package reports_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/replay"
	"chatbridge/reports"
)

func TestAuditOfAServiceInUse(t *testing.T) {
	render := func(t *testing.T, f reports.Format, held ...audit.Held) string {
		var b bytes.Buffer
		require.NoError(t, reports.Audit(&b, f, audit.Audit{There: held}))
		return b.String()
	}
	one := audit.Held{Kind: migrate.KindUsers, SourceSID: "US1", TargetSID: "US2", Differs: []string{"friendly_name", "attributes"}, Code: mapping.UserWasThere, Fate: "keep"}
	t.Run("text says what differs, what becomes of it, and what each policy would do", func(t *testing.T) {
		got := render(t, reports.Text, one)
		require.Regexp(t, `users +US1 +US2 +friendly_name, attributes +keep`, got)
		for _, choice := range []string{"keep", "replace", "stop"} {
			require.Contains(t, got, "--policy user-was-there="+choice)
		}
		require.NotContains(t, got, "--policy role-was-there")
	})
	t.Run("text lists a few and says how many more there are", func(t *testing.T) {
		var many []audit.Held
		for n := range 25 {
			other := one
			other.SourceSID = fmt.Sprint("US1", n)
			many = append(many, other)
		}
		require.Contains(t, render(t, reports.Text, many...), "And 5 more")
	})
	t.Run("a target without any has no such part", func(t *testing.T) {
		require.NotContains(t, render(t, reports.Text), "has otherwise")
	})
	t.Run("a migration that wrote nothing says it all the same", func(t *testing.T) {
		for code, shown := range map[mapping.Code]bool{mapping.UserWasThere: true, mapping.RoleLate: true, mapping.UserDate: false} {
			var b bytes.Buffer
			s := replay.Summary{Status: migrate.Complete, Findings: []migrate.FindingCount{{Code: code, Severity: mapping.Loss, Count: 1}}}
			require.NoError(t, reports.Summary(&b, reports.Text, s, nil))
			require.Contains(t, b.String(), string(code), "losses are of the migration, not of the last run")
			require.Equal(t, shown, bytes.Contains(b.Bytes(), []byte("some of it with differences")))
		}
	})
	t.Run("CSV has a row for each", func(t *testing.T) {
		require.Contains(t, render(t, reports.CSV, one), "there,US1,user-was-there,US2\n")
	})
}
