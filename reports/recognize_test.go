package reports_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
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
	t.Run("knows tables of old and new SIDs", func(t *testing.T) {
		index := int64(0)
		for _, form := range []reports.Format{reports.CSV, reports.JSONLines} {
			var b strings.Builder
			require.NoError(t, reports.WritePairs(&b, form, func(yield func(migrate.Pair, error) bool) {
				_ = yield(migrate.Pair{Kind: "services", SourceSID: "IS1", TargetSID: "IS2"}, nil) &&
					yield(migrate.Pair{Kind: "messages", SourceSID: "IM1", TargetSID: "IM2", ServiceSID: "IS1", ChannelSID: "CH1", SourceIndex: &index, TargetIndex: &index}, nil)
			}))
			_, ok := reports.Recognize(strings.NewReader(b.String()))
			require.True(t, ok, form)
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
			`{"kind":"a","source_sid":"b","target_sid":"c","service_sid":"d"}`, `{"schema_version":1,"kind":"a","source_sid":"b"}`,
			`{"schema_version":1,"kind":"a","source_sid":"b","target_sid":"c","service_sid":"d","password":"e"}`,
		} {
			_, ok := reports.Recognize(strings.NewReader(text))
			require.False(t, ok, text)
		}
	})
}
