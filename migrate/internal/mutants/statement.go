package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
)

// list lets each statement of a list be dropped that can be.
func (g *generator) list(statements []ast.Stmt) {
	for _, s := range statements {
		if g.droppable(s) {
			d := g.add(s.Pos(), g.text(s, quoted)+" → dropped")
			d.wraps = append(d.wraps, &wrap{
				site: d, from: s.Pos(), to: s.End(),
				before: func(n int) string { return fmt.Sprintf("if !%s.Is(%d) { ", alias, n) },
				after:  func(int) string { return " }" },
			})
		}
	}
}

func (g *generator) droppable(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.ExprStmt:
		call, ok := ast.Unparen(s.X).(*ast.CallExpr)
		if !ok {
			return false
		}
		g.statement[call] = true
		// Without its panic a function may end without a return.
		id, builtin := ast.Unparen(call.Fun).(*ast.Ident)
		return !builtin || id.Name != "panic"
	case *ast.DeferStmt, *ast.GoStmt, *ast.IncDecStmt:
		return true
	case *ast.BranchStmt:
		return s.Tok == token.CONTINUE || s.Tok == token.BREAK
	case *ast.AssignStmt:
		return s.Tok != token.DEFINE && !g.skipped(s)
	}
	return false
}

// skipped reports whether an assignment is of a single call's error, which has a
// site of its own.
func (g *generator) skipped(s *ast.AssignStmt) bool {
	if len(s.Rhs) != 1 || len(s.Lhs) != 1 {
		return false
	}
	call, ok := ast.Unparen(s.Rhs[0]).(*ast.CallExpr)
	return ok && g.info.Types[call].Type != nil && g.info.Types[call].Type.String() == "error"
}

// early lets a function return zero values before it has done anything.
func (g *generator) early(t *ast.FuncType, body *ast.BlockStmt) {
	if len(body.List) == 0 || len(body.List) == 1 && g.covered(body.List[0]) {
		return
	}
	zeros, named := g.zeros(t)
	if named {
		zeros = ""
	}
	change := "body → return of zero values"
	if t.Results == nil {
		change = "body → return"
	}
	s := g.add(body.Pos(), change)
	inside := body.Lbrace + 1
	s.wraps = append(s.wraps, &wrap{
		site: s, from: inside, to: inside,
		before: func(n int) string { return fmt.Sprintf(" if %s.Is(%d) { return %s };", alias, n, zeros) },
		after:  func(int) string { return "" },
	})
}

// zeros are the zero values of a function's results, as source.
func (g *generator) zeros(t *ast.FuncType) (zeros string, named bool) {
	if t.Results == nil {
		return "", false
	}
	var all []string
	for _, f := range t.Results.List {
		if len(f.Names) > 0 {
			return "", true
		}
		all = append(all, "*new("+g.source(f.Type)+")")
	}
	return strings.Join(all, ", "), false
}

func (g *generator) source(n ast.Node) string {
	return string(g.file.source[g.fset.Position(n.Pos()).Offset:g.fset.Position(n.End()).Offset])
}

// covered reports whether an only statement has a site that does the same as an
// early return, or returns zero values anyhow.
func (g *generator) covered(s ast.Stmt) bool {
	r, ok := s.(*ast.ReturnStmt)
	if !ok {
		return g.droppable(s)
	}
	for _, e := range r.Results {
		if !g.zero(e) && !(len(r.Results) == 1 && g.fails(e)) {
			return false
		}
	}
	return true
}

// fails reports whether an expression is a call whose only result is an error.
func (g *generator) fails(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	return ok && g.info.Types[call].Type != nil && g.info.Types[call].Type.String() == "error"
}

func (g *generator) zero(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.CompositeLit:
		return len(e.Elts) == 0 && e.Type != nil
	case *ast.Ident:
		return e.Name == "nil" || e.Name == "false"
	case *ast.BasicLit:
		return e.Value == "0" || e.Value == `""`
	}
	return false
}
