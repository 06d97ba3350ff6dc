package rig

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// ManyChannels is a scenario of n channels with the same few messages.
func ManyChannels(n int) Scenario {
	s := Scenario{Users: 3, Concurrency: 4}
	for range n {
		c := ChannelPlan{Members: []int{0, 1}, Read: []int{1, -1}}
		for i, body := range []string{"one", "two", "three", "four"} {
			c.Messages = append(c.Messages, MsgPlan{Author: i % 3, Body: body})
		}
		s.Channels = append(s.Channels, c)
	}
	return s
}

// WithFile replaces one file of an archive.
func WithFile(t *testing.T, in fs.FS, name string, change func(string) string) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	for path, file := range in.(fstest.MapFS) {
		out[path] = file
	}
	require.Contains(t, out, name)
	out[name] = &fstest.MapFile{Data: []byte(change(string(out[name].Data))), Mode: 0o600}
	return out
}

func MessagesPath(channel int) string {
	return "services/" + ScenarioService + "/channels/" + SidOf("CH", channel) + "/messages.jsonl"
}

// Workspace is a sample workspace as a folder.
func Workspace(t *testing.T, name string) fs.FS {
	t.Helper()
	// Tests run in the folder of their package, two below the top.
	dir := filepath.Join("..", "..", "testdata", "workspaces", name)
	_, err := os.Stat(filepath.Join(dir, "manifest.json"))
	require.NoError(t, err)
	return os.DirFS(dir)
}

// CarryAll is a policy that stops at nothing.
func CarryAll() mapping.Policy {
	p := mapping.Policy{}
	for _, r := range mapping.Codes() {
		for _, o := range r.Choices {
			if o.Severity != mapping.Stop {
				p[r.Code] = o.Choice
				break
			}
		}
	}
	return p
}

// TimesFound is how often each code was found.
func TimesFound(all []migrate.FindingCount) map[mapping.Code]int64 {
	by := map[mapping.Code]int64{}
	for _, f := range all {
		by[f.Code] = f.Count
	}
	return by
}
