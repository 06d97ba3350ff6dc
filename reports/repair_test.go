package reports_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

func repairs(t *testing.T, f reports.Format, execute bool) []byte {
	t.Helper()
	all := differences()
	items := []verify.Repair{
		{Difference: all[0], Possible: true, Done: execute},
		{Difference: all[1], Reason: "it would have to be deleted, but a repair deletes nothing"},
		{Difference: all[2], Possible: true},
	}
	done := verify.Repairs{
		SchemaVersion: migrate.SchemaVersion, Command: "verify --repair", Executed: execute, Possible: 2, Impossible: 1,
		Differences: map[verify.Class]int64{verify.Missing: 1, verify.Extra: 1, verify.Altered: 1},
		Compared:    map[string]int64{migrate.KindMessages: 970}, Duration: 2.5,
	}
	if execute {
		items[2].Reason = "set message: " + hostile
		done.Done = 1
		delete(done.Differences, verify.Missing)
	}
	var b bytes.Buffer
	r := reports.NewRepairs(&b, f, execute)
	for _, one := range items {
		r.Repair(one)
	}
	require.NoError(t, r.Close(done))
	return b.Bytes()
}

func TestRepairs(t *testing.T) {
	for name, execute := range map[string]bool{"repair-preview": false, "repair": true} {
		for ext, f := range map[string]reports.Format{"txt": reports.Text, "json": reports.JSON, "csv": reports.CSV} {
			t.Run(name+"."+ext+" is as it was agreed on, and holds no control character", func(t *testing.T) {
				for _, r := range string(repairs(t, f, execute)) {
					require.False(t, r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)), "%q", r)
				}
				real := readResult[struct {
					Repairs verify.Repairs
					Items   []verify.Repair
				}](t, name)
				var b bytes.Buffer
				w := reports.NewRepairs(&b, f, execute)
				for _, one := range real.Items {
					w.Repair(one)
				}
				require.NoError(t, w.Close(real.Repairs))
				got := b.Bytes()
				path := filepath.Join("..", "testdata", "golden", name+"."+ext)
				if *update {
					require.NoError(t, os.WriteFile(path, got, 0o644))
					return
				}
				want, err := os.ReadFile(path)
				require.NoError(t, err, "go test ./reports -update writes it")
				require.Equal(t, string(want), string(got))
			})
		}
	}
	t.Run("JSON is one object, and each item says which side lacks it and what becomes of it", func(t *testing.T) {
		var got struct {
			Executed bool `json:"executed"`
			Items    []struct {
				Class     verify.Class `json:"class"`
				Direction string       `json:"direction"`
				Becomes   string       `json:"becomes"`
			} `json:"items"`
		}
		require.NoError(t, json.Unmarshal(repairs(t, reports.JSON, true), &got))
		require.True(t, got.Executed)
		require.Len(t, got.Items, 3)
		require.Equal(t, []string{"not in target", "brought back"}, []string{got.Items[0].Direction, got.Items[0].Becomes})
		require.Equal(t, []string{"not in source", "stays"}, []string{got.Items[1].Direction, got.Items[1].Becomes})
		require.Equal(t, []string{"in both", "failed"}, []string{got.Items[2].Direction, got.Items[2].Becomes})
	})
	t.Run("without anything to do it is still whole", func(t *testing.T) {
		for _, f := range []reports.Format{reports.Text, reports.JSON, reports.CSV} {
			var b bytes.Buffer
			require.NoError(t, reports.NewRepairs(&b, f, true).Close(verify.Repairs{Executed: true, Equal: true}))
			require.Equal(t, f == reports.Text, strings.Contains(b.String(), "both sides are equal"))
			require.Equal(t, f == reports.JSON, json.Valid(b.Bytes()))
		}
	})
	t.Run("a form that it does not have is an error", func(t *testing.T) {
		require.Error(t, reports.NewRepairs(&bytes.Buffer{}, reports.Markdown, false).Close(verify.Repairs{}))
	})
}
