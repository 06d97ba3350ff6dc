package reports_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/undo"
	"chatbridge/reports"
)

func TestUndo(t *testing.T) {
	all := true
	render := func(t *testing.T, f reports.Format) string {
		var b bytes.Buffer
		u := reports.NewUndo(&b, f)
		u.All = all
		u.Removal(undo.Removal{Fate: undo.Delete, Kind: migrate.KindChannels, SourceSID: "CH1", TargetSID: "CH2", Name: "Desk", Messages: 7, Done: true})
		u.Removal(undo.Removal{Fate: undo.Delete, Kind: migrate.KindUsers, SourceSID: "US1", TargetSID: "US2", Done: true})
		u.Removal(undo.Removal{Fate: undo.Restore, Kind: migrate.KindUsers, TargetSID: "US5", Done: true, Reason: "it was replaced"})
		u.Removal(undo.Removal{Fate: undo.Keep, Kind: migrate.KindUsers, TargetSID: "US4", Reason: "=1+1\x1b[31m"})
		require.NoError(t, u.Close(undo.Undone{SchemaVersion: 1, Command: "undo", Executed: true, Counts: map[string]undo.Count{
			migrate.KindChannels: {Delete: 1, Done: 1}, migrate.KindUsers: {Delete: 1, Restore: 1, Done: 2, Keep: 1},
		}}))
		require.NotContains(t, b.String(), "\x1b")
		return b.String()
	}
	t.Run("text says what stays and why, and what went of the greater things", func(t *testing.T) {
		got := render(t, reports.Text)
		require.Contains(t, got, "delete channels CH2 Desk (was CH1)\n")
		require.Contains(t, got, `keep users US4: =1+1\u001b[31m`)
		require.NotContains(t, got, "US2")
		require.Contains(t, got, "Undo: 2 things deleted, 1 restored, 1 kept.")
		require.Contains(t, got, "restore users US5: it was replaced\n")
	})
	t.Run("text sums up, with names and messages, unless all is asked for", func(t *testing.T) {
		all = false
		defer func() { all = true }()
		got := render(t, reports.Text)
		require.NotContains(t, got, "delete channels")
		require.Contains(t, got, "CH2           Desk         7\n")
		require.Contains(t, got, "1 conversation with 7 messages in all.")
		require.Contains(t, got, "keep users US4")
	})
	t.Run("JSON is one object with every item", func(t *testing.T) {
		var object struct {
			Command string
			Items   []undo.Removal
			Counts  map[string]undo.Count
		}
		require.NoError(t, json.Unmarshal([]byte(render(t, reports.JSON)), &object))
		require.Equal(t, "undo", object.Command)
		require.Len(t, object.Items, 4)
		require.EqualValues(t, 1, object.Counts[migrate.KindUsers].Keep)
	})
	t.Run("CSV has a row for each, and no formula", func(t *testing.T) {
		got := render(t, reports.CSV)
		require.Contains(t, got, "delete,users,US1,US2,true,\n")
		require.NotContains(t, got, ",=1")
	})
}
