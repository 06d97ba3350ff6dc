package rig

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// State is everything that the target account holds, read over HTTP.
func (r *Rig) State(t *testing.T) string {
	t.Helper()
	target := r.Target(&transport.Counter{})
	var all []any
	add := func(v any, err error) {
		require.NoError(t, err)
		all = append(all, v)
	}
	for s, err := range target.Services(t.Context()) {
		add(s, err)
		add(target.Configuration(t.Context(), s.SID))
		for v, err := range target.Roles(t.Context(), s.SID) {
			add(v, err)
		}
		for v, err := range target.Users(t.Context(), s.SID) {
			add(v, err)
		}
		for c, err := range target.Conversations(t.Context(), s.SID) {
			add(c, err)
			for v, err := range target.Participants(t.Context(), s.SID, c.SID) {
				add(v, err)
			}
			for v, err := range target.Messages(t.Context(), s.SID, c.SID, false) {
				add(v, err)
			}
		}
	}
	raw, err := json.MarshalIndent(all, "", " ")
	require.NoError(t, err)
	return string(raw)
}

// Inhabit makes a service with people and a conversation in it that are none of
// ours, and returns its SID.
func (r *Rig) Inhabit(t *testing.T) string {
	t.Helper()
	target := r.Target(&transport.Counter{})
	s, err := target.AppendService(t.Context(), conversations.Service{FriendlyName: "scenario"})
	require.NoError(t, err)
	require.NoError(t, target.SetNotifications(t.Context(), s.SID, conversations.Notifications{NewMessage: conversations.Notification{Enabled: true, Template: "${MESSAGE}"}}))
	_, _, err = target.EnsureUser(t.Context(), s.SID, conversations.User{Identity: "stranger"})
	require.NoError(t, err)
	c, err := target.AppendConversation(t.Context(), s.SID, conversations.Conversation{FriendlyName: "theirs"})
	require.NoError(t, err)
	_, _, err = target.EnsureParticipant(t.Context(), s.SID, c.SID, conversations.Participant{Identity: "stranger"}, nil)
	require.NoError(t, err)
	_, err = target.AppendMessage(t.Context(), s.SID, c.SID, conversations.Message{Author: "stranger", Body: "hello"})
	require.NoError(t, err)
	return s.SID
}

// ConversationsOf are those of the only service of the target, by the channel
// that their stamp names.
func (r *Rig) ConversationsOf(t *testing.T, serviceSID string) map[string][]conversations.Conversation {
	t.Helper()
	all := map[string][]conversations.Conversation{}
	for c, err := range migrate.WithoutClaim(r.Target(&transport.Counter{})).Conversations(t.Context(), serviceSID) {
		require.NoError(t, err)
		stamp, ours := mapping.ReadStamp(c.Attributes)
		require.True(t, ours)
		all[stamp.SID] = append(all[stamp.SID], c)
	}
	return all
}

// BodiesIn are the messages of the conversation that a channel became, in their
// order.
func (r *Rig) BodiesIn(t *testing.T, serviceSID, channelSID string) (bodies []string) {
	t.Helper()
	all := r.ConversationsOf(t, serviceSID)[channelSID]
	require.Len(t, all, 1)
	for m, err := range r.Target(&transport.Counter{}).Messages(t.Context(), serviceSID, all[0].SID, false) {
		require.NoError(t, err)
		bodies = append(bodies, m.Body)
	}
	return bodies
}
