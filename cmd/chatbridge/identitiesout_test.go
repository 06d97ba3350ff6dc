package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"chatbridge/reports"
)

// hostileIdentities are what a spreadsheet, a CSV reader or a person would stumble over.
var hostileIdentities = []string{
	"ann", "a,b", `say "hi"`, `"quoted"`, "two\nlines", "two\r\nlines", "\r\n", "lone\rreturn", "ends\r", "\nstarts",
	"=1+1", "+1", "-1", "@SUM(A1)", "\t=tab", "＝wide", "'=1", "''=1", "'plain", "'", "\ufeff", "\ufeff=1", "'\ufeff=1", "ann\ufeff",
	"😀", "👩‍👩‍👧 family", "old", "new", "old identity", "#comment", ";", "a;b", "a\tb", " spaces ", `back\slash\n`, "\u202eright", "\u2028",
}

func roundTrip(t require.TestingT, dir string, names ...string) identityTable {
	i := &identities{}
	i.add(names...)
	path := filepath.Join(dir, "people.csv")
	var b bytes.Buffer
	_, _, err := i.write(&b)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	rows, err := csv.NewReader(bytes.NewReader(b.Bytes())).ReadAll()
	require.NoError(t, err)
	for _, row := range rows {
		for _, cell := range row {
			require.False(t, reports.Formula(cell), "%q", cell)
		}
	}
	table, err := readIdentities(path)
	require.NoError(t, err)
	return table
}

func TestTemplateOfIdentities(t *testing.T) {
	t.Run("is read back as it was", func(t *testing.T) {
		var all []string
		want := map[string]string{}
		for _, name := range hostileIdentities {
			if expressible(name) {
				all = append(all, name)
				want[name] = name
			}
		}
		require.Greater(t, len(all), len(hostileIdentities)-4)
		table := roundTrip(t, t.TempDir(), all...)
		require.Equal(t, want, table.rename)
		require.NotEmpty(t, table.heading)
	})
	t.Run("is read back as it was, whoever it names", func(t *testing.T) {
		dir := t.TempDir()
		rapid.Check(t, func(r *rapid.T) {
			names := rapid.SliceOf(rapid.StringOf(rapid.RuneFrom([]rune("a'=+-@\t\r\n\"\\,; \ufeff＝😀")))).Draw(r, "names")
			want := map[string]string{}
			for _, name := range names {
				if expressible(name) {
					want[name] = name
				}
			}
			require.Equal(r, want, roundTrip(r, dir, names...).rename)
		})
	})
	t.Run("leaves out who cannot be named", func(t *testing.T) {
		i := &identities{}
		i.add("", "system", "  ", "x\x00", "half \xed\xa0\xbd", "ann")
		var b bytes.Buffer
		written, left, err := i.write(&b)
		require.NoError(t, err)
		require.Equal(t, []int{1, 3}, []int{written, left})
	})
	t.Run("unescapes no table that somebody else made", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "own.csv")
		require.NoError(t, os.WriteFile(path, []byte("old,new\n'=ann,anna\n"), 0o600))
		table, err := readIdentities(path)
		require.NoError(t, err)
		require.Equal(t, map[string]string{"'=ann": "anna"}, table.rename)
	})
}
