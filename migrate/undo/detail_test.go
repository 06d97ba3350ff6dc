package undo_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/undo"
)

func ledgerOf(t *testing.T, r *rig.Rig) *sqlite.Ledger {
	t.Helper()
	l, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	return l
}

// reasons are why things of a kind are kept.
func reasons(all []undo.Removal, kind string) (why []string) {
	for _, one := range all {
		if one.Kind == kind && one.Fate == undo.Keep {
			why = append(why, one.Reason)
		}
	}
	return why
}

func TestWhatAnUndoLeaves(t *testing.T) {
	t.Run("in the ledger is what a plan would put", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _, _ := undoable(t, there)
			_, _, err := r.Undo(t.Context(), true)
			require.NoError(t, err)
			l := ledgerOf(t, r)
			rec, ok, err := l.Channel(t.Context(), rig.SidOf("CH", 0))
			require.NoError(t, err)
			require.True(t, ok)
			require.Empty(t, rec.TargetSID)
			require.Equal(t, migrate.Planned, rec.Stage)
			require.Zero(t, rec.Messages)
			require.Zero(t, rec.Members)
			require.False(t, rec.Adopted)
			require.EqualValues(t, 4, rec.MessagesCount)
			n, err := l.CountMessages(t.Context(), rig.SidOf("CH", 0))
			require.NoError(t, err)
			require.Zero(t, n)
			require.NoError(t, l.Close())
		})
	})

	t.Run("of a service that was there are the users and roles that were in it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive()})
			r.Settings.ToService = r.Inhabit(t)
			target := r.Target(&transport.Counter{})
			_, err := target.AppendRole(t.Context(), r.Settings.ToService, conversations.Role{FriendlyName: "Reader", Type: conversations.ConversationRole, Permissions: []string{"leaveConversation"}})
			require.NoError(t, err)
			before := r.State(t)
			_, err = r.Migrate(t.Context())
			require.NoError(t, err)
			preview, listed, err := r.Undo(t.Context(), false)
			require.NoError(t, err)
			require.Equal(t, []string{"the role was there before"}, reasons(listed, migrate.KindRoles))
			got, all, err := r.Undo(t.Context(), true)
			require.NoError(t, err)
			require.Equal(t, before, r.State(t))
			require.Equal(t, reasons(listed, migrate.KindRoles), reasons(all, migrate.KindRoles))
			require.EqualValues(t, 2, got.Counts[migrate.KindRoles].Done)
			for kind, c := range preview.Counts {
				require.Equal(t, got.Counts[kind].Delete, c.Delete, kind)
			}
		})
	})

	t.Run("of a service that was there is what a conversation which stays needs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _, _ := undoable(t, there)
			m := &rig.Mutant{Rig: r, Target: r.Target(&transport.Counter{}), Service: r.Settings.ToService}
			l := ledgerOf(t, r)
			rec, _, err := l.Channel(t.Context(), rig.SidOf("CH", 0))
			require.NoError(t, err)
			require.NoError(t, l.Close())
			m.Conversation = rec.TargetSID
			all := m.Messages(t)
			require.NoError(t, m.Target.DeleteMessage(t.Context(), m.Service, m.Conversation, all[len(all)-1].SID))
			m.RestoreDates(t)
			_, kept, err := r.Undo(t.Context(), true)
			require.NoError(t, err)
			require.Equal(t, []string{"message " + all[len(all)-1].SID + " was deleted since"}, reasons(kept, migrate.KindChannels))
			require.Len(t, reasons(kept, migrate.KindUsers), 2)
			for _, why := range reasons(kept, migrate.KindUsers) {
				require.Equal(t, "the user is in conversation "+m.Conversation+", which stays", why)
			}
			inUse := reasons(kept, migrate.KindRoles)
			require.Len(t, inUse, 3)
			require.Contains(t, inUse[0], "it is the role of user ")
			for _, why := range inUse[1:] {
				require.Contains(t, why, "it is the role of participant ")
			}
			require.Len(t, m.Participants(t), 2)
		})
	})

	t.Run("when the service itself cannot be deleted is the service alone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, wire, _ := undoable(t, own)
			wire.Arm(rig.Trip{At: 1, Reply: rig.Refused(), Count: func(x *emulator.Exchange) bool { return x.Method == "DELETE" && len(x.Path) == 3 }})
			got, all, err := r.Undo(t.Context(), true)
			require.NoError(t, err)
			require.NotEmpty(t, wire.Disarm())
			require.Len(t, reasons(all, migrate.KindServices), 1)
			require.EqualValues(t, 2, got.Counts[migrate.KindUsers].Done)
		})
	})

	t.Run("names no source of a user whom only members named", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			plan := rig.ManyChannels(1)
			plan.Users = 1
			r := rig.NewRig(t, emulator.Config{Archive: plan.Archive()})
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			_, all, err := r.Undo(t.Context(), true)
			require.NoError(t, err)
			unnamed := 0
			for _, one := range all {
				if one.SourceSID == "" {
					require.Equal(t, migrate.KindUsers, one.Kind)
					unnamed++
				}
				require.NotEmpty(t, one.TargetSID)
			}
			require.Equal(t, 1, unnamed)
		})
	})
}

func TestUndoOfALedgerThatIsOdd(t *testing.T) {
	t.Run("waits for nothing if there is nothing to undo", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _, before := undoable(t, there)
			_, _, err := r.Undo(t.Context(), true)
			require.NoError(t, err)
			r.Ledger += ".new"
			began := time.Now()
			_, all, err := r.Undo(t.Context(), true)
			require.NoError(t, err)
			require.Empty(t, all)
			require.Zero(t, time.Since(began))
			require.Equal(t, before, r.State(t))
		})
	})

	t.Run("waits until what was in flight has landed, unless it only lists", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _, _ := undoable(t, own)
			r.KilledAgo(t, 0)
			began := time.Now()
			_, _, err := r.Undo(t.Context(), false)
			require.NoError(t, err)
			require.Zero(t, time.Since(began))
			_, _, err = r.Undo(t.Context(), true)
			require.NoError(t, err)
			require.Equal(t, r.Settings.Settle, time.Since(began))
		})
	})

	t.Run("is interrupted while it waits, and says how to go on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _, _ := undoable(t, own)
			before := r.State(t)
			r.KilledAgo(t, 0)
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			_, _, err := undoWith(ctx, t, r, &rig.Torn{}, true)
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, "run the same command again to go on", migrate.HintOf(err))
			require.Equal(t, before, r.State(t))
		})
	})

	t.Run("ends before anybody is deleted if it cannot tell what the notifications were", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, _, _ := undoable(t, there)
			l := ledgerOf(t, r)
			rec, _, err := l.Service(t.Context(), rig.ScenarioService)
			require.NoError(t, err)
			rec.Saved = []byte("{")
			require.NoError(t, l.PutService(t.Context(), rec))
			require.NoError(t, l.Close())
			got, _, err := r.Undo(t.Context(), true)
			require.ErrorContains(t, err, "saved notifications")
			require.Zero(t, got.Counts[migrate.KindUsers].Done)
		})
	})
}
