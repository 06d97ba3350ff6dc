package torture

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// transient is what goes away.
var transient = part{
	test: "TestTortureTransient", number: 2, play: playTransient,
	kinds: []kind{
		fails("throttled", "before.429"),
		fails("down", "before"),
		fails("lost-answer", "after"),
		fails("late", "late"),
		fails("bad-read", "read"),
		{name: "bad-file", draw: func(s *story) {
			s.busy()
			s.files()
			s.faults = append(s.faults, fmt.Sprintf("media=%g", s.share(0.01, 0.03, 0.08)))
		}},
		{name: "collected", draw: func(s *story) {
			s.busy()
			s.files()
			s.unkind.Collect = s.share(0.05, 0.2)
		}},
		{name: "taken-as-gone", draw: func(s *story) {
			s.busy()
			s.files()
			s.unkind.TakenAsGone = s.share(0.5, 1)
			s.faults = append(s.faults, fmt.Sprintf("after=%g", s.share(0.03, 0.1, 0.2)))
		}},
		{name: "files", also: true, draw: (*story).files},
		{name: "short-pages", also: true, draw: (*story).shortPages},
		{name: "old-pages", draw: func(s *story) {
			s.shortPages()
			s.dies(func(*death) {})
			s.rest = 3 * time.Hour
			if s.IntN(2) == 0 {
				s.unkind.TokenLasts = 2 * time.Hour
			} else {
				s.unkind.TokenMoves = 2 * time.Hour
			}
		}},
		{name: "lag", draw: func(s *story) { s.unkind.Lag = time.Duration(500+s.IntN(2000)) * time.Millisecond }},
		{name: "lag-requests", draw: func(s *story) { s.unkind.LagRequests = int64(1 + s.IntN(6)) }},
		{name: "stale", draw: func(s *story) {
			s.unkind.Stale, s.unkind.StaleFor = s.share(0.01, 0.05, 0.2), time.Duration(1+s.IntN(40))*time.Second
		}},
		{name: "kill", draw: func(s *story) { s.dies(func(*death) {}) }},
		{name: "rollback", draw: func(s *story) { s.dies(func(d *death) { d.rollback = 1 + s.IntN(20) }) }},
		{name: "hard-stop", draw: func(s *story) { s.dies(func(d *death) { d.cut = true }) }},
		{name: "lost-ledger", draw: func(s *story) { s.dies(func(d *death) { d.lose = true }) }},
		{name: "lost-ledger-later", draw: func(s *story) { s.lost[1+s.IntN(2)] = true }},
	},
}

// fails is a group of faults on the way.
func fails(name, group string) kind {
	return kind{name: name, draw: func(s *story) {
		s.busy()
		s.faults = append(s.faults, fmt.Sprintf("%s=%g", group, s.share(0.01, 0.03, 0.08, 0.15)))
		if group == "late" { // with the longest lag, below the shortest settle time
			s.faults = append(s.faults, "late-within=3s")
		}
	}}
}

// shortPages has lists of a few records come in pages.
func (s *story) shortPages() {
	s.busy()
	s.unkind.PageMost = 1 + s.IntN(12)
}

// dies makes one to three runs end before their time.
func (s *story) dies(set func(*death)) {
	s.busy()
	for range 1 + s.IntN(3) {
		d := death{write: 1 + s.IntN(70), after: s.IntN(2) == 0}
		set(&d)
		s.kills = append(s.kills, d)
	}
}

// TestTortureTransient draws worlds in which all kinds of things fail for a while.
func TestTortureTransient(t *testing.T) { transient.run(t) }

// enough is how many runs an operator has patience for.
const enough = 3

func playTransient(t *testing.T, w *world) {
	for i, d := range w.kills {
		e := w.run(fmt.Sprintf("killed run %d", i+1), &d)
		if e.killed && d.lose {
			w.newLedger()
		}
		time.Sleep(w.rest)
	}
	var e ending
	for i := range enough {
		e = w.run(fmt.Sprintf("run %d", i+1), nil)
		w.log("%s", e)
		if e.status() == 0 {
			break
		}
	}
	require.Empty(t, w.unequal(e), "after the last of %d runs", enough)
	for pass := range w.passes {
		time.Sleep(w.again)
		if w.lost[pass+1] {
			w.newLedger()
		}
		for i := range enough {
			if e = w.run(fmt.Sprintf("pass %d, run %d", pass+2, i+1), nil); e.status() == 0 {
				break
			}
		}
		require.Empty(t, w.unequal(e), "after pass %d", pass+2)
	}
	w.plan.Close()
	for i := range enough {
		if e = w.run(fmt.Sprintf("last pass, run %d", i+1), nil); e.status() == 0 {
			break
		}
	}
	require.Empty(t, w.unequal(e), "after the last pass")
	if lists := w.unkind; lists.Stale == 0 && lists.Lag == 0 && lists.LagRequests == 0 {
		for kind, c := range e.summary.Counts {
			require.Zero(t, c.Written, kind)
		}
	}
	stats := w.emulator.Stats()
	require.Zero(t, stats.Pushes)
	require.Zero(t, stats.Webhooks)
	require.Zero(t, stats.RefusedSourceWrites)
}
