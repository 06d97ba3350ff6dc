package main

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// packages are the packages of the module and what each imports, tests left out.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	imports := map[string][]string{}
	for _, top := range []string{"cmd", "mapping", "migrate", "reports"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			p, err := build.ImportDir(path, 0)
			if _, none := err.(*build.NoGoError); none {
				return nil
			}
			name, relErr := filepath.Rel(root, path)
			imports["chatbridge/"+filepath.ToSlash(name)] = p.Imports
			if err == nil {
				err = relErr
			}
			return err
		}))
	}
	return imports
}

func TestImports(t *testing.T) {
	all := packages(t)
	require.Contains(t, all, "chatbridge/migrate/twilio")
	require.Contains(t, all, "chatbridge/mapping/chat")

	// may says what a package may import of the module.
	may := func(t *testing.T, name string, allowed ...string) {
		t.Helper()
		for _, imported := range all[name] {
			if strings.HasPrefix(imported, "chatbridge/") {
				require.Contains(t, allowed, imported, "%s imports it", name)
			}
		}
	}
	vocabulary := []string{"chatbridge/mapping/chat", "chatbridge/mapping/conversations"}
	t.Run("mapping imports nothing of ours but its vocabulary", func(t *testing.T) {
		may(t, "chatbridge/mapping", vocabulary...)
		may(t, "chatbridge/mapping/chat")
		may(t, "chatbridge/mapping/conversations")
	})
	t.Run("the engine imports none of its drivers", func(t *testing.T) {
		may(t, "chatbridge/migrate", append(slices.Clone(vocabulary), "chatbridge/mapping", "chatbridge/migrate/internal/drain")...)
		may(t, "chatbridge/migrate/internal/drain")
	})
	t.Run("drivers import the engine, and no other driver", func(t *testing.T) {
		for name := range all {
			if !strings.HasPrefix(name, "chatbridge/migrate/") || strings.HasPrefix(name, "chatbridge/migrate/emulator") {
				continue
			}
			allowed := append(slices.Clone(vocabulary), "chatbridge/migrate", "chatbridge/mapping")
			if name == "chatbridge/migrate/twilio" {
				allowed = append(allowed, "chatbridge/migrate/transport")
			}
			may(t, name, allowed...)
		}
	})
	t.Run("the emulator shares nothing with the client that it tests", func(t *testing.T) {
		// The files that seed it are read by the package that defines them.
		may(t, "chatbridge/migrate/emulator", "chatbridge/migrate/archive")
		for name := range all {
			if strings.HasPrefix(name, "chatbridge/migrate/emulator/") {
				may(t, name, "chatbridge/migrate/emulator")
			}
		}
	})
	t.Run("reports open nothing", func(t *testing.T) {
		may(t, "chatbridge/reports", "chatbridge/mapping", "chatbridge/migrate", "chatbridge/migrate/doctor")
		for _, forbidden := range []string{"net", "net/http", "os"} {
			require.NotContains(t, all["chatbridge/reports"], forbidden)
		}
	})
	t.Run("only the driver imports twilio-go", func(t *testing.T) {
		for name, imports := range all {
			for _, imported := range imports {
				if strings.HasPrefix(imported, "github.com/twilio/") {
					require.Equal(t, "chatbridge/migrate/twilio", name)
				}
			}
		}
	})
	t.Run("one file of the command knows what kind of ledger it opens", func(t *testing.T) {
		files, err := filepath.Glob("*.go")
		require.NoError(t, err)
		var importing []string
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
			require.NoError(t, err)
			if slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"chatbridge/migrate/sqlite"` }) {
				importing = append(importing, name)
			}
		}
		require.Equal(t, []string{"ledger.go"}, importing)
	})
	t.Run("nothing imports the command", func(t *testing.T) {
		for name, imports := range all {
			require.NotContains(t, imports, "chatbridge/cmd/chatbridge", name)
		}
	})
}
