package migrate_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// mutant is a finished migration that a test damages.
type mutant struct {
	*rig
	target       *twilio.Target
	service      string
	conversation string
}

// messages of the first conversation, in order.
func (m *mutant) messages(t *testing.T) []conversations.Message {
	var all []conversations.Message
	for one, err := range m.target.Messages(t.Context(), m.service, m.conversation, false) {
		require.NoError(t, err)
		all = append(all, one)
	}
	return all
}

func (m *mutant) participants(t *testing.T) []conversations.Participant {
	var all []conversations.Participant
	for one, err := range m.target.Participants(t.Context(), m.service, m.conversation) {
		require.NoError(t, err)
		all = append(all, one)
	}
	return all
}

func (m *mutant) put(t *testing.T, one conversations.Message) {
	_, err := m.target.AppendMessage(t.Context(), m.service, m.conversation, one)
	require.NoError(t, err)
}

func (m *mutant) roles(t *testing.T) map[string]string {
	byName := map[string]string{}
	for r, err := range m.target.Roles(t.Context(), m.service) {
		require.NoError(t, err)
		byName[r.FriendlyName] = r.SID
	}
	return byName
}

// wholeScenario is one channel with everything that can be damaged.
func wholeScenario() scenario {
	c := channelPlan{Unique: true, Members: []int{0, 1}, Read: []int{3, -1}}
	for i, body := range []string{"one", "two", "three", "four", "five", "six"} {
		c.Messages = append(c.Messages, msgPlan{Author: i % 2, Body: body})
	}
	return scenario{Users: 2, Concurrency: 2, Channels: []channelPlan{c}}
}

// migrated brings the scenario over and hands out its one conversation.
func migrated(t *testing.T, s scenario) *mutant {
	r := newRig(t, emulator.Config{Archive: s.archive()})
	sum, err := r.migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrate.Complete, sum.Status)
	m := &mutant{rig: r, target: r.target(&transport.Counter{}), service: sum.Services[0].TargetSID}
	for c, err := range m.target.Conversations(t.Context(), m.service) {
		require.NoError(t, err)
		m.conversation = c.SID
	}
	return m
}

// restoreDates undoes what the damage did to the conversation's own date, so
// that only the damage itself is left to be found.
func (m *mutant) restoreDates(t *testing.T) {
	want := conversations.Conversation{SID: m.conversation, DateUpdated: scenarioStart.Add(48 * time.Hour)}
	require.NoError(t, m.target.SetConversation(t.Context(), m.service, want))
}

func TestVerifyFindsEveryClass(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(*testing.T, context.Context, *mutant)
		want   []migrate.Difference // Class, Kind and Field
	}{
		{"a message that was deleted is missing", func(t *testing.T, ctx context.Context, m *mutant) {
			require.NoError(t, m.target.DeleteMessage(ctx, m.service, m.conversation, m.messages(t)[2].SID))
		}, []migrate.Difference{{Class: migrate.Missing, Kind: migrate.KindMessages}}},
		{"a message from the past that the source does not have is extra", func(t *testing.T, _ context.Context, m *mutant) {
			m.put(t, conversations.Message{Author: identityOf(0), Body: "never said", DateCreated: scenarioStart})
		}, []migrate.Difference{{Class: migrate.Extra, Kind: migrate.KindMessages}}},
		{"a message that is there twice is doubled", func(t *testing.T, _ context.Context, m *mutant) {
			m.put(t, m.messages(t)[1])
		}, []migrate.Difference{{Class: migrate.Doubled, Kind: migrate.KindMessages}}},
		{"a message in another place is reordered", func(t *testing.T, ctx context.Context, m *mutant) {
			moved := m.messages(t)[1]
			require.NoError(t, m.target.DeleteMessage(ctx, m.service, m.conversation, moved.SID))
			m.put(t, moved)
		}, []migrate.Difference{{Class: migrate.Reordered, Kind: migrate.KindMessages}}},
		{"another body is altered", func(t *testing.T, ctx context.Context, m *mutant) {
			one := m.messages(t)[1]
			one.Body = "changed"
			require.NoError(t, m.target.SetMessage(ctx, m.service, m.conversation, one))
		}, []migrate.Difference{{Class: migrate.Altered, Kind: migrate.KindMessages, Field: "body"}}},
		{"other attributes of a message are altered", func(t *testing.T, ctx context.Context, m *mutant) {
			one := m.messages(t)[1]
			one.Attributes = `{"changed":true}`
			require.NoError(t, m.target.SetMessage(ctx, m.service, m.conversation, one))
		}, []migrate.Difference{{Class: migrate.Altered, Kind: migrate.KindMessages, Field: "attributes"}}},
		{"another date is wrong", func(t *testing.T, ctx context.Context, m *mutant) {
			one := m.messages(t)[1]
			one.DateCreated = one.DateCreated.Add(time.Second)
			require.NoError(t, m.target.SetMessage(ctx, m.service, m.conversation, one))
		}, []migrate.Difference{{Class: migrate.WrongDate, Kind: migrate.KindMessages, Field: "date_created"}}},
		{"another author is wrong", func(t *testing.T, ctx context.Context, m *mutant) {
			one := m.messages(t)[1]
			one.Author = "somebody else"
			require.NoError(t, m.target.SetMessage(ctx, m.service, m.conversation, one))
		}, []migrate.Difference{{Class: migrate.WrongAuthor, Kind: migrate.KindMessages, Field: "author"}}},
		{"another role of a participant is wrong", func(t *testing.T, ctx context.Context, m *mutant) {
			one := m.participants(t)[0]
			one.RoleSID = m.roles(t)["Reader"]
			_, _, err := m.target.EnsureParticipant(ctx, m.service, m.conversation, one)
			require.NoError(t, err)
		}, []migrate.Difference{{Class: migrate.WrongRole, Kind: migrate.KindMembers, Field: "role_sid"}}},
		{"a horizon further back is wrong", func(t *testing.T, ctx context.Context, m *mutant) {
			one := m.participants(t)[0]
			require.NoError(t, m.target.SetHorizon(ctx, m.service, m.conversation, one.SID, conversations.Horizon{
				LastReadMessageIndex: *one.LastReadMessageIndex - 1, LastReadTimestamp: one.LastReadTimestamp, DateUpdated: one.DateUpdated,
			}))
		}, []migrate.Difference{{Class: migrate.WrongHorizon, Kind: migrate.KindMembers, Field: "last_read_message_index"}}},
		{"a horizon for one who never read is wrong", func(t *testing.T, ctx context.Context, m *mutant) {
			one := m.participants(t)[1]
			require.NoError(t, m.target.SetHorizon(ctx, m.service, m.conversation, one.SID, conversations.Horizon{
				LastReadMessageIndex: m.messages(t)[0].Index, DateUpdated: one.DateUpdated,
			}))
		}, []migrate.Difference{{Class: migrate.WrongHorizon, Kind: migrate.KindMembers, Field: "last_read_message_index"}}},
		{"another name of a conversation is altered", func(t *testing.T, ctx context.Context, m *mutant) {
			require.NoError(t, m.target.SetConversation(ctx, m.service, conversations.Conversation{SID: m.conversation, FriendlyName: "changed"}))
		}, []migrate.Difference{{Class: migrate.Altered, Kind: migrate.KindChannels, Field: "friendly_name"}}},
		{"a conversation that is gone is missing", func(t *testing.T, ctx context.Context, m *mutant) {
			_, err := m.target.AppendConversation(ctx, m.service, conversations.Conversation{Attributes: `{"chatbridge":{"sid":"` + sidOf("CH", 77) + `","service_sid":"` + scenarioService + `"}}`})
			require.NoError(t, err)
			require.NoError(t, m.target.DeleteConversation(ctx, m.service, m.conversation))
		}, []migrate.Difference{{Class: migrate.Missing, Kind: migrate.KindChannels}, {Class: migrate.Extra, Kind: migrate.KindChannels}}},
		{"other permissions of a role are altered", func(t *testing.T, ctx context.Context, m *mutant) {
			err := m.target.SetRole(ctx, m.service, conversations.Role{
				SID: m.roles(t)["Reader"], Type: conversations.ConversationRole, FriendlyName: "Reader", Permissions: []string{"sendMessage"},
			})
			require.NoError(t, err)
		}, []migrate.Difference{{Class: migrate.Altered, Kind: migrate.KindRoles, Field: "permissions"}}},
		{"another name of a user is altered", func(t *testing.T, ctx context.Context, m *mutant) {
			_, _, err := m.target.EnsureUser(ctx, m.service, conversations.User{Identity: identityOf(0), FriendlyName: "changed", Attributes: `{"n":0}`})
			require.NoError(t, err)
		}, []migrate.Difference{{Class: migrate.Altered, Kind: migrate.KindUsers, Field: "friendly_name"}}},
		{"other callbacks of the service are altered", func(t *testing.T, ctx context.Context, m *mutant) {
			require.NoError(t, m.target.SetWebhooks(ctx, m.service, conversations.Webhooks{PostWebhookURL: "https://example.com/other", Method: "POST"}))
		}, []migrate.Difference{{Class: migrate.Altered, Kind: migrate.KindServices, Field: "webhooks"}}},
		{"what somebody writes is foreign and no difference", func(t *testing.T, _ context.Context, m *mutant) {
			_, err := m.emulator.PostAs(m.conversation, identityOf(0), "hello from the new app")
			require.NoError(t, err)
		}, []migrate.Difference{{Class: migrate.Foreign, Kind: migrate.KindMessages}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := migrated(t, wholeScenario())
				_, none := m.verify(t.Context())
				require.Empty(t, none)
				c.damage(t, t.Context(), m)
				if c.want[0].Kind == migrate.KindMessages && c.want[0].Class != migrate.Foreign || c.want[0].Kind == migrate.KindMembers {
					m.restoreDates(t)
				}
				v, differences := m.verify(t.Context())
				for i := range differences {
					differences[i] = migrate.Difference{Class: differences[i].Class, Kind: differences[i].Kind, Field: differences[i].Field}
				}
				// The date of the conversation is moved by what is done to it.
				differences = without(differences, migrate.Difference{Class: migrate.WrongDate, Kind: migrate.KindChannels, Field: "date_updated"})
				require.ElementsMatch(t, c.want, differences)
				require.Equal(t, c.want[0].Class == migrate.Foreign, v.Equal)
			})
		})
	}
}

func without(all []migrate.Difference, one migrate.Difference) []migrate.Difference {
	kept := all[:0]
	for _, d := range all {
		if d.Class != one.Class || d.Kind != one.Kind || d.Field != one.Field {
			kept = append(kept, d)
		}
	}
	return kept
}
