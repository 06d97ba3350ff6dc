package main

import (
	"cmp"
	"go/token"
	"slices"
	"strings"
)

// stretch is where the text of a wrap came to stand in the instrumented file.
type stretch struct {
	site     *site
	from, to int
}

// instrument writes a file with every site in it that is not left out. Nothing
// moves to another line.
func instrument(fset *token.FileSet, f *file, sites []*site, leftOut map[*site]bool, onPath string) (string, []stretch) {
	edits := edits(fset, f, sites, leftOut)
	if len(edits) == 0 {
		return string(f.source), nil // an import that is not used would not compile
	}
	name := fset.Position(f.syntax.Name.End()).Offset
	edits = append(edits, edit{at: name, text: "; import " + alias + ` "` + onPath + `"`})
	slices.SortStableFunc(edits, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank))
	})
	var out strings.Builder
	opened := map[*wrap]int{}
	var stretches []stretch
	done := 0
	for _, e := range edits {
		out.Write(f.source[done:e.at])
		done = e.at + e.width
		if e.opens != nil {
			opened[e.opens] = out.Len()
		}
		out.WriteString(e.text)
		if e.closes != nil {
			stretches = append(stretches, stretch{e.closes.site, opened[e.closes], out.Len()})
		}
	}
	out.Write(f.source[done:])
	return out.String(), stretches
}

type edit struct {
	at, width     int
	rank          int // among the edits at one place
	text          string
	opens, closes *wrap
}

// edits are the insertions of all wraps. At one place, what ends comes before
// what begins; of what ends, the inner first; of what begins, the outer.
func edits(fset *token.FileSet, f *file, sites []*site, leftOut map[*site]bool) []edit {
	var all []edit
	nth := 0
	for _, s := range sites {
		if s.File != f.name || leftOut[s] {
			continue
		}
		for _, w := range s.wraps {
			nth++
			from, to := fset.Position(w.from).Offset, fset.Position(w.to).Offset
			if from == to {
				all = append(all, edit{at: from, rank: nth, text: w.before(s.N) + w.after(s.N), opens: w, closes: w})
				continue
			}
			all = append(all, edit{at: from, rank: nth, text: w.before(s.N), opens: w}, edit{at: to, rank: -nth, text: w.after(s.N), closes: w})
			if w.operator.IsValid() {
				all = append(all, edit{at: fset.Position(w.operator).Offset, width: w.width, text: ","})
			}
		}
	}
	return all
}
