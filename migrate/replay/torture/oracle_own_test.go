package torture

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// TestOracle damages what a clean migration left. An oracle that sees nothing makes
// every other test here pass.
func TestOracle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, &story{Rand: rand.New(rand.NewPCG(1, 1)), Scenario: rig.ManyChannels(2), lost: map[int]bool{}})
		e := w.run("clean run", nil)
		require.Empty(t, w.unequal(e))
		for name, damage := range map[string]func(*emulator.Truth, *emulator.TrueConversation){
			"a message is missing": func(_ *emulator.Truth, c *emulator.TrueConversation) { c.Messages = slices.Delete(c.Messages, 1, 2) },
			"the last is missing":  func(_ *emulator.Truth, c *emulator.TrueConversation) { c.Messages = c.Messages[:3] },
			"one is doubled":       func(_ *emulator.Truth, c *emulator.TrueConversation) { c.Messages = append(c.Messages, c.Messages[1]) },
			"one is a rival's copy": func(_ *emulator.Truth, c *emulator.TrueConversation) {
				c.Messages = append(c.Messages, by(emulator.Rival, c.Messages[1]))
			},
			"one is invented": func(_ *emulator.Truth, c *emulator.TrueConversation) {
				m := c.Messages[0]
				m.Body = "new"
				c.Messages = append(c.Messages, m)
			},
			"two changed places": func(_ *emulator.Truth, c *emulator.TrueConversation) {
				c.Messages[1], c.Messages[2] = c.Messages[2], c.Messages[1]
			},
			"a body is another":     func(_ *emulator.Truth, c *emulator.TrueConversation) { c.Messages[2].Body += " " },
			"an author is another":  func(_ *emulator.Truth, c *emulator.TrueConversation) { c.Messages[2].Author = "system" },
			"a date is another":     func(_ *emulator.Truth, c *emulator.TrueConversation) { c.Messages[2].Created = c.Messages[3].Created },
			"attributes are others": func(_ *emulator.Truth, c *emulator.TrueConversation) { c.Messages[0].Attributes = `{"i":0.1}` },
			"a person's was deleted": func(_ *emulator.Truth, c *emulator.TrueConversation) {
				c.Messages = append(c.Messages, emulator.TrueMessage{By: emulator.Person, Gone: emulator.Client})
			},
			"a person's was changed": func(_ *emulator.Truth, c *emulator.TrueConversation) { c.Messages[0].Trampled = true },
			"one that a person deleted is there again": func(_ *emulator.Truth, c *emulator.TrueConversation) {
				m := c.Messages[1]
				m.Gone = emulator.Person
				c.Messages = append(c.Messages, m)
			},
			"somebody is missing": func(_ *emulator.Truth, c *emulator.TrueConversation) { c.Participants = c.Participants[1:] },
			"a stranger is in it": func(_ *emulator.Truth, c *emulator.TrueConversation) {
				c.Participants = append(c.Participants, emulator.TrueParticipant{Identity: "eve", By: emulator.Client})
			},
			"who came was taken out": func(_ *emulator.Truth, c *emulator.TrueConversation) {
				c.Participants = append(c.Participants, emulator.TrueParticipant{Identity: "eve", By: emulator.Person, Gone: emulator.Client})
			},
			"a conversation is gone": func(_ *emulator.Truth, c *emulator.TrueConversation) { c.Gone = emulator.Client },
			"a conversation is twice": func(all *emulator.Truth, c *emulator.TrueConversation) {
				all.Conversations = append(all.Conversations, *c)
			},
			"it is somebody's": func(all *emulator.Truth, c *emulator.TrueConversation) {
				o := *c
				o.By = emulator.Person
				all.Conversations = append(all.Conversations, o)
			},
			"the name is another":       func(_ *emulator.Truth, c *emulator.TrueConversation) { c.Name = "x" },
			"its attributes are others": func(_ *emulator.Truth, c *emulator.TrueConversation) { c.Attributes = `{"big":9007199254740992}` },
			"a user is missing":         func(all *emulator.Truth, _ *emulator.TrueConversation) { all.Services[0].Users = nil },
			"push is off":               func(all *emulator.Truth, _ *emulator.TrueConversation) { all.Services[0].PushOn = false },
			"webhooks are off":          func(all *emulator.Truth, _ *emulator.TrueConversation) { all.Services[0].WebhookURL = "" },
		} {
			end := w.emulator.Truth()
			damage(&end, room(t, &end))
			require.NotEmpty(t, w.oracle.differences(e.start, end), name)
		}
		for name, harm := range map[string]func(*emulator.TrueConversation){
			"somebody writes": func(c *emulator.TrueConversation) {
				c.Messages = append(c.Messages, by(emulator.Person, c.Messages[1]))
			},
			"somebody edits": func(c *emulator.TrueConversation) {
				was := c.Messages[1]
				c.Messages[1].Was, c.Messages[1].Body = &was, "edited"
			},
			"somebody deletes": func(c *emulator.TrueConversation) { c.Messages[1].Gone = emulator.Person },
			"a copy is removed": func(c *emulator.TrueConversation) {
				m := by(emulator.Rival, c.Messages[1])
				m.Gone = emulator.Client
				c.Messages = append(c.Messages, m)
			},
			"somebody leaves": func(c *emulator.TrueConversation) { c.Participants[0].Gone = emulator.Person },
			"somebody joins": func(c *emulator.TrueConversation) {
				c.Participants = append(c.Participants, emulator.TrueParticipant{Identity: "eve", By: emulator.Person})
			},
		} {
			end := w.emulator.Truth()
			harm(room(t, &end))
			require.Empty(t, w.oracle.differences(e.start, end), name)
		}
	})
}

func by(h emulator.Hand, m emulator.TrueMessage) emulator.TrueMessage {
	m.By = h
	return m
}

// room is the conversation of a channel.
func room(t *testing.T, of *emulator.Truth) *emulator.TrueConversation {
	t.Helper()
	at := slices.IndexFunc(of.Conversations, func(c emulator.TrueConversation) bool { return channelOf(c) == rig.SidOf("CH", 1) })
	require.GreaterOrEqual(t, at, 0)
	return &of.Conversations[at]
}
