package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestComplaint(t *testing.T) {
	t.Run("a program is told of an error in one object on the last line of stderr", func(t *testing.T) {
		for name, args := range map[string][]string{
			"by flag":                         {"status", "--ledger", "none.db", "--output", "json"},
			"where the command line is wrong": {"status", "-o", "json", "--nothing"},
		} {
			s := newScreen("", false)
			require.Equal(t, exitUsage, run(t.Context(), s.console, args), name)
			require.Empty(t, s.stdout.String())
			lines := strings.Split(strings.TrimSpace(s.stderr.String()), "\n")
			require.Len(t, lines, 1)
			var got complaint
			require.NoError(t, json.Unmarshal([]byte(lines[0]), &got), name)
			require.Equal(t, exitUsage, got.ExitStatus)
			require.NotEmpty(t, got.Error)
			require.NotEmpty(t, got.Hint)
		}
	})
	t.Run("also where a variable asks for JSON", func(t *testing.T) {
		s := newScreen("", false, "CHATBRIDGE_OUTPUT=json")
		require.Equal(t, exitUsage, run(t.Context(), s.console, []string{"status", "--ledger", "none.db"}))
		require.True(t, json.Valid(s.stderr.Bytes()))
	})
	t.Run("a person is told in two lines", func(t *testing.T) {
		s := newScreen("", false)
		require.Equal(t, exitUsage, run(t.Context(), s.console, []string{"status", "--ledger", "none.db"}))
		require.True(t, strings.HasPrefix(s.stderr.String(), "error: "), s.stderr.String())
	})
}
