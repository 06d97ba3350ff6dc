package schema_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"chatbridge/reports/schema"
)

// compile makes a validator, in the strict reading if asked for: no field may
// be there that the schema does not name.
func compile(t *testing.T, name string, strict bool) *jsonschema.Schema {
	t.Helper()
	raw, ok := schema.Lookup(name)
	require.True(t, ok, name)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err, name)
	if strict {
		seal(doc)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource(name+".json", doc))
	compiled, err := c.Compile(name + ".json")
	require.NoError(t, err, name)
	return compiled
}

// seal closes every object of a schema that names its fields.
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

func instance(t *testing.T, raw []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	return v
}

func TestSchemas(t *testing.T) {
	require.NotEmpty(t, schema.Names())
	for _, name := range schema.Names() {
		t.Run(name+" can be compiled, and admits nothing that is not an object", func(t *testing.T) {
			for _, strict := range []bool{false, true} {
				s := compile(t, name, strict)
				require.Error(t, s.Validate(map[string]any{}))
				require.Error(t, s.Validate("x"))
			}
		})
		t.Run(name+" says what every field means", func(t *testing.T) {
			raw, _ := schema.Lookup(name)
			var doc any
			require.NoError(t, json.Unmarshal(raw, &doc))
			described(t, name, doc)
		})
	}
	t.Run("there is none by a name that is none", func(t *testing.T) {
		for _, name := range []string{"", "..", "nothing", "schema.go"} {
			_, ok := schema.Lookup(name)
			require.False(t, ok, name)
		}
	})
}

// described requires a description of every field below node.
func described(t *testing.T, path string, node any) {
	t.Helper()
	object, ok := node.(map[string]any)
	if !ok {
		if list, ok := node.([]any); ok {
			for _, child := range list {
				described(t, path, child)
			}
		}
		return
	}
	if properties, ok := object["properties"].(map[string]any); ok {
		for name, field := range properties {
			require.NotEmpty(t, field.(map[string]any)["description"], "%s.%s", path, name)
		}
	}
	for key, child := range object {
		described(t, path+"."+key, child)
	}
}

// TestGolden holds the reports that were agreed on to their schemas. They are
// richer than any one run: every kind of item is in them.
func TestGolden(t *testing.T) {
	for golden, name := range map[string]string{
		"audit.json": "audit", "fleet.json": "fleet", "doctor.json": "doctor", "rehearsal.json": "rehearse", "summary.json": "migrate", "status.json": "status", "verification.json": "verify", "repair.json": "repair", "repair-preview.json": "repair",
	} {
		t.Run(golden+" is as "+name+" says, and has no field besides", func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("..", "..", "testdata", "golden", golden))
			require.NoError(t, err)
			require.NoError(t, compile(t, name, true).Validate(instance(t, raw)))
		})
	}
	t.Run("a field that is not named, or missing, is seen", func(t *testing.T) {
		s := compile(t, "error", true)
		require.NoError(t, s.Validate(instance(t, []byte(`{"schema_version":1,"error":"e","hint":"h","exit_status":2}`))))
		require.Error(t, s.Validate(instance(t, []byte(`{"schema_version":1,"error":"e","hint":"h","exit_status":2,"more":1}`))))
		require.Error(t, s.Validate(instance(t, []byte(`{"schema_version":1,"error":"e","exit_status":2}`))))
		require.NoError(t, compile(t, "error", false).Validate(instance(t, []byte(`{"schema_version":1,"error":"e","hint":"h","exit_status":2,"more":1}`))))
	})
}
