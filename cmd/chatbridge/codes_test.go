package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCodes holds Twilio's error codes to one place. The emulator has its own,
// since it shares nothing with the client that it tests, and so has what tests
// answer in its place.
func TestCodes(t *testing.T) {
	code := regexp.MustCompile(`^(19|20|21|50|70)[0-9]{3}$`)
	root := filepath.Join("..", "..")
	found := map[string]int{}
	for _, top := range []string{"cmd", "mapping", "migrate", "reports"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			name := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "migrate/emulator/") || strings.HasPrefix(name, "migrate/internal/rig/") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.INT && code.MatchString(l.Value) {
					found[name]++
				}
				return true
			})
			return nil
		}))
	}
	require.Greater(t, found["migrate/code.go"], 20)
	delete(found, "migrate/code.go")
	require.Empty(t, found, "the error codes of Twilio stand in migrate/code.go")
}
