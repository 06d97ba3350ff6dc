package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// module is the module of the folder that a run starts in.
type module struct {
	root, path string
	dir        string // where patterns are relative to

	fset    *token.FileSet
	exports map[string]string // import path to compiled export data
	types   types.Importer
	on      *types.Package
}

// listed is what go list tells of a package.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
	TestGoFiles             []string
	XTestGoFiles            []string
	Deps                    []string
}

func (m *module) tool(ctx context.Context, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, "go", args...)
	c.Dir = m.dir
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}

func (m *module) list(ctx context.Context, args ...string) ([]listed, error) {
	out, err := m.tool(ctx, append([]string{"list", "-json=ImportPath,Dir,Export,GoFiles,TestGoFiles,XTestGoFiles,Deps"}, args...)...)
	if err != nil {
		return nil, err
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read go list: %w", err)
		}
		all = append(all, p)
	}
}

// openModule finds the module of a folder.
func openModule(ctx context.Context, dir string) (*module, error) {
	m := &module{dir: dir, fset: token.NewFileSet(), exports: map[string]string{}}
	out, err := m.tool(ctx, "list", "-m", "-f", "{{.Dir}}\n{{.Path}}")
	if err != nil {
		return nil, err
	}
	at := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(at) != 2 || at[0] == "" {
		return nil, fmt.Errorf("no module in %s", dir)
	}
	m.root, m.path = at[0], at[1]
	m.types = importer.ForCompiler(m.fset, "gc", m.export)
	return m, nil
}

// export opens what the compiler wrote of a package that another imports.
func (m *module) export(path string) (io.ReadCloser, error) {
	name, ok := m.exports[path]
	if !ok {
		return nil, fmt.Errorf("no export data for %s", path)
	}
	return os.Open(name)
}

// Import is types.Importer; package on exists in no folder of the module.
func (m *module) Import(path string) (*types.Package, error) {
	if path == m.onPath() {
		return m.on, nil
	}
	return m.types.Import(path)
}

// onPath is where the overlay puts package on: every package of the module may
// import it there.
func (m *module) onPath() string { return m.path + "/internal/mutanton" }

// load reads the packages that patterns name, and what they import.
func (m *module) load(ctx context.Context, patterns []string) ([]*pkg, error) {
	targets, err := m.list(ctx, patterns...)
	if err != nil {
		return nil, err
	}
	deps, err := m.list(ctx, append([]string{"-export", "-deps", "cmp", "os", "path/filepath", "strconv", "strings", "sync/atomic"}, patterns...)...)
	if err != nil {
		return nil, err
	}
	for _, d := range deps {
		if d.Export != "" {
			m.exports[d.ImportPath] = d.Export
		}
	}
	if err := m.checkOn(); err != nil {
		return nil, err
	}
	slices.SortFunc(targets, func(a, b listed) int { return strings.Compare(a.ImportPath, b.ImportPath) })
	var all []*pkg
	for _, t := range targets {
		if len(t.GoFiles) == 0 {
			continue
		}
		p, err := m.parse(t)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

func (m *module) checkOn() error {
	source, err := parser.ParseFile(m.fset, "on.go", onSource, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	m.on, err = (&types.Config{Importer: m}).Check(m.onPath(), m.fset, []*ast.File{source}, nil)
	return err
}

func (m *module) parse(l listed) (*pkg, error) {
	p := &pkg{path: l.ImportPath}
	slices.Sort(l.GoFiles)
	for _, name := range l.GoFiles {
		path := filepath.Join(l.Dir, name)
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		syntax, err := parser.ParseFile(m.fset, path, source, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(m.root, path)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, &file{path: path, name: filepath.ToSlash(rel), source: source, syntax: syntax})
	}
	return p, nil
}
