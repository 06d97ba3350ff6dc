package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
)

// pkg is a package under test.
type pkg struct {
	path  string
	files []*file
	sites []*site
}

// generate finds the package's sites.
func (p *pkg) generate(m *module) error {
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	var files []*ast.File
	for _, f := range p.files {
		files = append(files, f.syntax)
	}
	if _, err := (&types.Config{Importer: m}).Check(p.path, m.fset, files, info); err != nil {
		return fmt.Errorf("check %s: %w", p.path, err)
	}
	g := newGenerator(m.fset, info, p.path)
	for _, f := range p.files {
		g.read(f)
	}
	p.sites = g.sites
	return nil
}

// instrument writes every file of the package with the sites that compile. It
// leaves out the others, as the type checker finds them, and forgets them.
func (p *pkg) instrument(m *module) (map[string]string, error) {
	leftOut := map[*site]bool{}
	for {
		text, bad, err := p.attempt(m, leftOut)
		if err != nil {
			return nil, err
		}
		if len(bad) == 0 {
			var kept []*site
			for _, s := range p.sites {
				if !leftOut[s] {
					kept = append(kept, s)
				}
			}
			p.sites = kept
			return text, nil
		}
		for _, s := range bad {
			leftOut[s] = true
		}
	}
}

// attempt writes the files, and finds the sites that do not compile.
func (p *pkg) attempt(m *module, leftOut map[*site]bool) (map[string]string, []*site, error) {
	fset := token.NewFileSet()
	texts, stretches := map[string]string{}, map[string][]stretch{}
	var files []*ast.File
	var bad []*site
	for _, f := range p.files {
		text, where := instrument(m.fset, f, p.sites, leftOut, m.onPath())
		texts[f.path], stretches[f.path] = text, where
		syntax, err := parser.ParseFile(fset, f.path, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, nil, fmt.Errorf("instrument: %w", err)
		}
		files = append(files, syntax)
	}
	var unexplained error
	c := &types.Config{Importer: m, Error: func(err error) {
		var e types.Error
		if !errors.As(err, &e) {
			return
		}
		at := fset.Position(e.Pos)
		if s := innermost(stretches[at.Filename], at.Offset); s != nil {
			bad = append(bad, s)
		} else if unexplained == nil {
			unexplained = err
		}
	}}
	_, _ = c.Check(p.path, fset, files, nil)
	if len(bad) == 0 && unexplained != nil {
		return nil, nil, fmt.Errorf("instrument %s: %w", p.path, unexplained)
	}
	return texts, bad, nil
}

func innermost(stretches []stretch, at int) *site {
	var found *stretch
	for i, s := range stretches {
		if s.from <= at && at < s.to && (found == nil || s.to-s.from < found.to-found.from) {
			found = &stretches[i]
		}
	}
	if found == nil {
		return nil
	}
	return found.site
}
