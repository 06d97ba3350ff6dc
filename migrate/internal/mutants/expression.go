package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// alias is what instrumented files call package on. It must not be a name that
// they use for anything else.
const alias = "mutantOn"

// How much of the source a change quotes.
const (
	quoted  = 90
	operand = 45
)

// around puts a call of package on around an expression.
func (s *site) around(n ast.Node, call string) *wrap {
	w := &wrap{
		site: s, from: n.Pos(), to: n.End(),
		before: func(n int) string { return fmt.Sprintf("%s.%s(%d, ", alias, call, n) },
		after:  func(int) string { return ")" },
	}
	s.wraps = append(s.wraps, w)
	return w
}

// expression collects the sites of an expression, and reports whether those of
// its parts are wanted too.
func (g *generator) expression(e ast.Expr) bool {
	if tv, ok := g.info.Types[e]; ok && tv.Value != nil {
		g.integer(e, tv)
		g.boolean(e, tv)
		return false
	}
	compared, _ := e.(*ast.BinaryExpr)
	equality := compared != nil && (compared.Op == token.EQL || compared.Op == token.NEQ)
	if g.condition[e] && !equality {
		g.add(e.Pos(), g.text(e, quoted)+" → negated").around(e, "Not")
	}
	switch e := e.(type) {
	case *ast.BinaryExpr:
		g.binary(e)
	case *ast.CallExpr:
		g.call(e)
	}
	return true
}

var boundaries = map[token.Token]struct {
	call string
	to   token.Token
	dup  int // what added to a constant on the right is the same change
}{
	token.LSS: {"Lt", token.LEQ, 1},
	token.LEQ: {"Le", token.LSS, -1},
	token.GTR: {"Gt", token.GEQ, -1},
	token.GEQ: {"Ge", token.GTR, 1},
}

func (g *generator) binary(e *ast.BinaryExpr) {
	change := func(to token.Token) *site {
		x, y := g.text(e.X, operand), g.text(e.Y, operand)
		return g.add(e.OpPos, fmt.Sprintf("%s %s %s → %s", x, e.Op, y, to))
	}
	switch e.Op {
	case token.EQL:
		change(token.NEQ).around(e, "Not")
	case token.NEQ:
		change(token.EQL).around(e, "Not")
	case token.LAND, token.LOR:
		to := token.LOR
		if e.Op == token.LOR {
			to = token.LAND
		}
		// De Morgan: with all three negated, each operator is the other one.
		s := change(to)
		s.around(e, "Not")
		s.around(e.X, "Not")
		s.around(e.Y, "Not")
	default:
		b, ok := boundaries[e.Op]
		if !ok {
			return
		}
		w := change(b.to).around(e, b.call)
		w.operator, w.width = e.OpPos, len(e.Op.String())
		g.only[e.Y] = -b.dup
	}
}

// call lets a call be skipped whose error is its only result.
func (g *generator) call(e *ast.CallExpr) {
	if id, ok := ast.Unparen(e.Fun).(*ast.Ident); ok && id.Name == "make" && len(e.Args) > 2 {
		g.fixed[e.Args[2]] = true // a capacity changes nothing that a test can see
	}
	tv := g.info.Types[e]
	if g.statement[e] || g.info.Types[e.Fun].IsType() || tv.Type == nil {
		return
	}
	if !types.Identical(tv.Type, types.Universe.Lookup("error").Type()) {
		return
	}
	s := g.add(e.Pos(), g.text(e, quoted)+" → nil, not called")
	s.wraps = append(s.wraps, &wrap{
		site: s, from: e.Pos(), to: e.End(),
		before: func(n int) string {
			return fmt.Sprintf("%s.Skip(%d, func() error { return ", alias, n)
		},
		after: func(int) string { return " })" },
	})
}

// boolean turns a constant into its opposite.
func (g *generator) boolean(e ast.Expr, tv types.TypeAndValue) {
	if tv.Value.Kind() == constant.Bool && !g.fixed[e] {
		g.add(e.Pos(), fmt.Sprintf("%s → %t", g.text(e, quoted), !constant.BoolVal(tv.Value))).around(e, "Not")
	}
}

// integer moves a constant of a basic integer type by one. Durations and
// enumerations are left alone.
func (g *generator) integer(e ast.Expr, tv types.TypeAndValue) {
	basic, ok := types.Unalias(tv.Type).(*types.Basic)
	if !ok || basic.Info()&types.IsInteger == 0 || basic.Info()&types.IsUntyped != 0 ||
		tv.Value.Kind() != constant.Int || g.fixed[e] {
		return
	}
	for _, by := range []int{1, -1} {
		if only := g.only[e]; only != 0 && only != by {
			continue
		}
		sign, call := " + 1", "More"
		if by < 0 {
			sign, call = " - 1", "Less"
		}
		text := g.text(e, quoted)
		s := g.add(e.Pos(), text+" → "+text+sign)
		s.around(e, call+"["+basic.Name()+"]")
	}
}
