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
	notYet: map[string]string{
		"late-at-large": "a copy can land between the last reading of its conversation and the end; the next pass removes it",
	},
	kinds: []kind{
		alters("trim", func(s *story) { s.unkind.Trim = true }, "  padded ", "tail\n"),
		alters("line-ends", func(s *story) { s.unkind.LineEnds = true }, "two\r\nlines", "end\r\n"),
		alters("nfc", func(s *story) { s.unkind.NFC = true }, "cafe\u0301", "A\u030angstro\u0308m"),
		{name: "doubles", draw: func(s *story) {
			s.unkind.Doubles = true
			s.messages(0.2, func(m *rig.MsgPlan) {
				m.Attributes = []string{`{"n":9007199254740993}`, `{"n":1.0}`, `{"n":1e400}`}[s.IntN(3)]
			})
		}},
		endsEarly("messages"), endsEarly("members"), endsEarly("channels"), endsEarly("users"), endsEarly("roles"), endsEarly("services"),
		endsEarly("participants"), endsEarly("conversations"),
		{name: "list-ignores-order", draw: func(s *story) { s.unkind.IgnoresOrder = s.share(0.05, 0.5) }},
		{name: "list-of-another", draw: func(s *story) { s.unkind.OfAnother = s.share(0.02, 0.3) }},
		{name: "reply-of-another", draw: func(s *story) { s.unkind.Mistaken = s.share(0.02, 0.2) }},
		{name: "reply-202", draw: func(s *story) { s.unkind.Accepted = s.share(0.02, 0.2, 1) }},
		{name: "reply-404", draw: func(s *story) { s.unkind.Denied = s.share(0.1, 0.5, 1) }},
		{name: "forged-stamp", draw: func(s *story) { s.unkind.ForgedStamp = s.share(0.3, 1) }},
		{name: "forged-stamp-before", draw: func(s *story) {
			s.busy()
			s.forge = true
			s.kills = append(s.kills, death{write: 8 + s.IntN(40), after: s.IntN(2) == 0, lose: s.IntN(3) == 0})
		}},
		{name: "account", draw: func(s *story) { s.key, s.unkind.KeyAccountSID = true, "AC0000000000000000000000000000beef" }},
		{name: "second-writer", draw: func(s *story) { s.unkind.SecondWriter = s.share(0.05, 0.3, 1) }},
		rival("two-runs", func(*secondProcess) {}),
		rival("copied-ledger", func(p *secondProcess) { p.copied = true }),
		rival("removed-ledger", func(p *secondProcess) { p.removed = true }),
		{name: "body-max", draw: func(s *story) { s.unkind.MaxBody = 4 + s.IntN(20) }},
		{name: "refused-escapes", draw: func(s *story) {
			s.unkind.Escapes = true
			s.messages(0.2, func(m *rig.MsgPlan) { m.Attributes = []string{`{"a":"\u00e9"}`, `{"a":"\n"}`}[s.IntN(2)] })
		}},
		alters("refused-blank", func(s *story) { s.unkind.Blank = true }, "   ", "\t", "\u00a0"),
		{name: "firewall", draw: func(s *story) { s.unkind.Firewall = s.share(0.02, 0.2) }},
		{name: "lost-answer", also: true, draw: func(s *story) { s.faults = append(s.faults, fmt.Sprintf("after=%g", s.share(0.02, 0.08))) }},
		filed("media-name", func(s *story) { s.unkind.MediaName = s.share(0.05, 0.5) }),
		filed("media-type", func(s *story) { s.unkind.MediaType = s.share(0.05, 0.5) }),
		filed("media-gone", func(s *story) { s.unkind.MediaGone = s.share(0.05, 0.5) }),
		{name: "files", also: true, draw: (*story).files},
		{name: "killed", also: true, draw: func(s *story) {
			s.kills = append(s.kills, death{write: 1 + s.IntN(70), after: s.IntN(2) == 0, cut: s.IntN(4) == 0, lose: s.IntN(3) == 0})
		}},
		{name: "lost-ledger", also: true, draw: func(s *story) { s.lost[1+s.IntN(2)] = true }},
		{name: "late-at-large", draw: func(s *story) {
			s.faults = append(s.faults, fmt.Sprintf("late=%g", s.share(0.02, 0.1)), fmt.Sprintf("late-after=%ds", 11+s.IntN(60)), "late-within=120s")
		}},
	},
}

// alters is a target that keeps other text than was sent, or refuses it.
func alters(name string, set func(*story), bodies ...string) kind {
	return kind{name: name, draw: func(s *story) {
		set(s)
		s.messages(0.2, func(m *rig.MsgPlan) { m.Body = bodies[s.IntN(len(bodies))] })
	}}
}

// filed is something about files.
func filed(name string, set func(*story)) kind {
	return kind{name: name, draw: func(s *story) {
		s.busy()
		s.files()
		set(s)
	}}
}

// endsEarly is a list that ends before it does, now and then. One that always does,
// in all that counts it, cannot be told from a whole one.
func endsEarly(list string) kind {
	return kind{name: list + "-end-early", draw: func(s *story) {
		s.unkind.EndsEarly, s.unkind.Lists = 0.05, append(s.unkind.Lists, list)
	}}
}

// rival is a second run beside the first.
func rival(name string, set func(*secondProcess)) kind {
	return kind{name: name, draw: func(s *story) {
		s.second = &secondProcess{after: time.Duration(s.IntN(8000)) * time.Millisecond}
		set(s.second)
	}}
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
		agreed := agreed
		if len(e.summary.Services) == 0 { // nobody can tell whose the service is: it asks, and writes nothing
			agreed = append([]int{2}, agreed...)
		}
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
