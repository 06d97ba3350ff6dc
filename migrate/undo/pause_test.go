package undo_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// A pause that begins between a look and what it allows may last all day, and people
// write meanwhile.
func TestUndoLooksAfterAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, undoing := &migrate.Pause{}, false
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(),
			Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				reply := commit()
				if undoing && !x.Write() && x.Host == emulator.ConversationsHost && x.Path[len(x.Path)-1] == "Messages" {
					p.Set("lunch")
				}
				reply.WriteTo(w)
			}})
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		service := s.Services[0].TargetSID
		there := r.ConversationsOf(t, service)[rig.SidOf("CH", 0)][0].SID
		target := r.Target(&transport.Counter{})
		undoing = true
		wrote, made := error(nil), conversations.Conversation{}
		time.AfterFunc(time.Hour, func() {
			_, wrote = target.AppendMessage(t.Context(), service, there, conversations.Message{Author: "somebody", Body: "mine"})
			made, err = target.AppendConversation(t.Context(), service, conversations.Conversation{FriendlyName: "mine"})
			require.NoError(t, err)
			p.Set("")
		})
		_, all, err := r.Undo(migrate.WithPause(t.Context(), p), true)
		require.NoError(t, err)
		require.NotEmpty(t, made.SID, "it paused: %+v", all)
		require.Equal(t, migrate.NotFound, migrate.KindOf(wrote), "what was looked at went before the pause")
		_, err = target.Conversation(t.Context(), service, made.SID)
		require.NoError(t, err, "and what came in it stays")
	})
}
