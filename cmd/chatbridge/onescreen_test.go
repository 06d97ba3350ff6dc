package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/reports"
)

func TestOneScreen(t *testing.T) {
	t.Parallel()
	printed := func(t *testing.T, args ...string) []string {
		t.Helper()
		s := newScreen("", false)
		require.Equal(t, exitDone, run(t.Context(), s.console, args), s.stderr.String())
		return strings.Split(strings.TrimSuffix(s.stdout.String(), "\n"), "\n")
	}
	from := []string{"audit", "-q", "--replay", "--from-archive", "../../testdata/workspaces/support-desk"}

	t.Run("an audit without surprises has 24 lines at most, ranked by who notices", func(t *testing.T) {
		lines := printed(t, from...)
		require.LessOrEqual(t, len(lines), 24, strings.Join(lines, "\n"))
		text := strings.Join(lines, "\n")
		people, operators, nobody := strings.Index(text, "People in the chats notice"), strings.Index(text, "Operators"), strings.Index(text, "Nobody notices: ")
		require.Less(t, -1, people)
		require.Less(t, people, operators)
		require.Less(t, operators, nobody)
		require.Contains(t, text, "Bill: about 40 active users in each calendar month")
	})
	t.Run("the whole is there for who asks, and in every other form", func(t *testing.T) {
		for _, more := range [][]string{{"--details"}, {"--output", string(reports.Markdown)}, {"--output", string(reports.CSV)}, {"--output", string(reports.JSON)}} {
			require.Contains(t, strings.Join(printed(t, append(from, more...)...), "\n"), "US029e1e8cd0ca2b36837c62f435fe9c53", "a sample")
		}
	})
	t.Run("a demo has 80 lines at most, what it logs included", func(t *testing.T) {
		s := newScreen("", false)
		require.Equal(t, exitDone, run(t.Context(), s.console, []string{"demo"}), s.stderr.String())
		require.LessOrEqual(t, strings.Count(s.stdout.String(), "\n"), 73, s.stdout.String())
		require.Equal(t, 1, strings.Count(s.stdout.String(), "People in the chats notice"), "losses once")
	})
}
