package reports

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/require"

	"chatbridge/migrate/verify"
)

// wide is a terminal that is so wide.
type wide struct {
	bytes.Buffer
	columns int
}

func (w *wide) Columns() int { return w.columns }

func TestWidth(t *testing.T) {
	const sid = "IS2a649718fa560e8ef7f6c5f05c1a02a6"
	d := &document{title: "Migration", verdict: "complete in 0.5 s."}
	d.add(heading("Services"), tableBlock{header: []string{"source", "target", "name"}, rows: [][]string{{sid, sid, "Help & community"}}})
	d.add(heading("What was done"), tableBlock{header: []string{"kind", "in the source", "written", "there before", "failed"}, numbers: []int{1, 2, 3, 4}, rows: [][]string{{"messages", "1,234,567", "1,234,567", "0", "0"}}})
	d.add(paragraph(strings.Repeat("Some words of a paragraph. ", 9)))
	d.add(heading("What to do next"), commands{"chatbridge migrate --ledger support-desk-and-more.db --policy media=placeholder"})
	shown := func(columns int) string {
		w := &wide{columns: columns}
		require.NoError(t, d.render(w, Text))
		return w.String()
	}
	for _, columns := range []int{40, 60, 80, 100, 200} {
		text := shown(columns)
		for line := range strings.Lines(text) {
			if !strings.Contains(line, "chatbridge migrate") {
				require.LessOrEqual(t, runewidth.StringWidth(strings.TrimSuffix(line, "\n")), columns, line)
			}
		}
		require.Equal(t, 2, strings.Count(text, sid), "no word is broken, in %d columns", columns)
		require.Contains(t, text, "    chatbridge migrate --ledger support-desk-and-more.db --policy media=placeholder\n", "a command can be copied")
	}
	t.Run("cells are broken between words before the table is given up", func(t *testing.T) {
		require.Contains(t, shown(84), "source                              target                              name\n")
		require.Contains(t, shown(84), "Help &\n")
	})
	t.Run("a table that cannot be as narrow is told in sentences", func(t *testing.T) {
		require.Contains(t, shown(40), "messages: in the source 1,234,567,\n    written 1,234,567, there before 0,\n    failed 0\n")
	})
	t.Run("what is no terminal is as it was", func(t *testing.T) {
		var plain bytes.Buffer
		require.NoError(t, d.render(&plain, Text))
		require.Contains(t, plain.String(), sid+"  "+sid+"  Help & community\n")
		require.Equal(t, plain.String(), shown(200))
	})
	t.Run("a line for each item fits too", func(t *testing.T) {
		w := &wide{columns: 40}
		v := NewVerification(w, Text)
		v.Difference(verify.Difference{Class: verify.Missing, Kind: "messages", SourceSID: sid, TargetSID: sid, Detail: "the target lacks it, and more is said about that"})
		require.NoError(t, v.w.Flush())
		for line := range strings.Lines(w.String()) {
			require.Less(t, len(line), 41, line)
		}
		require.Equal(t, 2, strings.Count(w.String(), sid))
	})
}
