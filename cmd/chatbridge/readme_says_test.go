package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
)

// firstScreen is how many lines of README a person reads before they go away.
const firstScreen = 40

func TestReadmeBegins(t *testing.T) {
	lines := strings.Split(readme(t), "\n")
	start := strings.Join(lines[:firstScreen], "\n")
	for _, answer := range []string{
		"chatbridge moves Twilio Programmable Chat v1 services into Twilio Conversations",
		"**Do I need it?**", "--in-place", "**Is it safe?**", "never against a live Twilio account", "**How do I try it?**", "go run ./cmd/chatbridge demo",
	} {
		require.Contains(t, start, answer)
	}
	require.NotContains(t, start, "| ", "no table stands before the answers")
}

// TestReadmeContents holds the contents to the sections, both ways.
func TestReadmeContents(t *testing.T) {
	text := readme(t)
	anchors, titles := map[string]bool{}, map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^(##+) (.*)$`).FindAllStringSubmatch(text, -1) {
		anchors[anchor(m[2])] = true
		if m[1] == "##" && m[2] != "Contents" {
			titles[anchor(m[2])] = true
		}
	}
	for _, m := range regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(text, -1) {
		require.True(t, anchors[m[1]], "no section is called #%s", m[1])
		delete(titles, m[1])
	}
	require.Empty(t, titles, "no link leads to these sections")
}

// anchor is what a section is called in a link, as GitHub makes it of its title.
func anchor(title string) string {
	title = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(title), "")
	return strings.ReplaceAll(title, " ", "-")
}

// TestReadmeCommands holds every command in README to the program: it is there,
// and takes those flags.
func TestReadmeCommands(t *testing.T) {
	root := newRoot(newScreen("", false).console)
	text := readme(t)
	flags := map[string]bool{"help": true}
	visit := func(cmd *cobra.Command) {
		cmd.InheritedFlags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
		cmd.Flags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
	}
	visit(root)
	names := map[string]*cobra.Command{"help": root}
	for _, cmd := range root.Commands() {
		names[cmd.Name()] = cmd
		visit(cmd)
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	flagged := regexp.MustCompile(`(?:^|[ \x60\[])--([a-z][a-z-]*)`)
	for _, m := range flagged.FindAllStringSubmatch(text, -1) {
		require.True(t, flags[m[1]], "no command takes --%s", m[1])
	}

	checked := 0
	for _, line := range commandLines(text) {
		words := strings.Fields(line)
		cmd := names[words[0]]
		require.NotNil(t, cmd, "there is no command %q", words[0])
		for _, sub := range cmd.Commands() {
			if len(words) > 1 && sub.Name() == words[1] {
				cmd = sub
			}
		}
		for _, m := range flagged.FindAllStringSubmatch(line, -1) {
			known := m[1] == "help" || cmd.Flags().Lookup(m[1]) != nil || cmd.InheritedFlags().Lookup(m[1]) != nil
			require.True(t, known, "%s does not take --%s", cmd.CommandPath(), m[1])
		}
		checked++
	}
	require.Greater(t, checked, 40)
}

var (
	typedCommand  = regexp.MustCompile("(?:^|[\\s$/])chatbridge ([a-z]+\\b[^\n;>|#]*)")
	quotedCommand = regexp.MustCompile("`chatbridge ([a-z]+\\b[^`]*)`")
	shortCommand  = regexp.MustCompile("`((?:migrate|audit|verify|undo|emulate|status|export|purge|report) --[^`]*)`")
)

// commandLines are the commands in a text, from their name on: in blocks of code,
// and quoted in prose.
func commandLines(text string) (all []string) {
	for i, part := range strings.Split(text, "```") {
		patterns := []*regexp.Regexp{quotedCommand, shortCommand}
		if i%2 == 1 {
			patterns = []*regexp.Regexp{typedCommand}
		} else {
			part = strings.ReplaceAll(part, "\n", " ")
		}
		for _, p := range patterns {
			for _, m := range p.FindAllStringSubmatch(part, -1) {
				all = append(all, m[1])
			}
		}
	}
	return all
}

// TestReadmeExitStatus holds the table of exit statuses to the code.
func TestReadmeExitStatus(t *testing.T) {
	_, table, ok := strings.Cut(readme(t), "\n## Exit status\n\n| | |\n|---|---|\n")
	require.True(t, ok)
	for _, row := range exitTable {
		line, rest, _ := strings.Cut(table, "\n")
		require.Equal(t, fmt.Sprintf("| %d | %s |", row.status, row.meaning), line)
		table = rest
	}
	require.True(t, strings.HasPrefix(table, "\n"), "there are more")
}

// TestReadmeShowsTheDemo holds the screen in README to what the demo prints, but
// for how long things took. It has the machine to itself: a run that takes 10 s renews its
// claim, by a write more.
func TestReadmeShowsTheDemo(t *testing.T) {
	steady := func(text string) string {
		text = strings.Join(strings.Fields(text), " ") // a longer time breaks lines elsewhere
		text = regexp.MustCompile(`([0-9]+ min )?[0-9.]+ s\b`).ReplaceAllString(text, "N s")
		return regexp.MustCompile(`Requests: [0-9,]+ reads and [0-9,]+ writes`).ReplaceAllString(text, "Requests: N reads and N writes")
	}
	writes := func(text string) int {
		m := regexp.MustCompile(`reads and ([0-9,]+)\s+writes`).FindStringSubmatch(text)
		require.NotNil(t, m)
		n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
		require.NoError(t, err)
		return n
	}
	s := newScreen("", false)
	require.Equal(t, exitDone, run(t.Context(), s.console, []string{"demo", "-q"}), s.stderr.String())
	shown := fence(t, section(t, readme(t), "demo"))
	require.Contains(t, steady(s.stdout.String()), steady(shown))
	require.InDelta(t, writes(shown), writes(s.stdout.String()), 10) // renewals of the claim
}

// TestReadmeDump builds the archive that README shows and migrates it.
func TestReadmeDump(t *testing.T) {
	dir := ledgertest.Dir(t)
	block := fence(t, section(t, readme(t), "dump"))
	a := txtar.Parse([]byte(block))
	require.NotEmpty(t, a.Files)
	for _, f := range a.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, f.Data, 0o600))
	}
	server := newTestServer(t, emulator.Config{Generate: emulator.Generate{Channels: 1, Messages: 1}})
	for _, command := range []string{"audit", "migrate --yes --aps 0", "verify"} {
		out := output(t, program(server, dir, append(strings.Fields(command), "--from-archive", "dump", "--output", "json")...))
		var got struct {
			Status   string
			Equal    bool
			Counts   map[string]json.RawMessage
			Findings []struct{ Code, Severity string }
		}
		require.NoError(t, json.Unmarshal(out, &got))
		for _, f := range got.Findings {
			require.NotEqual(t, "stop", f.Severity, f.Code)
			require.NotEqual(t, "counts-differ", f.Code)
			require.NotEqual(t, "unreadable", f.Code)
		}
		switch command {
		case "audit":
			require.Equal(t, "2", string(got.Counts["messages"]))
		case "verify":
			require.True(t, got.Equal, "%s", out)
		default:
			require.Equal(t, "complete", got.Status)
		}
	}
}

// fence is the body of the one code block in a section.
func fence(t *testing.T, text string) string {
	t.Helper()
	parts := strings.Split(text, "```")
	require.Len(t, parts, 3)
	_, body, _ := strings.Cut(parts[1], "\n")
	return body
}
