package main

import (
	"go/importer"
	"go/parser"
	"go/token"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// standard is a module whose packages import nothing but package on and the
// standard library.
func standard(t *testing.T) *module {
	t.Helper()
	m := &module{path: "example", fset: token.NewFileSet(), exports: map[string]string{}}
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "cmp", "os", "path/filepath", "strconv", "strings", "sync/atomic").Output()
	require.NoError(t, err)
	for line := range strings.Lines(string(out)) {
		path, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		m.exports[path] = name
	}
	m.types = importer.ForCompiler(m.fset, "gc", m.export)
	require.NoError(t, m.checkOn())
	return m
}

// single is a package of one file.
func single(t *testing.T, m *module, source string) *pkg {
	t.Helper()
	syntax, err := parser.ParseFile(m.fset, "/p.go", source, parser.SkipObjectResolution|parser.ParseComments)
	require.NoError(t, err)
	p := &pkg{path: "example/p", files: []*file{{path: "/p.go", name: "p.go", source: []byte(source), syntax: syntax}}}
	require.NoError(t, p.generate(m))
	number(p.sites)
	return p
}

func changes(p *pkg) []string {
	var all []string
	for _, s := range p.sites {
		all = append(all, s.Change)
	}
	return all
}

func TestInstrument(t *testing.T) {
	m := standard(t)
	for name, c := range map[string]struct {
		source  string // below the package clause
		want    string
		changes []string
	}{
		"a condition": {
			"func f(a bool) (n string) { if a { return `x` }; return }",
			"func f(a bool) (n string) { if mutantOn.Is(0) { return  }; if mutantOn.Not(1, a) { return `x` }; return }",
			[]string{"body → return of zero values", "a → negated"},
		},
		"equality, which is a condition once": {
			"var x = func(a, b string) { for a != b { panic(a) } }",
			"var x = func(a, b string) { if mutantOn.Is(0) { return  }; for mutantOn.Not(1, a != b) { panic(a) } }",
			[]string{"body → return", "a != b → =="},
		},
		"a boundary": {
			"func f(a, b int) bool { return a <= b }",
			"func f(a, b int) bool { if mutantOn.Is(0) { return *new(bool) }; return mutantOn.Le(1, a , b) }",
			[]string{"body → return of zero values", "a <= b → <"},
		},
		"the bound of a comparison, where only one direction is another change": {
			"func f(a int) bool { return a > 7 }",
			"func f(a int) bool { if mutantOn.Is(0) { return *new(bool) }; return mutantOn.Gt(1, a , mutantOn.More[int](2, 7)) }",
			[]string{"body → return of zero values", "a > 7 → >=", "7 → 7 + 1"},
		},
		"and for or": {
			"func f(a, b bool) bool { return a || !b }",
			"func f(a, b bool) bool { if mutantOn.Is(0) { return *new(bool) }; return mutantOn.Not(1, mutantOn.Not(1, a) || mutantOn.Not(1, !b)) }",
			[]string{"body → return of zero values", "a || !b → &&"},
		},
		"a call, a deferred one and an assignment": {
			"func f(p *int, g func()) { defer g(); *p = 0; g() }",
			"func f(p *int, g func()) { if mutantOn.Is(0) { return  }; if !mutantOn.Is(1) { defer g() }; if !mutantOn.Is(2) { *p = mutantOn.More[int](4, mutantOn.Less[int](5, 0)) }; if !mutantOn.Is(3) { g() } }",
			nil,
		},
		"an error that is the only result": {
			"func f(g func() error) error { return g() }",
			"func f(g func() error) error { return mutantOn.Skip(0, func() error { return g() }) }",
			[]string{"g() → nil, not called"},
		},
		"a switch without a tag": {
			"func f(a bool) { switch { case a: panic(1) } }",
			"func f(a bool) { if mutantOn.Is(0) { return  }; switch { case mutantOn.Not(1, a): panic(mutantOn.More[int](2, mutantOn.Less[int](3, 1))) } }",
			nil,
		},
		"constants where they must be constant": {
			"const c = 3\nvar a = [c]int{1: 4}\nfunc f(n int) { switch n { case c: panic(`x`) } }",
			"const c = 3\nvar a = [c]int{1: mutantOn.More[int](0, mutantOn.Less[int](1, 4))}\nfunc f(n int) { if mutantOn.Is(2) { return  }; switch n { case c: panic(`x`) } }",
			nil,
		},
		"a truth and a loop that goes on": {
			"func f(a []bool) { for i := range a { a[i] = true; continue } }",
			"func f(a []bool) { if mutantOn.Is(0) { return  }; for i := range a { if !mutantOn.Is(1) { a[i] = mutantOn.Not(3, true) }; if !mutantOn.Is(2) { continue } } }",
			nil,
		},
		"nothing that does not compile": {
			"type yes bool\nfunc f() yes { return true }",
			"type yes bool\nfunc f() yes { if mutantOn.Is(0) { return *new(yes) }; return true }",
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := single(t, m, "package p\n"+c.source+"\n")
			if c.changes != nil {
				require.Equal(t, c.changes, changes(p))
			}
			texts, err := p.instrument(m)
			require.NoError(t, err)
			require.Equal(t, "package p; import mutantOn \"example/internal/mutanton\"\n"+c.want+"\n", texts["/p.go"])
		})
	}
}

func TestWhatDoesNotCompileIsLeftOut(t *testing.T) {
	m := standard(t)
	// A parameter hides the type that an early return would need.
	p := single(t, m, "package p\nfunc f(int string) (int) { panic(int) }\n")
	require.NotEmpty(t, p.sites)
	texts, err := p.instrument(m)
	require.NoError(t, err)
	require.Empty(t, p.sites)
	require.NotContains(t, texts["/p.go"], "mutantOn")
}

func TestKeys(t *testing.T) {
	m := standard(t)
	source := "package p\n%sfunc f(a *int) { *a++; *a++ }\ntype s struct{}\nfunc (*s) g(a *int) { *a++ }\n"
	keys := func(p *pkg) (all []string) {
		for _, s := range p.sites {
			all = append(all, s.ID+" "+s.Key)
		}
		return all
	}
	before := single(t, m, strings.Replace(source, "%s", "", 1))
	after := single(t, m, strings.Replace(source, "%s", "\n\n// More lines.\n\n", 1))
	require.Equal(t, keys(before), keys(after))
	require.Contains(t, keys(before)[2], " example/p f: *a++ → dropped #2")
	require.Contains(t, keys(before)[3], " example/p (*s).g: *a++ → dropped")
	require.NotEqual(t, before.sites[0].Line, after.sites[0].Line)
}

func TestDraw(t *testing.T) {
	sites := make([]*site, 100)
	for i := range sites {
		sites[i] = &site{N: i, File: "migrate/a.go", Line: i}
	}
	sites[7].ID = "0badf00d"
	require.Equal(t, draw(sites, 10, 3), draw(sites, 10, 3))
	require.NotEqual(t, draw(sites, 10, 3), draw(sites, 10, 4))
	require.Len(t, draw(sites, 10, 3), 10)
	require.ElementsMatch(t, sites, draw(sites, 0, 3))
	require.Equal(t, []*site{sites[7], sites[9]}, choose(sites, "./migrate/a.go:9, 0badf00d"))
	require.Len(t, choose(sites, "a.go"), 100)
	require.False(t, slices.Contains(choose(sites, "a.go:3"), sites[4]))
}
