package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"chatbridge/reports/schema"
)

// contract compiles a schema in its strict reading: no field may be there that
// it does not name.
func contract(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	raw, ok := schema.Lookup(name)
	require.True(t, ok, "there is no schema %s", name)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	seal(doc)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource(name+".json", doc))
	compiled, err := c.Compile(name + ".json")
	require.NoError(t, err)
	return compiled
}

func seal(node any) {
	switch node := node.(type) {
	case map[string]any:
		if _, names := node["properties"]; names {
			node["additionalProperties"] = false
		}
		for _, child := range node {
			seal(child)
		}
	case []any:
		for _, child := range node {
			seal(child)
		}
	}
}

// TestContract holds what commands really print to the schemas that users are
// given. A folder is worked in from top to bottom.
func TestContract(t *testing.T) {
	server := sampleServer(t, nil)
	dir := t.TempDir()
	for _, step := range []struct {
		schema string
		exit   int
		args   string
	}{
		{"version", exitDone, "version"},
		{"audit", exitDone, "audit"},
		{"doctor", exitDone, "doctor"},
		{"audit", exitDone, "migrate --dry-run"},
		{"export", exitDone, "export " + filepath.Join(dir, "kept.zip")},
		{"migrate", exitDone, "migrate --yes --aps 0"},
		{"status", exitDone, "status"},
		{"status", exitDone, "status --watch"},
		{"migrate", exitDone, "report"},
		{"verify", exitDone, "verify --settle 10ms"},
		{"repair", exitDone, "verify --repair --settle 10ms"},
		{"repair", exitDone, "verify --repair --execute --yes --settle 10ms"},
		{"error", exitUsage, "verify --aps -1"},
	} {
		t.Run(step.args+" prints what the schema "+step.schema+" says", func(t *testing.T) {
			cmd := program(server, dir, append(strings.Fields(step.args), "--output", "json")...)
			var out, complaints bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &complaints
			_ = cmd.Run()
			require.Equal(t, step.exit, cmd.ProcessState.ExitCode(), complaints.String())
			if step.schema != "error" {
				satisfies(t, step.schema, out.Bytes())
			} else {
				require.Empty(t, out.String())
			}
			if step.exit != exitDone {
				lines := strings.Split(strings.TrimSpace(complaints.String()), "\n")
				satisfies(t, "error", []byte(lines[len(lines)-1]))
			}
		})
	}
}

func satisfies(t *testing.T, name string, raw []byte) {
	t.Helper()
	require.True(t, json.Valid(raw), "%s", raw)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	require.NoError(t, contract(t, name).Validate(v), "%s", raw)
}

func TestSchema(t *testing.T) {
	t.Run("without a name lists the names", func(t *testing.T) {
		s := newScreen("", false)
		require.Equal(t, exitDone, run(t.Context(), s.console, []string{"schema"}))
		require.Equal(t, schema.Names(), strings.Fields(s.stdout.String()))
	})
	t.Run("prints the one that is named", func(t *testing.T) {
		for _, name := range schema.Names() {
			s := newScreen("", false)
			require.Equal(t, exitDone, run(t.Context(), s.console, []string{"schema", name}))
			want, _ := schema.Lookup(name)
			require.Equal(t, string(want), s.stdout.String())
		}
	})
	t.Run("refuses any other, and names the nearest", func(t *testing.T) {
		s := newScreen("", false)
		require.Equal(t, exitUsage, run(t.Context(), s.console, []string{"schema", "migrat"}))
		require.Contains(t, s.stderr.String(), "did you mean: chatbridge schema migrate")
		require.Equal(t, exitUsage, run(t.Context(), s.console, []string{"schema", "audit", "migrate"}))
	})
}
