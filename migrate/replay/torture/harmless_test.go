package torture

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// harmless is what is odd and does no harm.
var harmless = part{
	test: "TestTortureHarmless", number: 1, play: playHarmless,
	// What was mirrored and changed on one side alone, or stands behind what was
	// written on one side alone, is out of its place: its channel stops (3).
	apart: map[string][]string{"mirror": {"people-edit", "people-react", "people-delete", "source-write", "source-edit"}},
	kinds: []kind{
		{name: "index-gaps", draw: func(s *story) { s.unkind.IndexGaps = 0.4 }},
		{name: "counts-adrift", draw: func(s *story) { s.unkind.CountsAdrift = 0.5 }},
		{name: "account-unknown", draw: func(s *story) { s.key, s.unkind.NoAccount = true, true }},
		{name: "equal-messages", draw: func(s *story) {
			s.busy()
			s.messages(0.7, func(m *rig.MsgPlan) { m.Body = "ok" })
			for c := range s.Channels {
				for i := range s.Channels[c].Messages[min(1, len(s.Channels[c].Messages)):] {
					m := &s.Channels[c].Messages[i+1]
					m.Twin = m.Twin || s.IntN(4) == 0
				}
			}
		}},
		person(emulator.Write), person(emulator.Edit), person(emulator.React), person(emulator.Delete), person(emulator.Join), person(emulator.Leave),
		inChat(emulator.Write), inChat(emulator.Edit), inChat(emulator.Delete),
		{name: "mirror", draw: func(s *story) { s.busy(); s.unkind.Mirror = s.share(0.05, 0.2) }},
		{name: "files", also: true, draw: (*story).files},
		{name: "short-pages", also: true, draw: (*story).shortPages},
		{name: "slow-passes", draw: func(s *story) { s.passes, s.again = 3, time.Duration(1+s.IntN(48))*time.Hour }},
	},
}

// person is at work in the target, during passes and between them.
func person(d emulator.Deed) kind {
	return kind{name: "people-" + string(d), draw: func(s *story) {
		s.busy()
		s.unkind.People = s.share(0.03, 0.1, 0.3)
		s.unkind.PeopleDo = append(s.unkind.PeopleDo, d)
		s.deeds = append(s.deeds, d)
	}}
}

// inChat is somebody at work in the source.
func inChat(d emulator.Deed) kind {
	return kind{name: "source-" + string(d), draw: func(s *story) {
		s.busy()
		s.source = append(s.source, d)
	}}
}

// TestTortureHarmless draws worlds that are odd. No run may fail in them, stop
// anything, or leave anything out.
func TestTortureHarmless(t *testing.T) { harmless.run(t) }

func playHarmless(t *testing.T, w *world) {
	for pass := range w.passes {
		if pass > 0 {
			time.Sleep(w.again)
			w.between()
		}
		e := w.run(fmt.Sprintf("pass %d", pass+1), nil)
		require.Empty(t, w.unequal(e), "after pass %d", pass+1)
		require.Empty(t, e.end.Orphans, "every file that was uploaded has its message, after pass %d", pass+1)
		for _, c := range e.end.Conversations {
			require.False(t, c.UniqueName == migrate.ClaimName && c.Gone == "", "the claim is still there")
		}
	}
}
