package replay_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/transport"
)

// exchange is a request on its way into a target, and what may be done with it.
type exchange struct {
	*emulator.Exchange
	w      http.ResponseWriter
	r      *http.Request
	commit func() emulator.Reply
	turn   chan struct{}
}

// aside lets other requests in meanwhile: those that a test makes itself, or that it
// keeps this one waiting for.
func (x exchange) aside(f func()) {
	<-x.turn
	defer func() { x.turn <- struct{}{} }()
	f()
}

func (x exchange) lose() { panic(http.ErrAbortHandler) }

// appends reports whether a message with that body is sent; any body if it is
// empty.
func (x exchange) appends(body string) bool {
	return x.Write() && len(x.Path) == 6 && x.Path[5] == "Messages" && (body == "" || x.Form.Get("Body") == body)
}

// creates reports whether a conversation is created for a channel.
func (x exchange) creates() bool {
	return x.Write() && len(x.Path) == 4 && x.Path[3] == "Conversations" && x.Form.Get("UniqueName") != migrate.ClaimName
}

// middle stands between the program and the emulator, and does what a test wants
// at the moment.
type middle struct {
	does atomic.Pointer[func(exchange) bool]
	turn chan struct{} // and not a mutex: whoever waits for it stands still in synctest
}

// do sets what happens to requests, one of them at a time: lanes send theirs side by side,
// and what a test counts is its own. It reports whether it answered.
func (m *middle) do(f func(exchange) (answered bool)) { m.does.Store(&f) }

// rest lets everything pass from now on.
func (m *middle) rest() { m.does.Store(nil) }

func between(t *testing.T, c emulator.Config) (*rig.Rig, *middle) {
	m := &middle{turn: make(chan struct{}, 1)}
	c.Intercept = func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if x.Host != emulator.ConversationsHost || !m.answers(exchange{x, w, r, commit, m.turn}) {
			commit().WriteTo(w)
		}
	}
	return rig.NewRig(t, c), m
}

func (m *middle) answers(x exchange) bool {
	does := m.does.Load()
	if does == nil {
		return false
	}
	m.turn <- struct{}{}
	defer func() { <-m.turn }()
	return (*does)(x)
}

// oneChannel is a scenario of one channel with these messages.
func oneChannel(bodies ...string) rig.Scenario {
	c := rig.ChannelPlan{Members: []int{0, 1}, Read: []int{-1, -1}}
	for i, body := range bodies {
		c.Messages = append(c.Messages, rig.MsgPlan{Author: i % 2, Body: body})
	}
	return rig.Scenario{Users: 2, Channels: []rig.ChannelPlan{c}}
}

// pass runs a migration that has to end so.
func pass(t *testing.T, r *rig.Rig, status string) replay.Summary {
	t.Helper()
	s, err := r.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, status, s.Status, "%+v", s.Failures)
	return s
}

// bodies are those of the conversation of the only channel.
func bodies(t *testing.T, r *rig.Rig) []string {
	t.Helper()
	return r.BodiesIn(t, onlyService(t, r), rig.SidOf("CH", 0))
}

// only is the conversation of the only channel, and what is in it.
func only(t *testing.T, r *rig.Rig) *rig.Mutant {
	t.Helper()
	m := rig.In(r, onlyService(t, r))
	all := r.ConversationsOf(t, m.Service)[rig.SidOf("CH", 0)]
	require.Len(t, all, 1)
	m.Conversation = all[0].SID
	return m
}

func onlyService(t *testing.T, r *rig.Rig) (sid string) {
	t.Helper()
	for s, err := range r.Target(&transport.Counter{}).Services(t.Context()) {
		require.NoError(t, err)
		require.Empty(t, sid)
		sid = s.SID
	}
	return sid
}

// messageOf is the one with that body.
func messageOf(t *testing.T, m *rig.Mutant, body string) conversations.Message {
	t.Helper()
	for _, one := range m.Messages(t) {
		if one.Body == body {
			return one
		}
	}
	require.Fail(t, "no such message", body)
	return conversations.Message{}
}

// equalNow requires that both sides are equal.
func equalNow(t *testing.T, r *rig.Rig) {
	t.Helper()
	_, differences := r.Verify(t.Context())
	require.Empty(t, differences)
}

func times(s replay.Summary, c mapping.Code) int64 { return rig.TimesFound(s.ThisRun)[c] }

func reasons(s replay.Summary) string {
	var all []string
	for _, f := range s.Failures {
		all = append(all, f.SourceSID+" "+f.TargetSID+" "+f.Reason+" "+f.Hint)
	}
	return strings.Join(all, "\n")
}
