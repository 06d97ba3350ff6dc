package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/token"
	"strconv"
)

// site is one place of the code and one change to it: a mutant.
type site struct {
	N       int    `json:"-"`       // its number in the instrumented code
	ID      string `json:"id"`      // drawn from the key: it outlives edits elsewhere
	Package string `json:"package"` // import path
	File    string `json:"file"`    // from the root of the module
	Line    int    `json:"line"`
	Func    string `json:"func"`   // the declaration that it stands in
	Change  string `json:"change"` // before → after
	Key     string `json:"key"`    // names it without a line number

	wraps []*wrap
}

func (s *site) where() string { return fmt.Sprintf("%s:%d", s.File, s.Line) }

// number gives every site its number, its key, and the ID that is drawn from it.
// Equal changes in one declaration are counted.
func number(sites []*site) {
	seen := map[string]int{}
	for n, s := range sites {
		s.N = n
		s.Key = s.Package + " " + s.Func + ": " + s.Change
		seen[s.Key]++
		if nth := seen[s.Key]; nth > 1 {
			s.Key += " #" + strconv.Itoa(nth)
		}
		sum := sha256.Sum256([]byte(s.Key))
		s.ID = hex.EncodeToString(sum[:4])
	}
}

// wrap is text put around a stretch of source. Where two begin or end at one
// place, the one that was added first is the outer one.
type wrap struct {
	site          *site
	from, to      token.Pos
	before, after func(n int) string
	operator      token.Pos // replaced by a comma; NoPos where nothing is
	width         int       // of the operator
}
