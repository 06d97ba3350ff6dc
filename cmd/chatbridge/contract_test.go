package main

import (
	"bytes"
	"encoding/json"
	"iter"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
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
	t.Parallel()
	server := sampleServer(t, nil)
	dir := ledgertest.Dir(t)
	for _, c := range []contracted{
		{"version", exitDone, "version"},
		{"audit", exitDone, "audit"},
		{"doctor", exitDone, "doctor"},
		{"rehearse", exitDone, "rehearse --yes --only dates --keep --out " + filepath.Join(dir, "rehearsal.json")},
		{"rehearse-clean", exitDone, "rehearse --clean --out " + filepath.Join(dir, "rehearsal.json")},
		{"audit", exitDone, "migrate --dry-run"},
		{"export", exitDone, "export " + filepath.Join(dir, "kept.zip")},
		{"migrate", exitDone, "migrate --yes --aps 0"},
		{"status", exitDone, "status"},
		{"status", exitDone, "status --watch"},
		{"migrate", exitDone, "report"},
		{"verify", exitDone, "verify --settle 10ms"},
		{"repair", exitDone, "verify --repair --settle 10ms"},
		{"repair", exitDone, "verify --repair --execute --yes --settle 10ms"},
		{"migrate", exitDone, "migrate --deep --yes --aps 0 --settle 10ms"},
		{"sids", exitDone, "sids"},
		{"ledger-copy", exitDone, "ledger copy chatbridge.db copy.db"},
		{"undo", exitDone, "undo"},
		{"undo", exitDone, "undo --execute --yes --aps 0"},
		{"purge", exitDone, "purge"},
		{"purge", exitDone, "purge --execute --yes"},
		{"error", exitUsage, "verify --aps -1"},
	} {
		c.holds(t, server, dir)
	}
}

// TestContractInPlace is TestContract where both sides are one account.
func TestContractInPlace(t *testing.T) {
	workspace, err := sample()
	require.NoError(t, err)
	server := newTestServer(t, emulator.Config{Archive: workspace, Shared: true})
	dir := ledgertest.Dir(t)
	for _, c := range []contracted{
		{"in-place", exitDone, "migrate --in-place --dry-run"},
		{"in-place", exitDone, "migrate --in-place --yes --aps 0"},
	} {
		c.holds(t, server, dir)
	}
}

// contracted is a command whose output has a schema.
type contracted struct {
	schema string
	exit   int
	args   string
}

func (c contracted) holds(t *testing.T, server *emulator.Server, dir string) {
	t.Run(c.args+" prints what the schema "+c.schema+" says", func(t *testing.T) {
		form := "json"
		if c.schema == "sids" {
			form = "jsonl"
		}
		cmd := program(server, dir, append(strings.Fields(c.args), "--output", form)...)
		var out, complaints bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &complaints
		_ = cmd.Run()
		require.Equal(t, c.exit, cmd.ProcessState.ExitCode(), complaints.String())
		switch {
		case c.schema == "error":
			require.Empty(t, out.String())
		case form == "jsonl":
			require.NotEmpty(t, out.String())
			satisfyEach(t, c.schema, bytes.Lines(out.Bytes()))
		default:
			satisfies(t, c.schema, out.Bytes())
		}
		if c.exit != exitDone {
			lines := strings.Split(strings.TrimSpace(complaints.String()), "\n")
			satisfies(t, "error", []byte(lines[len(lines)-1]))
		}
	})
}

func satisfyEach(t *testing.T, name string, lines iter.Seq[[]byte]) {
	t.Helper()
	compiled := contract(t, name)
	for line := range lines {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
		require.NoError(t, err)
		require.NoError(t, compiled.Validate(v), "%s", line)
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
