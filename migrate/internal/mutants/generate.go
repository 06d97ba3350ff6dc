package main

import (
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"
)

// file is one file of a package under test.
type file struct {
	path   string // absolute
	name   string // from the root of the module
	source []byte
	syntax *ast.File
}

// generator finds the sites of one package.
type generator struct {
	fset    *token.FileSet
	info    *types.Info
	pkgPath string

	file  *file
	decl  string
	sites []*site

	// What a parent knows of its children before they are visited.
	condition map[ast.Expr]bool // decides where control goes
	fixed     map[ast.Expr]bool // must stay constant, or is not worth a change
	only      map[ast.Expr]int  // an operand for which one direction alone is new
	statement map[ast.Expr]bool // a call whose whole statement can be dropped
}

func newGenerator(fset *token.FileSet, info *types.Info, pkgPath string) *generator {
	return &generator{
		fset: fset, info: info, pkgPath: pkgPath,
		condition: map[ast.Expr]bool{}, fixed: map[ast.Expr]bool{},
		only: map[ast.Expr]int{}, statement: map[ast.Expr]bool{},
	}
}

// read collects the sites of a file, each before those that stand inside it.
func (g *generator) read(f *file) {
	g.file = f
	if ast.IsGenerated(f.syntax) {
		return
	}
	for _, d := range f.syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Body == nil {
				continue
			}
			g.decl = declared(d)
			g.early(d.Type, d.Body)
			ast.Inspect(d.Body, g.visit)
		case *ast.GenDecl:
			if d.Tok == token.VAR {
				g.variables(d)
			}
		}
	}
}

func (g *generator) variables(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec)
		g.decl = v.Names[0].Name
		for _, value := range v.Values {
			ast.Inspect(value, g.visit)
		}
	}
}

// declared is a function's name as Go prints it: (*lane).align.
func declared(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	receiver, star := d.Recv.List[0].Type, ""
	if p, ok := receiver.(*ast.StarExpr); ok {
		receiver, star = p.X, "*"
	}
	switch generic := receiver.(type) {
	case *ast.IndexExpr:
		receiver = generic.X
	case *ast.IndexListExpr:
		receiver = generic.X
	}
	name := types.ExprString(receiver)
	if star == "" {
		return name + "." + d.Name.Name
	}
	return "(*" + name + ")." + d.Name.Name
}

func (g *generator) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BlockStmt:
		g.list(n.List)
	case *ast.CommClause:
		g.list(n.Body)
	case *ast.CaseClause:
		g.list(n.Body)
		for _, e := range n.List {
			g.fixed[e] = true
		}
	case *ast.SwitchStmt:
		g.cases(n)
	case *ast.IfStmt:
		g.condition[n.Cond] = true
	case *ast.ForStmt:
		if n.Cond != nil {
			g.condition[n.Cond] = true
		}
	case *ast.FuncLit:
		g.early(n.Type, n.Body)
	case *ast.GenDecl:
		return n.Tok == token.VAR
	case *ast.ArrayType:
		return false
	case *ast.CompositeLit:
		g.keys(n)
	}
	if e, ok := n.(ast.Expr); ok {
		return g.expression(e)
	}
	return true
}

// cases marks the conditions of a switch that has no tag.
func (g *generator) cases(s *ast.SwitchStmt) {
	if s.Tag != nil {
		return
	}
	for _, c := range s.Body.List {
		for _, e := range c.(*ast.CaseClause).List {
			g.condition[e] = true
		}
	}
}

// keys marks the indexes of an array literal, which must be constant.
func (g *generator) keys(l *ast.CompositeLit) {
	for _, e := range l.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			g.fixed[kv.Key] = true
		}
	}
}

// add notes a site that begins at pos; its wraps follow.
func (g *generator) add(pos token.Pos, change string) *site {
	s := &site{
		Package: g.pkgPath, File: filepath.ToSlash(g.file.name), Line: g.fset.Position(pos).Line,
		Func: g.decl, Change: change,
	}
	g.sites = append(g.sites, s)
	return s
}

// text is a node's source on one line, shortened.
func (g *generator) text(n ast.Node, most int) string {
	from, to := g.fset.Position(n.Pos()).Offset, g.fset.Position(n.End()).Offset
	s := strings.Join(strings.Fields(string(g.file.source[from:to])), " ")
	if r := []rune(s); len(r) > most {
		s = string(r[:most-1]) + "…"
	}
	return s
}
