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

// filesOf says how many files each package has, tests left out.
func filesOf(t *testing.T) map[string]int {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	count := map[string]int{}
	require.NoError(t, filepath.WalkDir(filepath.Join(root, "migrate"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			dir, _ := filepath.Rel(root, filepath.Dir(path))
			count["chatbridge/"+filepath.ToSlash(dir)]++
		}
		return err
	}))
	return count
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
	contract := append(slices.Clone(vocabulary), "chatbridge/migrate", "chatbridge/mapping")
	// Whose something is, and who may write, every verb asks in one place.
	internal := []string{
		"chatbridge/migrate/internal/ahead",
		"chatbridge/migrate/internal/claim", "chatbridge/migrate/internal/count", "chatbridge/migrate/internal/drain", "chatbridge/migrate/internal/files",
		"chatbridge/migrate/internal/forget",
		"chatbridge/migrate/internal/lease",
		"chatbridge/migrate/internal/owner", "chatbridge/migrate/internal/push", "chatbridge/migrate/internal/runrecord", "chatbridge/migrate/origin",
		"chatbridge/migrate/pace", "chatbridge/migrate/sidecar",
	}
	rooms := []string{"replay", "audit", "verify", "undo", "inplace", "doctor", "rehearse"}
	const most = 35 // files that a stranger can look through
	t.Run("no package of the engine has more files than a stranger can look through", func(t *testing.T) {
		for name, files := range filesOf(t) {
			if strings.HasPrefix(name, "chatbridge/migrate") && name != "chatbridge/migrate/emulator" {
				require.LessOrEqual(t, files, most, name)
			}
		}
	})
	room := func(name string) bool { return slices.Contains(rooms, strings.TrimPrefix(name, "chatbridge/migrate/")) }
	t.Run("the contract imports none of its children", func(t *testing.T) {
		may(t, "chatbridge/migrate", append(slices.Clone(vocabulary), "chatbridge/mapping")...)
	})
	t.Run("a verb imports the contract and what verbs share, and no other verb", func(t *testing.T) {
		for _, name := range rooms {
			require.Contains(t, all, "chatbridge/migrate/"+name)
			allowed := append(slices.Clone(contract), internal...)
			if name == "rehearse" { // the record of what it made has one writer
				allowed = append(allowed, "chatbridge/migrate/internal/lockfile")
			}
			may(t, "chatbridge/migrate/"+name, allowed...)
		}
		for _, name := range internal {
			may(t, name, append(slices.Clone(contract), internal...)...)
		}
	})
	t.Run("drivers import the contract alone", func(t *testing.T) {
		for name := range all {
			if !strings.HasPrefix(name, "chatbridge/migrate/") || strings.HasPrefix(name, "chatbridge/migrate/emulator") ||
				strings.HasPrefix(name, "chatbridge/migrate/internal/") || room(name) {
				continue
			}
			allowed := slices.Clone(contract)
			switch name {
			case "chatbridge/migrate/twilio":
				allowed = append(allowed, "chatbridge/migrate/transport", "chatbridge/migrate/internal/ahead")
			case "chatbridge/migrate/accounts": // asks one more host of Twilio, in the way that the driver does
				allowed = append(allowed, "chatbridge/migrate/twilio")
			case "chatbridge/migrate/archive": // has one writer
				allowed = append(allowed, "chatbridge/migrate/internal/lockfile")
			case "chatbridge/migrate/sqlite", "chatbridge/migrate/postgres": // store some things alike
				allowed = append(allowed, "chatbridge/migrate/internal/stored")
				if name == "chatbridge/migrate/sqlite" { // a server grants leases
					allowed = append(allowed, "chatbridge/migrate/internal/lockfile")
				} else {
					allowed = append(allowed, "chatbridge/migrate/internal/lease")
				}
			case "chatbridge/migrate/pgtest": // keeps its data where the ledgers of tests lie
				allowed = append(allowed, "chatbridge/migrate/ledgertest")
			case "chatbridge/migrate/metrics": // shows how far a run is
				allowed = append(allowed, "chatbridge/migrate/replay")
			}
			may(t, name, allowed...)
		}
	})
	t.Run("what tests start from is imported by nothing else", func(t *testing.T) {
		for name, imports := range all {
			require.NotContains(t, imports, "chatbridge/migrate/internal/rig", name)
			require.NotContains(t, imports, "chatbridge/migrate/internal/bench", name)
			require.NotContains(t, imports, "chatbridge/migrate/internal/heap", name)
			require.NotContains(t, imports, "chatbridge/migrate/pgtest", name)
		}
		may(t, "chatbridge/migrate/internal/bench", "chatbridge/migrate/emulator")
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
		allowed := []string{"chatbridge/mapping", "chatbridge/migrate", "chatbridge/migrate/pace"}
		for _, name := range rooms {
			allowed = append(allowed, "chatbridge/migrate/"+name)
		}
		may(t, "chatbridge/reports", allowed...)
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
	t.Run("only the ledger in PostgreSQL and the queue import its driver", func(t *testing.T) {
		for name, imports := range all {
			for _, imported := range imports {
				if strings.HasPrefix(imported, "github.com/jackc/") {
					require.Contains(t, []string{"chatbridge/migrate/postgres", "chatbridge/migrate/queue", "chatbridge/migrate/pgtest"}, name)
				}
			}
		}
	})
	t.Run("only the queue imports River", func(t *testing.T) {
		require.Contains(t, all["chatbridge/migrate/queue"], "github.com/riverqueue/river")
		for name, imports := range all {
			for _, imported := range imports {
				if strings.HasPrefix(imported, "github.com/riverqueue/") {
					require.Equal(t, "chatbridge/migrate/queue", name)
				}
			}
		}
	})
	t.Run("two files of the command know what kind of ledger they open", func(t *testing.T) {
		files, err := filepath.Glob("*.go")
		require.NoError(t, err)
		var importing []string
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
			require.NoError(t, err)
			if slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
				return i.Path.Value == `"chatbridge/migrate/sqlite"` || i.Path.Value == `"chatbridge/migrate/postgres"`
			}) {
				importing = append(importing, name)
			}
		}
		require.Equal(t, []string{"ledger.go", "ledger_database.go"}, importing)
	})
	t.Run("nothing imports the command", func(t *testing.T) {
		for name, imports := range all {
			require.NotContains(t, imports, "chatbridge/cmd/chatbridge", name)
		}
	})
}
