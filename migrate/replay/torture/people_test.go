package torture

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// between lets people be at work on both sides, after a run and before the next.
// Nobody says two things on two sides in one second: there a channel may stop,
// because nobody can tell whether one was made of the other.
func (w *world) between() {
	for _, d := range w.deeds {
		for range 1 + w.IntN(3) {
			w.inTarget(d, w.Rand)
		}
	}
	time.Sleep(time.Second)
	for _, d := range w.source {
		for range 1 + w.IntN(3) {
			w.inSource(d, w.Rand)
		}
	}
}

// meddle lets people be at work in the source while a run is. n is drawn.
func (w *world) meddle(n uint64) {
	if len(w.source) == 0 || n%40 != 0 {
		return
	}
	r := rand.New(rand.NewPCG(n, 0))
	w.inSource(w.source[r.IntN(len(w.source))], r)
}

// forgeries lets somebody make a conversation with the stamp of each channel that has
// none yet.
func (w *world) forgeries() {
	truth := w.emulator.Truth()
	made := map[string]emulator.TrueConversation{}
	var one emulator.TrueConversation
	for _, c := range truth.Conversations {
		if channel := channelOf(c); channel != "" {
			made[channel], one = c, c
		}
	}
	for _, c := range truth.Channels {
		if _, there := made[c.SID]; there || one.SID == "" {
			continue
		}
		sid, err := w.emulator.StartAs(one.ServiceSID, "forger", nameOf(c), strings.ReplaceAll(one.Made, channelOf(one), c.SID))
		require.NoError(w.t, err)
		if w.IntN(2) == 0 {
			require.NoError(w.t, w.emulator.LeaveAs(sid, "forger"))
		}
		w.log("somebody forges the stamp of %s in %s", c.SID, sid)
	}
}

func nameOf(c emulator.TrueChannel) string {
	var f struct {
		Name string `json:"friendly_name"`
	}
	if err := json.Unmarshal(c.Raw, &f); err != nil {
		panic(err) // the harness wrote it
	}
	return f.Name
}

// inTarget does one thing in a conversation, if it can be done there.
func (w *world) inTarget(d emulator.Deed, r *rand.Rand) {
	rooms := slices.DeleteFunc(w.emulator.Truth().Conversations, func(c emulator.TrueConversation) bool {
		return c.Gone != "" || c.UniqueName == migrate.ClaimName
	})
	if len(rooms) == 0 {
		return
	}
	room := rooms[r.IntN(len(rooms))]
	there := slices.DeleteFunc(room.Messages, func(m emulator.TrueMessage) bool { return m.Gone != "" })
	in := slices.DeleteFunc(room.Participants, func(p emulator.TrueParticipant) bool { return p.Gone != "" })
	message := emulator.TrueMessage{}
	if len(there) > 0 {
		message = there[r.IntN(len(there))]
	}
	var err error
	switch who := []string{"visitor", rig.IdentityOf(r.IntN(w.Users))}[r.IntN(2)]; {
	case d == emulator.Write:
		_, err = w.emulator.PostAs(room.SID, who, []string{"ok", "yes", w.word()}[r.IntN(3)])
	case d == emulator.Join:
		err = w.emulator.JoinAs(room.SID, "visitor "+w.word())
	case d == emulator.Leave && len(in) > 0:
		err = w.emulator.LeaveAs(room.SID, in[r.IntN(len(in))].Identity)
	case len(there) == 0:
	case d == emulator.Edit:
		err = w.emulator.EditAs(room.SID, message.SID, w.word())
	case d == emulator.React:
		err = w.emulator.ReactAs(room.SID, message.SID, `{"reaction":"`+w.word()+`"}`)
	case d == emulator.Delete:
		err = w.emulator.DeleteAs(room.SID, message.SID)
	}
	require.NoError(w.t, err)
	w.log("somebody does %s in %s", d, room.SID)
}

// inSource does one thing in a channel, if it can be done there.
func (w *world) inSource(d emulator.Deed, r *rand.Rand) {
	truth := w.emulator.Truth()
	w.oracle.look(truth)
	channel := truth.Channels[r.IntN(len(truth.Channels))]
	var sid string
	if n := len(channel.Messages); n > 0 {
		sid = messageOf(channel.Messages[r.IntN(n)]).SID
	}
	var err error
	switch {
	case d == emulator.Write:
		_, err = w.emulator.AppendToChannel(channel.SID, rig.IdentityOf(r.IntN(w.Users)), []string{"ok", "yes", w.word()}[r.IntN(3)])
	case sid == "":
	case d == emulator.Edit:
		err = w.emulator.EditInChannel(channel.SID, sid, w.word())
	case d == emulator.Delete:
		err = w.emulator.DeleteInChannel(channel.SID, sid)
	}
	require.NoError(w.t, err)
	w.oracle.look(w.emulator.Truth())
	w.log("somebody does %s in %s", d, channel.SID)
}

// word is one that nobody said before.
func (w *world) word() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.edits++
	return fmt.Sprint("word ", w.edits)
}
