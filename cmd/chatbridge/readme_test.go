package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
)

var updateReadme = flag.Bool("update-readme", false, "write the generated tables into README.md")

// readmePath is README.md.
var readmePath = filepath.Join("..", "..", "README.md")

func readme(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(readmePath)
	require.NoError(t, err)
	return string(raw)
}

// TestReadme holds the table of policies in README to the code.
func TestReadme(t *testing.T) {
	text := readme(t)
	want := replaceBetween(t, text, "policies", policyTable(t))
	want = replaceBetween(t, want, "permissions", permissionTable())
	if *updateReadme {
		require.NoError(t, os.WriteFile(readmePath, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, text, "README.md lags behind the code: go test ./cmd/chatbridge -run TestReadme -update-readme")
}

// TestReadmeGuarantees holds the table of faults in README to tests that exist.
func TestReadmeGuarantees(t *testing.T) {
	root := filepath.Join("..", "..")
	table := section(t, readme(t), "guarantees")
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

// section is what stands between the two comments of that name.
func section(t *testing.T, text, name string) string {
	t.Helper()
	_, rest, begun := strings.Cut(text, "<!-- "+name+" -->")
	body, _, ended := strings.Cut(rest, "<!-- /"+name+" -->")
	require.True(t, begun && ended, "README has no %s", name)
	return body
}

// met are the codes that README explains: those that people meet. The command
// policies lists all of them.
var met = []mapping.Code{
	mapping.Media, mapping.InviteLost, mapping.BodyEmpty, mapping.BodyTooLong, mapping.AttributesNotObject,
	mapping.AttributesTooLarge, mapping.NameTooLong, mapping.IdentityTooLong, mapping.UserWasThere, mapping.StoredOtherwise,
}

func policyTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| Code | Case | Choices, the default first |\n|---|---|---|\n")
	for _, code := range met {
		at := slices.IndexFunc(mapping.Codes(), func(r mapping.Rule) bool { return r.Code == code })
		require.GreaterOrEqual(t, at, 0, code)
		r := mapping.Codes()[at]
		var all []string
		for _, o := range r.Choices {
			all = append(all, fmt.Sprintf("`%s`: %s", o.Choice, o.Meaning))
		}
		require.NotEmpty(t, all, "there is nothing to choose for %s", code)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", r.Code, r.Meaning, strings.Join(all, "; "))
	}
	return b.String()
}
