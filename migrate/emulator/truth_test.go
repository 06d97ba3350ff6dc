package emulator_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestTruth(t *testing.T) {
	t.Run("says who did what, and what is gone", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: workspace(t), Seed: 7, Diary: true, Unkind: emulator.Unkind{EndsEarly: 1, IndexGaps: -1}})
		_, c := b.conversation("Attributes", `{"made":1}`)
		sid := c[len(c)-34:]
		b.write(c, "Attributes", `{"made":2}`)
		for _, body := range []string{"kept", "edited", "trampled", "deleted"} {
			b.make(c+"/Messages", "Author", "ada", "Body", body, "DateCreated", "2019-01-01T00:00:00Z")
		}
		messages := func() []emulator.TrueMessage {
			all := b.e.Truth().Conversations
			require.Len(t, all, 1)
			return all[0].Messages
		}
		before := messages()
		require.Len(t, before, 4, "a list that ends early ends not here")
		require.NoError(t, b.e.EditAs(sid, before[1].SID, "theirs"))
		require.NoError(t, b.e.ReactAs(sid, before[2].SID, `{"👍":1}`))
		b.write(c+"/Messages/"+before[2].SID, "Body", "ours again")
		require.NoError(t, b.e.DeleteAs(sid, before[3].SID))
		_, err := b.e.PostAs(sid, "bob", "hello")
		require.NoError(t, err)
		require.NoError(t, b.e.JoinAs(sid, "bob"))
		require.NoError(t, b.e.LeaveAs(sid, "bob"))

		after := messages()
		require.Len(t, after, 5)
		require.Equal(t, before[0], after[0])
		require.Equal(t, emulator.Person, after[1].Changed)
		require.Equal(t, before[1], *after[1].Was)
		require.Equal(t, "theirs", after[1].Body)
		require.True(t, after[2].Trampled)
		require.Equal(t, emulator.Person, after[3].Gone)
		require.Equal(t, "deleted", after[3].Body)
		require.Equal(t, emulator.Person, after[4].By)
		room := b.e.Truth().Conversations[0]
		require.JSONEq(t, `{"made":1}`, room.Made)
		require.JSONEq(t, `{"made":2}`, room.Attributes)
		require.Len(t, room.Participants, 1)
		require.Equal(t, []emulator.Hand{emulator.Person, emulator.Person}, []emulator.Hand{room.Participants[0].By, room.Participants[0].Gone})

		own, err := b.e.StartAs(room.ServiceSID, "bob", "mine", `{"k":1}`)
		require.NoError(t, err)
		all := b.e.Truth().Conversations
		require.Equal(t, []any{own, emulator.Person, "mine", `{"k":1}`, 1}, []any{all[1].SID, all[1].By, all[1].Name, all[1].Attributes, len(all[1].Participants)})

		b.send(b.conversations, "DELETE", c+"/Messages/"+after[4].SID, nil)
		b.send(b.conversations, "DELETE", c, nil)
		gone := b.e.Truth().Conversations
		require.Len(t, gone, 2)
		require.Equal(t, emulator.Client, gone[1].Gone)
		require.Equal(t, emulator.Client, gone[1].Messages[4].Gone)
		private := b.e.Truth().Channels[slices.IndexFunc(b.e.Truth().Channels, func(c emulator.TrueChannel) bool { return c.SID == privateSID })]
		require.Len(t, private.Messages, 3)
		require.NotEmpty(t, private.Members)
	})
	t.Run("tells a rival's message and a mirrored one from the client's", func(t *testing.T) {
		b := newBench(t, emulator.Config{Archive: workspace(t), Seed: 7, Diary: true, Unkind: parsed(t, "second-writer=1,mirror=1")})
		_, c := b.conversation("Attributes", stamped(privateSID))
		b.make(c+"/Messages", "Author", "ada", "Body", "x", "DateCreated", "2019-01-01T00:00:00Z")
		var by []emulator.Hand
		for _, m := range b.e.Truth().Conversations[0].Messages {
			by = append(by, m.By)
		}
		require.Equal(t, []emulator.Hand{emulator.Client, emulator.Rival, emulator.Application}, by)
	})
}
