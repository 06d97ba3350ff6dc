package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
)

var updateReadme = flag.Bool("update-readme", false, "write the generated tables into README.md")

// TestReadme holds the table of policies in README to the code.
func TestReadme(t *testing.T) {
	path := filepath.Join("..", "..", "README.md")
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	want := replaceBetween(t, string(raw), "policies", policyTable())
	if *updateReadme {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(raw), "README.md lags behind the code: go test ./cmd/chatbridge -run TestReadme -update-readme")
}

// TestReadmeGuarantees holds the table of faults in README to tests that exist.
func TestReadmeGuarantees(t *testing.T) {
	root := filepath.Join("..", "..")
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(readme), "<!-- guarantees -->")
	table, _, ok := strings.Cut(rest, "<!-- /guarantees -->")
	require.True(t, ok)
	names := regexp.MustCompile(`Test[A-Z][A-Za-z]*(/[a-z0-9-]+)?`).FindAllString(table, -1)
	require.NotEmpty(t, names)
	var tests strings.Builder
	require.NoError(t, filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		raw, err := os.ReadFile(path)
		tests.Write(raw)
		return err
	}))
	for _, name := range names {
		name, script, _ := strings.Cut(name, "/")
		require.Contains(t, tests.String(), "func "+name+"(")
		folder := filepath.Join(root, "testdata", "script")
		if name == "TestCases" {
			folder = filepath.Join(folder, "cases")
		}
		if script != "" {
			require.FileExists(t, filepath.Join(folder, script+".txtar"))
		}
	}
}

// replaceBetween puts body between the two comments that name a section.
func replaceBetween(t *testing.T, text, section, body string) string {
	t.Helper()
	before, rest, ok := strings.Cut(text, "<!-- "+section+":")
	require.True(t, ok)
	head, rest, ok := strings.Cut(rest, "-->\n")
	require.True(t, ok)
	_, after, ok := strings.Cut(rest, "<!-- /"+section+" -->")
	require.True(t, ok)
	return before + "<!-- " + section + ":" + head + "-->\n" + body + "<!-- /" + section + " -->" + after
}

func policyTable() string {
	var b strings.Builder
	b.WriteString("| Code | Case | Choices, the default first |\n|---|---|---|\n")
	for _, r := range mapping.Codes() {
		choices := "reported as " + string(r.Severity)
		if len(r.Choices) > 0 {
			var all []string
			for _, o := range r.Choices {
				all = append(all, fmt.Sprintf("`%s`: %s", o.Choice, o.Meaning))
			}
			choices = strings.Join(all, "; ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Code, r.Meaning, choices)
	}
	return b.String()
}
