package torture

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/internal/rig"
)

// lies is what the target says and does wrong, and who else writes there.
var lies = part{
	test: "TestTortureLies", number: 3, play: playLies,
	notYet: map[string]string{},
	noise:  trouble,
	kinds: []kind{
		alters("trim", func(s *story) { s.unkind.Trim = true }, "  padded ", "tail\n"),
		alters("line-ends", func(s *story) { s.unkind.LineEnds = true }, "two\r\nlines", "end\r\n"),
		alters("nfc", func(s *story) { s.unkind.NFC = true }, "cafe\u0301", "A\u030angstro\u0308m"),
		{"doubles", func(s *story) {
			s.unkind.Doubles = true
			s.messages(0.2, func(m *rig.MsgPlan) {
				m.Attributes = []string{`{"n":9007199254740993}`, `{"n":1.0}`, `{"n":1e400}`}[s.IntN(3)]
			})
		}},
		{"list-ends-early", func(s *story) { s.unkind.EndsEarly = s.share(0.02, 0.1, 0.5, 1) }},
		{"list-ignores-order", func(s *story) { s.unkind.IgnoresOrder = s.share(0.05, 0.5) }},
		{"list-of-another", func(s *story) { s.unkind.OfAnother = s.share(0.02, 0.3) }},
		{"stale-at-large", func(s *story) {
			s.unkind.Stale, s.unkind.StaleFor = s.share(0.1, 0.5), time.Duration(10+s.IntN(120))*time.Second
		}},
		{"lag-at-large", func(s *story) { s.unkind.Lag = time.Duration(15+s.IntN(60)) * time.Second }},
		{"reply-of-another", func(s *story) { s.unkind.Mistaken = s.share(0.02, 0.2) }},
		{"reply-202", func(s *story) { s.unkind.Accepted = s.share(0.02, 0.2, 1) }},
		{"reply-404", func(s *story) { s.unkind.Denied = s.share(0.1, 0.5, 1) }},
		{"forged-stamp", func(s *story) { s.unkind.ForgedStamp = s.share(0.3, 1) }},
		{"forged-stamp-before", func(s *story) {
			s.busy()
			s.forge = true
			s.kills = append(s.kills, death{write: 8 + s.IntN(40), after: s.IntN(2) == 0, lose: s.IntN(3) == 0})
		}},
		{"account", func(s *story) { s.key, s.unkind.KeyAccountSID = true, "AC0000000000000000000000000000beef" }},
		{"second-writer", func(s *story) { s.unkind.SecondWriter = s.share(0.05, 0.3, 1) }},
		rival("two-runs", func(*secondProcess) {}),
		rival("copied-ledger", func(p *secondProcess) { p.copied = true }),
		rival("removed-ledger", func(p *secondProcess) { p.removed = true }),
		{"body-max", func(s *story) { s.unkind.MaxBody = 4 + s.IntN(20) }},
		{"refused-escapes", func(s *story) {
			s.unkind.Escapes = true
			s.messages(0.2, func(m *rig.MsgPlan) { m.Attributes = []string{`{"a":"\u00e9"}`, `{"a":"\n"}`}[s.IntN(2)] })
		}},
		alters("refused-blank", func(s *story) { s.unkind.Blank = true }, "   ", "\t", "\u00a0"),
		{"firewall", func(s *story) { s.unkind.Firewall = s.share(0.02, 0.2) }},
		{"late-at-large", func(s *story) {
			s.faults = append(s.faults, fmt.Sprintf("late=%g", s.share(0.02, 0.1)), fmt.Sprintf("late-after=%ds", 11+s.IntN(60)), "late-within=120s")
		}},
	},
}

// alters is a target that keeps other text than was sent, or refuses it.
func alters(name string, set func(*story), bodies ...string) kind {
	return kind{name, func(s *story) {
		set(s)
		s.messages(0.2, func(m *rig.MsgPlan) { m.Body = bodies[s.IntN(len(bodies))] })
	}}
}

// rival is a second run beside the first.
func rival(name string, set func(*secondProcess)) kind {
	return kind{name, func(s *story) {
		s.second = &secondProcess{after: time.Duration(s.IntN(8000)) * time.Millisecond}
		set(s.second)
	}}
}

// trouble is what happens among lies as everywhere.
func trouble(s *story) {
	if s.IntN(3) == 0 {
		s.faults = append(s.faults, fmt.Sprintf("after=%g", s.share(0.02, 0.08)))
	}
	if s.IntN(4) == 0 {
		s.kills = append(s.kills, death{write: 1 + s.IntN(70), after: s.IntN(2) == 0, cut: s.IntN(4) == 0, lose: s.IntN(3) == 0})
	}
	if s.IntN(4) == 0 {
		s.lost[1+s.IntN(2)] = true
	}
}

// TestTortureLies draws worlds that lie. A run in them need not succeed. It must
// not say that it did if it did not.
func TestTortureLies(t *testing.T) { lies.run(t) }

func playLies(t *testing.T, w *world) {
	agreed := []int{3, 5, 8}
	if w.unkind.KeyAccountSID != "" {
		agreed = append(agreed, 4)
	}
	judge := func(e ending) {
		w.log("%s", e)
		require.Empty(t, w.dishonest(e, agreed...), "%s", e)
	}
	for i, d := range w.kills {
		if e := w.run(fmt.Sprintf("killed run %d", i+1), &d); e.killed && d.lose {
			w.newLedger()
		}
	}
	for pass := range 1 + w.passes {
		if pass > 0 {
			time.Sleep(w.again)
		}
		if w.forge {
			w.forgeries()
		}
		if w.lost[pass] {
			w.newLedger()
		}
		if pass == 0 && w.second != nil {
			for _, e := range w.together() {
				judge(e)
			}
			continue
		}
		judge(w.run(fmt.Sprintf("run %d", pass+1), nil))
	}
}
