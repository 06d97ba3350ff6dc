// Package schema holds the contract of everything that chatbridge prints as
// JSON: one JSON Schema (draft 2020-12) for each result, with what each field
// means.
//
// A schema admits fields that it does not name, because new ones come without a
// new schema_version; the tests hold real output to the stricter reading, in
// which every field has to be named. It is documentation and a yardstick: the
// program does not check its own output with it.
package schema

import (
	"embed"
	"io/fs"
	"strings"
)

//go:embed *.json
var files embed.FS

// Names lists the schemas, in their order.
func Names() []string {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		panic(err) // what is embedded can be listed
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".json")
	}
	return names
}

// Lookup is the schema of that name.
func Lookup(name string) (raw []byte, ok bool) {
	raw, err := files.ReadFile(name + ".json")
	return raw, err == nil
}
