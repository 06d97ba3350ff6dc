package origin_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/origin"
)

var birth = time.Date(2022, 5, 4, 12, 0, 0, 0, time.UTC)

// line is a message of either side as the tables write it: author, seconds after
// the birth, body. A message of the source is named S0, S1 and so on by its
// place, one of the target T0, T1.
type line struct {
	author string
	at     int
	body   string
}

const past, later = -3600, 60

// rule is one table entry: what both sides hold, and what follows.
type rule struct {
	source, target []line
	known          map[int]int // source to target
	doubts         []origin.Doubt
	crashed, tail  bool
	noBirth        bool

	says []string // verdicts, in their order
	next int64
	stop origin.Reason
	asks bool // for the whole
}

func (r rule) read(t *testing.T) (origin.Decision, []string) {
	k := origin.Knowledge{Birth: origin.BornAt(birth), Doubts: r.doubts, Crashed: r.crashed, Tail: r.tail, Absent: true}
	if r.noBirth {
		k.Birth = origin.Birth{}
	}
	if r.known != nil {
		var c []origin.Confirmed
		for s := range r.source {
			if to, ok := r.known[s]; ok {
				c = append(c, origin.Confirmed{SourceIndex: int64(s), TargetIndex: int64(to), SourceSID: sid("S", s), TargetSID: sid("T", to)})
			}
		}
		k.Confirmed = all(c)
	}
	var said []string
	d, err := origin.Read(wants(r.source), haves(r.target), k, func(v origin.Verdict) error {
		said = append(said, strings.Join(strings.Fields(fmt.Sprint(v.SourceSID, " ", v.TargetSID, " ", v.Kind, " ", v.Like)), " "))
		return nil
	})
	require.NoError(t, err)
	return d, said
}

func sid(side string, n int) string { return fmt.Sprint(side, n) }

func wants(lines []line) iter.Seq2[origin.Want, error] {
	var w []origin.Want
	for i, l := range lines {
		if l.body == "" {
			continue // deleted
		}
		before := ""
		if l.author == "anna" {
			before = "ann"
		}
		w = append(w, origin.Want{SID: sid("S", i), Index: int64(i), Author: l.author, Before: before, Created: birth.Add(time.Duration(l.at) * time.Second), Content: origin.ContentOf(l.body, "")})
	}
	return all(w)
}

func haves(lines []line) iter.Seq2[origin.Have, error] {
	var h []origin.Have
	for i, l := range lines {
		if l.body == "" {
			continue // deleted
		}
		h = append(h, origin.Have{SID: sid("T", i), Index: int64(i), Author: l.author, Created: birth.Add(time.Duration(l.at) * time.Second), Content: origin.ContentOf(l.body, "")})
	}
	return all(h)
}
