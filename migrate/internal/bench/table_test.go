package bench_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/internal/bench"
)

func TestTableJudges(t *testing.T) {
	for name, c := range map[string]struct {
		bar   *bench.Bar
		value float64
		met   bool
	}{
		"at most":          {bench.AtMost(1.06), 1.06, true},
		"above":            {bench.AtMost(1.06), 1.07, false},
		"at least":         {bench.AtLeast(0.6), 0.6, true},
		"below":            {bench.AtLeast(0.6), 0.59, false},
		"between":          {bench.Between(0.9, 1.1), 1, true},
		"below the range":  {bench.Between(0.9, 1.1), 0.89, false},
		"above the range":  {bench.Between(0.9, 1.1), 1.11, false},
		"an aim is judged": {bench.AtLeast(0.45).Aimed(), 0.4, false},
	} {
		table := &bench.Table{}
		table.Add(bench.Figure{Bar: c.bar, Value: c.value})
		require.Equal(t, c.met, *table.Figures[0].Met, name)
		var out bytes.Buffer
		require.NoError(t, table.JSON(&out))
		require.Equal(t, c.met || c.bar.Aim, table.Met, "%s: an aim that is missed fails nothing", name)
	}
}

func TestTableIsWritten(t *testing.T) {
	table := &bench.Table{Go: "go1.26", Platform: "linux/amd64", CPUs: 2}
	table.Add(bench.Figure{Name: "span ÷ bound", On: "a workspace", Value: 1.234, Unit: bench.Ratio, Bar: bench.AtMost(1.06), Clock: bench.Virtual, Detail: "detail"})
	table.Add(bench.Figure{Name: "resident", On: "a channel", Value: 60, Unit: bench.MiB, Clock: bench.Real})
	var out bytes.Buffer
	require.NoError(t, table.JSON(&out))
	var got map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	require.EqualValues(t, bench.SchemaVersion, got["schema_version"])
	require.Equal(t, false, got["met"])
	first := got["figures"].([]any)[0].(map[string]any)
	require.Equal(t, map[string]any{"most": 1.06, "aim": false}, first["bar"])
	require.Equal(t, false, first["met"])
	require.NotContains(t, got["figures"].([]any)[1], "met")

	out.Reset()
	require.NoError(t, table.Text(&out))
	require.Regexp(t, `span ÷ bound +│ a workspace +│ 1.23 +│ must ≤ 1.06 │ NO `, out.String())
	require.Regexp(t, `resident +│ a channel +│ 60.0 MiB `, out.String())
}
