package mapping_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPackagesAreAsPureAsTheySay(t *testing.T) {
	for _, pkg := range []string{".", "chat", "conversations"} {
		t.Run("imports of "+pkg, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(pkg, "*.go"))
			require.NoError(t, err)
			require.NotEmpty(t, files)
			for _, name := range files {
				if strings.HasSuffix(name, "_test.go") {
					continue
				}
				f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
				require.NoError(t, err)
				for _, i := range f.Imports {
					imported, err := strconv.Unquote(i.Path.Value)
					require.NoError(t, err)
					require.True(t, allowed(pkg, imported), "%s imports %s", name, imported)
				}
			}
		})
	}
}

// allowed admits the two vocabularies to the mapping, and of the standard
// library what neither reads nor writes anything outside.
func allowed(pkg, imported string) bool {
	switch imported {
	case "chatbridge/mapping/chat", "chatbridge/mapping/conversations":
		return pkg == "."
	case "os", "log", "net", "net/http", "os/exec", "syscall", "unsafe", "math/rand", "math/rand/v2":
		return false
	}
	return !strings.Contains(imported, ".") && !strings.HasPrefix(imported, "chatbridge") && !strings.HasPrefix(imported, "log/")
}
