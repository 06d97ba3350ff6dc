package replay_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/twilio"
)

// reader stands before the hosts, has lists of messages of the source come in pages of
// ten, and notes what a run reads before it writes a message.
type reader struct {
	mu     sync.Mutex
	pages  []string // of messages of the source, by their query
	reads  int      // whatever was read of either side
	writes int      // of messages
}

func (r *reader) around(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		list := strings.HasSuffix(req.URL.Path, "/Messages")
		switch {
		case req.Method != http.MethodGet:
			if list {
				r.writes++
			}
		case r.writes == 0:
			r.reads++
			if list && strings.Contains(req.URL.Path, "/Channels/") {
				r.pages = append(r.pages, req.URL.RawQuery)
			}
		}
		r.mu.Unlock()
		if q := req.URL.Query(); list && q.Get("PageSize") == "100" {
			q.Set("PageSize", "10")
			req.URL.RawQuery = q.Encode()
		}
		h.ServeHTTP(w, req)
	})
}

// begun is how often a list was read from its first page.
func (r *reader) begun() (n int) {
	for _, query := range r.pages {
		if !strings.Contains(query, "PageToken") && strings.Contains(query, "Order=asc") {
			n++
		}
	}
	return n
}

// longChannel is a channel of that many messages.
func longChannel(n int) rig.Scenario {
	s := rig.Scenario{Users: 2, Channels: []rig.ChannelPlan{{Members: []int{0, 1}, Read: []int{-1, n - 1}}}}
	for i := range n {
		s.Channels[0].Messages = append(s.Channels[0].Messages, rig.MsgPlan{Author: i % 2, Body: fmt.Sprint("message ", i)})
	}
	return s
}

// A run that goes on begins with the page of the source on which the last confirmed
// message is, unless the service does not show that page any more.
func TestGoesOnInTheMiddleOfALongChannel(t *testing.T) {
	const n, done = 1000, 895
	for name, c := range map[string]struct {
		unkind  emulator.Unkind
		api     string // of Chat
		damage  func(*testing.T, *rig.Rig)
		stopped bool // in good order
		begun   bool // from the first page
		most    int  // pages of the source before the first write
	}{
		"after it was killed":     {most: 4},
		"read through v2":         {api: twilio.APIv2, most: 4},
		"after it was told to":    {stopped: true, most: 4},
		"whose tokens expire":     {unkind: emulator.Unkind{Habits: emulator.Habits{TokenLasts: time.Minute}}, begun: true},
		"whose tokens move":       {unkind: emulator.Unkind{Habits: emulator.Habits{TokenMoves: time.Minute}}, begun: true},
		"whose tokens move, told": {unkind: emulator.Unkind{Habits: emulator.Habits{TokenMoves: time.Minute}}, stopped: true, begun: true},
		"whose ledger is behind":  {damage: func(t *testing.T, r *rig.Rig) { forget(t, r, 890) }, most: 4},
		"whose ledger forgot it":  {damage: func(t *testing.T, r *rig.Rig) { forget(t, r, 700) }, begun: true},
		"whose page is another's": {damage: func(t *testing.T, r *rig.Rig) { alterPage(t, r, func(p *migrate.Page) { p.SID = rig.SidOf("IM", 1) }) }, begun: true},
		"whose page is ahead":     {damage: func(t *testing.T, r *rig.Rig) { alterPage(t, r, func(p *migrate.Page) { p.Index += 500 }) }, begun: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.unkind.IndexGaps = -1
				r := rig.NewRig(t, emulator.Config{Archive: longChannel(n).Archive(), Unkind: c.unkind})
				r.API = c.api
				r.Around = (&reader{}).around
				if c.stopped {
					stopAt(t, r, done)
				} else {
					cutOff(t, r, call{"target AppendMessage", done}, true)
				}
				time.Sleep(time.Hour)
				if c.damage != nil {
					c.damage(t, r)
				}
				read := &reader{}
				r.Around = read.around
				s := pass(t, r, migrate.Complete)
				require.EqualValues(t, n, s.Counts[migrate.KindMessages].Written+s.Counts[migrate.KindMessages].Existing)
				require.Equal(t, c.begun, read.begun() > 0, read.pages)
				if !c.begun {
					require.LessOrEqual(t, len(read.pages), c.most)
					require.Less(t, read.reads, 50)
				}
				require.Len(t, bodies(t, r), n)
				equalNow(t, r)
			})
		})
	}
}

// The page is noted once for all the messages on it, and never if there is one page.
func TestNotesEachPageOnce(t *testing.T) {
	notes := func(messages int) (n int, at migrate.Page) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: longChannel(messages).Archive(), Unkind: emulator.Unkind{IndexGaps: -1}})
			r.Around = (&reader{}).around
			c := &calls{}
			s, err := c.run(t.Context(), t, r)
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			l, err := sqlite.OpenReader(t.Context(), r.Ledger)
			require.NoError(t, err)
			rec, _, err := l.Channel(t.Context(), rig.SidOf("CH", 0))
			require.NoError(t, err)
			require.NoError(t, l.Close())
			n, at = c.times("ledger PutChannel"), rec.Page
		})
		return n, at
	}
	one, none := notes(10)
	require.Zero(t, none)
	five, at := notes(49)
	require.Equal(t, one+4, five)
	require.EqualValues(t, 40, at.Index)
	require.Equal(t, rig.SidOf("IM", 40), at.SID)
	require.Contains(t, at.Address, "PageToken=")
}

// stopAt runs a migration that is told to stop when it has sent so many messages.
func stopAt(t *testing.T, r *rig.Rig, n int) {
	t.Helper()
	drain := make(chan struct{})
	var once sync.Once
	c := &calls{after: func(one call) error {
		if one == (call{"target AppendMessage", n}) {
			once.Do(func() { close(drain) })
		}
		return nil
	}}
	s, err := c.run(t.Context(), t, r, func(m *replay.Migration) { m.Drain = drain })
	require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
	require.Equal(t, migrate.InterruptedStatus, s.Status)
}

func alterPage(t *testing.T, r *rig.Rig, how func(*migrate.Page)) {
	t.Helper()
	l, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	rec, _, err := l.Channel(t.Context(), rig.SidOf("CH", 0))
	require.NoError(t, err)
	require.NotEmpty(t, rec.Page.Address)
	how(&rec.Page)
	require.NoError(t, l.PutChannel(t.Context(), rec))
}
