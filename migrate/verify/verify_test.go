package verify_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/verify"
)

func TestVerifyFindsEveryClass(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(*testing.T, context.Context, *rig.Mutant)
		want   []verify.Difference // Class, Kind and Field
	}{
		{"a message that was deleted is missing", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			require.NoError(t, m.Target.DeleteMessage(ctx, m.Service, m.Conversation, m.Messages(t)[2].SID))
		}, []verify.Difference{{Class: verify.Missing, Kind: migrate.KindMessages}}},
		{"a message from the past that the source does not have is extra", func(t *testing.T, _ context.Context, m *rig.Mutant) {
			m.Put(t, conversations.Message{Author: rig.IdentityOf(0), Body: "never said", DateCreated: rig.ScenarioStart})
		}, []verify.Difference{{Class: verify.Extra, Kind: migrate.KindMessages}}},
		{"a message that is there twice is doubled", func(t *testing.T, _ context.Context, m *rig.Mutant) {
			m.Put(t, m.Messages(t)[1])
		}, []verify.Difference{{Class: verify.Doubled, Kind: migrate.KindMessages}}},
		{"a message in another place is reordered", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			moved := m.Messages(t)[1]
			require.NoError(t, m.Target.DeleteMessage(ctx, m.Service, m.Conversation, moved.SID))
			m.Put(t, moved)
		}, []verify.Difference{{Class: verify.Reordered, Kind: migrate.KindMessages}}},
		{"another body is altered", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			one := m.Messages(t)[1]
			one.Body = "changed"
			require.NoError(t, m.Target.SetMessage(ctx, m.Service, m.Conversation, one))
		}, []verify.Difference{{Class: verify.Altered, Kind: migrate.KindMessages, Field: "body"}}},
		{"other attributes of a message are altered", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			one := m.Messages(t)[1]
			one.Attributes = `{"changed":true}`
			require.NoError(t, m.Target.SetMessage(ctx, m.Service, m.Conversation, one))
		}, []verify.Difference{{Class: verify.Altered, Kind: migrate.KindMessages, Field: "attributes"}}},
		{"another date is wrong", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			one := m.Messages(t)[1]
			one.DateCreated = one.DateCreated.Add(time.Second)
			require.NoError(t, m.Target.SetMessage(ctx, m.Service, m.Conversation, one))
		}, []verify.Difference{{Class: verify.WrongDate, Kind: migrate.KindMessages, Field: "date_created"}}},
		{"another author is wrong", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			one := m.Messages(t)[1]
			one.Author = "somebody else"
			require.NoError(t, m.Target.SetMessage(ctx, m.Service, m.Conversation, one))
		}, []verify.Difference{{Class: verify.WrongAuthor, Kind: migrate.KindMessages, Field: "author"}}},
		{"another role of a participant is wrong", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			one := m.Participants(t)[0]
			one.RoleSID = m.Roles(t)["Reader"]
			_, _, err := m.Target.EnsureParticipant(ctx, m.Service, m.Conversation, one, nil)
			require.NoError(t, err)
		}, []verify.Difference{{Class: verify.WrongRole, Kind: migrate.KindMembers, Field: "role_sid"}}},
		{"a horizon further back is wrong", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			one := m.Participants(t)[0]
			require.NoError(t, m.Target.SetHorizon(ctx, m.Service, m.Conversation, one.SID, conversations.Horizon{
				LastReadMessageIndex: *one.LastReadMessageIndex - 1, LastReadTimestamp: one.LastReadTimestamp, DateUpdated: one.DateUpdated,
			}))
		}, []verify.Difference{{Class: verify.WrongHorizon, Kind: migrate.KindMembers, Field: "last_read_message_index"}}},
		{"a horizon for one who never read is wrong", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			one := m.Participants(t)[1]
			require.NoError(t, m.Target.SetHorizon(ctx, m.Service, m.Conversation, one.SID, conversations.Horizon{
				LastReadMessageIndex: m.Messages(t)[0].Index, DateUpdated: one.DateUpdated,
			}))
		}, []verify.Difference{{Class: verify.WrongHorizon, Kind: migrate.KindMembers, Field: "last_read_message_index"}}},
		{"another name of a conversation is altered", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			require.NoError(t, m.Target.SetConversation(ctx, m.Service, conversations.Conversation{SID: m.Conversation, FriendlyName: "changed"}))
		}, []verify.Difference{{Class: verify.Altered, Kind: migrate.KindChannels, Field: "friendly_name"}}},
		{"a conversation that is gone is missing", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			_, err := m.Target.AppendConversation(ctx, m.Service, conversations.Conversation{Attributes: `{"chatbridge":{"sid":"` + rig.SidOf("CH", 77) + `","service_sid":"` + rig.ScenarioService + `"}}`})
			require.NoError(t, err)
			require.NoError(t, m.Target.DeleteConversation(ctx, m.Service, m.Conversation))
		}, []verify.Difference{{Class: verify.Missing, Kind: migrate.KindChannels}, {Class: verify.Extra, Kind: migrate.KindChannels}}},
		{"other permissions of a role are altered", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			err := m.Target.SetRole(ctx, m.Service, conversations.Role{
				SID: m.Roles(t)["Reader"], Type: conversations.ConversationRole, FriendlyName: "Reader", Permissions: []string{"sendMessage"},
			})
			require.NoError(t, err)
		}, []verify.Difference{{Class: verify.Altered, Kind: migrate.KindRoles, Field: "permissions"}}},
		{"another name of a user is altered", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			_, err := m.Target.SetUser(ctx, m.Service, conversations.User{SID: m.User(t, rig.IdentityOf(0)).SID, FriendlyName: "changed", Attributes: `{"n":0}`})
			require.NoError(t, err)
		}, []verify.Difference{{Class: verify.Altered, Kind: migrate.KindUsers, Field: "friendly_name"}}},
		{"another role of a user is wrong", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			_, err := m.Target.SetUser(ctx, m.Service, conversations.User{SID: m.User(t, rig.IdentityOf(0)).SID, FriendlyName: "User 0", Attributes: `{"n":0}`, RoleSID: m.Roles(t)["service admin"]})
			require.NoError(t, err)
		}, []verify.Difference{{Class: verify.WrongRole, Kind: migrate.KindUsers, Field: "role_sid"}}},
		{"other callbacks of the service are altered", func(t *testing.T, ctx context.Context, m *rig.Mutant) {
			require.NoError(t, m.Target.SetWebhooks(ctx, m.Service, conversations.Webhooks{PostWebhookURL: "https://example.com/other", Method: "POST"}))
		}, []verify.Difference{{Class: verify.Altered, Kind: migrate.KindServices, Field: "webhooks"}}},
		{"what somebody writes is foreign and no difference", func(t *testing.T, _ context.Context, m *rig.Mutant) {
			_, err := m.Emulator.PostAs(m.Conversation, rig.IdentityOf(0), "hello from the new app")
			require.NoError(t, err)
		}, []verify.Difference{{Class: verify.Foreign, Kind: migrate.KindMessages}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := rig.Migrated(t, rig.WholeScenario())
				_, none := m.Verify(t.Context())
				require.Empty(t, none)
				c.damage(t, t.Context(), m)
				if c.want[0].Kind == migrate.KindMessages && c.want[0].Class != verify.Foreign || c.want[0].Kind == migrate.KindMembers {
					m.RestoreDates(t)
				}
				v, differences := m.Verify(t.Context())
				for i := range differences {
					differences[i] = verify.Difference{Class: differences[i].Class, Kind: differences[i].Kind, Field: differences[i].Field}
				}
				// The date of the conversation is moved by what is done to it.
				differences = without(differences, verify.Difference{Class: verify.WrongDate, Kind: migrate.KindChannels, Field: "date_updated"})
				require.ElementsMatch(t, c.want, differences)
				require.Equal(t, c.want[0].Class == verify.Foreign, v.Equal)
			})
		})
	}
}

func without(all []verify.Difference, one verify.Difference) []verify.Difference {
	kept := all[:0]
	for _, d := range all {
		if d.Class != one.Class || d.Kind != one.Kind || d.Field != one.Field {
			kept = append(kept, d)
		}
	}
	return kept
}
