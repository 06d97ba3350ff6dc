package reports_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/audit"
	"chatbridge/reports"
)

func TestRecognize(t *testing.T) {
	t.Run("knows every page, object and table that is written", func(t *testing.T) {
		files, err := filepath.Glob(filepath.Join("..", "testdata", "golden", "*.*"))
		require.NoError(t, err)
		known := map[reports.Format]int{}
		for _, path := range files {
			form := map[string]reports.Format{".html": reports.HTML, ".json": reports.JSON, ".csv": reports.CSV}[filepath.Ext(path)]
			if form == "" {
				continue
			}
			f, err := os.Open(path)
			require.NoError(t, err)
			got, ok := reports.Recognize(f)
			require.NoError(t, f.Close())
			require.True(t, ok, path)
			require.Equal(t, form, got, path)
			known[form]++
		}
		require.Len(t, known, 3)
	})
	t.Run("knows the rows of channels", func(t *testing.T) {
		for _, form := range []reports.Format{reports.CSV, reports.JSON} {
			var b strings.Builder
			w := reports.NewChannelRows(&b, form)
			w.Row(audit.ChannelRow{SID: "CH1"})
			w.Row(audit.ChannelRow{SID: "CH2"})
			require.NoError(t, w.Close())
			got, ok := reports.Recognize(strings.NewReader(b.String()))
			require.True(t, ok)
			require.Equal(t, form, got)
		}
	})
	t.Run("knows a watched status, and a purge", func(t *testing.T) {
		var b strings.Builder
		require.NoError(t, reports.WritePurge(&b, reports.JSON, reports.Purged{SchemaVersion: 1, Command: "purge"}))
		_, ok := reports.Recognize(strings.NewReader(b.String() + `{"schema_version":1,"command":"status","run":{"status":["a",{}]}}`))
		require.True(t, ok)
	})
	t.Run("takes nothing else for its own", func(t *testing.T) {
		for _, text := range []string{
			"", "hello", "{", "{}", "[]", `{"command":"audit"}`, `{"schema_version":1}`, `{"schema_version":1,"command":"deploy"}`,
			`{"schema_version":"1","command":"audit"}`, `{"schema_version":1,"command":"audit"} hello`, `{"schema_version":1,"command":"audit"}{}`,
			`{"schema_version":1,"command":"audit"`,
			"<!doctype html><title>chatbridge</title>", "sid,friendly_name\n", "section,name,measure,value,more\n",
		} {
			_, ok := reports.Recognize(strings.NewReader(text))
			require.False(t, ok, text)
		}
	})
}
