package undo_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/undo"
)

// Of a channel there is one more conversation than the ledger has.
func TestUndoOfALateConversation(t *testing.T) {
	for name, use := range map[string]func(t *testing.T, r *rig.Rig, service, late string){
		"nothing": func(*testing.T, *rig.Rig, string, string) {},
		"a message": func(t *testing.T, r *rig.Rig, service, late string) {
			_, err := r.Target(&transport.Counter{}).AppendMessage(t.Context(), service, late, conversations.Message{Author: "somebody", Body: "hello"})
			require.NoError(t, err)
		},
		"a participant": func(t *testing.T, r *rig.Rig, service, late string) {
			_, _, err := r.Target(&transport.Counter{}).EnsureParticipant(t.Context(), service, late, conversations.Participant{Identity: "somebody"}, nil)
			require.NoError(t, err)
		},
	} {
		for _, toService := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s is in it, in a service that was there: %t", name, toService), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
					if toService {
						r.Settings.ToService = r.Inhabit(t)
					}
					s, err := r.Migrate(t.Context())
					require.NoError(t, err)
					service := s.Services[0].TargetSID
					l, err := sqlite.OpenReader(t.Context(), r.Ledger)
					require.NoError(t, err)
					rec, _, err := l.Channel(t.Context(), rig.SidOf("CH", 0))
					require.NoError(t, err)
					require.NoError(t, l.Close())
					like, err := r.Target(&transport.Counter{}).Conversation(t.Context(), service, rec.TargetSID)
					require.NoError(t, err)
					made, err := r.Target(&transport.Counter{}).AppendConversation(t.Context(), service, conversations.Conversation{FriendlyName: like.FriendlyName, Attributes: like.Attributes})
					require.NoError(t, err)
					use(t, r, service, made.SID)
					goes := name == "nothing" && !toService
					for _, execute := range []bool{false, true} {
						_, all, err := r.Undo(t.Context(), execute)
						require.NoError(t, err)
						var of []undo.Removal
						for _, one := range all {
							if one.TargetSID == made.SID {
								of = append(of, one)
							}
						}
						require.Len(t, of, 1)
						require.Equal(t, rig.SidOf("CH", 0), of[0].SourceSID)
						require.Equal(t, map[bool]undo.Fate{true: undo.Delete, false: undo.Keep}[goes], of[0].Fate)
						require.NotEmpty(t, of[0].Reason)
					}
					_, err = r.Target(&transport.Counter{}).Conversation(t.Context(), service, made.SID)
					if goes {
						require.Equal(t, migrate.NotFound, migrate.KindOf(err), "%v", err)
						require.NotContains(t, r.ServicesThere(t), service)
					} else {
						require.NoError(t, err)
					}
				})
			})
		}
	}
}
