package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValueCompletion(t *testing.T) {
	for line, want := range map[string][]string{
		"audit --output ":               {"text", "json", "markdown", "csv", "html"},
		"status -o m":                   {"markdown"},
		"sids --output c":               {"csv"},
		"sids --kind mem":               {"members"},
		"migrate --type ":               {"public", "private"},
		"export x --type pr":            {"private"},
		"migrate --policy media=":       {"media=copy", "media=stop", "media=placeholder", "media=skip"},
		"migrate --policy empty-body=p": {"empty-body=placeholder"},
		"verify --invites ":             {"report", "add"},
		"audit --fail-on st":            {"stop", "stamp-key-taken", "stamp-replaced", "stamp-shortened", "stamp-omitted", "stored-otherwise"},
		"audit --source-api ":           {"auto", "v1", "v1+v2", "v2"},
		"migrate --log-format ":         {"text", "json"},
	} {
		words := strings.Split(line, " ")
		got := strings.Split(strings.TrimSpace(completed(t, nil, words...)), "\n")
		require.Equal(t, ":4", got[len(got)-1], "%s: no files", line)
		for i, g := range got {
			got[i], _, _ = strings.Cut(g, "\t")
		}
		got = got[:len(got)-1]
		if strings.Contains(line, "fail-on") {
			got = slices.DeleteFunc(got, func(s string) bool { return !slices.Contains(want, s) })
		}
		require.ElementsMatch(t, want, got, line)
	}
	t.Run("every --output of every command is completed", func(t *testing.T) {
		s := newScreen("", false)
		for _, cmd := range newRoot(s.console).Commands() {
			if cmd.Flags().Lookup("output") != nil {
				_, ok := cmd.GetFlagCompletionFunc("output")
				require.True(t, ok, cmd.Name())
			}
		}
	})
	t.Run("a slip in the environment comes not between a person and their command line", func(t *testing.T) {
		require.Contains(t, completed(t, []string{"CHATBRIDGE_CONCURENCY=3"}, "sids", "--kind", ""), "channels")
	})
}
