package torture

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// story is what happens in a world.
type story struct {
	*rand.Rand
	rig.Scenario
	seed  uint64
	kinds []string

	unkind emulator.Unkind
	faults []string // as faults.Parse reads them
	media  bool     // some messages have files
	key    bool     // both sides are opened by an API key

	passes int             // runs that follow each other
	deeds  []emulator.Deed // of people in the target, between passes
	source []emulator.Deed // of people in the source, between passes and during them
	kills  []death         // each ends one run; the next one resumes
	lost   map[int]bool    // runs that begin with a new ledger
	second *secondProcess  // beside the first run; nil for none
	again  time.Duration   // between runs
	rest   time.Duration   // between a run that ended before its time and the next one
	forge  bool            // somebody puts stamps on conversations of their own, between runs

	outages []outage // of the database that several workers share
	skewed  bool     // their clocks are hours apart
}

// death is how a run ends before its time.
type death struct {
	write    int  // at which of its writes
	after    bool // its effect
	cut      bool // the process is told to stop at once, and can still save
	lose     bool // the ledger is gone, too
	rollback int  // the ledger is what it was so many writes before

	drain  bool          // it is told to stop instead, in good order
	freeze time.Duration // it stands still for so long instead, and goes on
}

// secondProcess is a run that begins while the first is at work.
type secondProcess struct {
	after   time.Duration
	copied  bool // on a copy of the ledger of the first, as it is then
	removed bool // the ledger of the first is removed, and begun anew
}

// prepare draws what every story has.
func (s *story) prepare() {
	s.lost = map[int]bool{}
	s.passes = 1 + s.IntN(3)
	s.again = time.Duration(s.IntN(20)) * time.Second
	for c := range s.Channels {
		for i := range s.Channels[c].Messages {
			if m := &s.Channels[c].Messages[i]; s.IntN(2) == 0 {
				m.Body = fmt.Sprintf("message %d of channel %d", i, c)
			}
		}
	}
}

// archive is the workspace.
func (s *story) archive() fs.FS { return s.Scenario.Archive() }

// share draws a share.
func (s *story) share(choices ...float64) float64 { return choices[s.IntN(len(choices))] }

// messages calls change for a share of the messages that are no twins.
func (s *story) messages(share float64, change func(*rig.MsgPlan)) {
	for c := range s.Channels {
		for i := range s.Channels[c].Messages {
			if m := &s.Channels[c].Messages[i]; !m.Twin && s.Float64() < share {
				change(m)
			}
		}
	}
}

// files gives files to some messages, which then are read through Chat v2.
func (s *story) files() {
	s.media = true
	s.messages(s.share(0.1, 0.3), func(m *rig.MsgPlan) {
		m.File = []int{1, 700, 3000}[s.IntN(3)]
		if s.IntN(2) == 0 {
			m.Body = ""
		}
	})
}

// busy makes sure that there is a channel with messages in it.
func (s *story) busy() {
	for _, c := range s.Channels {
		if len(c.Messages) >= 20 {
			return
		}
	}
	var c rig.ChannelPlan
	for i := range 24 {
		c.Messages = append(c.Messages, rig.MsgPlan{Author: i % s.Users, Body: fmt.Sprintf("busy %d", i)})
	}
	c.Members, c.Read = []int{0}, []int{3}
	s.Channels = append(s.Channels, c)
}
