package targettest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// keys turns a sequence of resources into one of their SIDs, so that one test
// can walk all of them.
func keys[T any](records iter.Seq2[T, error], key func(T) string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for r, err := range records {
			if !yield(key(r), err) {
				return
			}
		}
	}
}

// sequences are all lists of a target by name.
func sequences(ctx context.Context, t migrate.TargetReader, service, conversation, user string) map[string]iter.Seq2[string, error] {
	message := func(m conversations.Message) string { return m.SID }
	return map[string]iter.Seq2[string, error]{
		"Services":          keys(t.Services(ctx), func(r conversations.Service) string { return r.SID }),
		"Roles":             keys(t.Roles(ctx, service), func(r conversations.Role) string { return r.SID }),
		"Users":             keys(t.Users(ctx, service), func(r conversations.User) string { return r.SID }),
		"Conversations":     keys(t.Conversations(ctx, service), func(r conversations.Conversation) string { return r.SID }),
		"Participants":      keys(t.Participants(ctx, service, conversation), func(r conversations.Participant) string { return r.SID }),
		"Messages":          keys(t.Messages(ctx, service, conversation, false), message),
		"MessagesNewest":    keys(t.Messages(ctx, service, conversation, true), message),
		"Webhooks":          keys(t.Webhooks(ctx, service, conversation), func(r conversations.ConversationWebhook) string { return r.SID }),
		"UserConversations": keys(t.UserConversations(ctx, service, user), func(r conversations.UserConversation) string { return r.ConversationSID }),
	}
}

// many is more than any page takes.
const many = 120

// testLists requires every record of lists that are longer than a page, each
// once.
func testLists(t *testing.T, r *room) {
	want := map[string][]string{
		"Conversations": {r.sid}, "UserConversations": {r.sid}, "Participants": {r.ann.SID, r.bob.SID},
		"Services": {r.service},
	}
	user, _, err := r.Target.EnsureUser(r.ctx, r.service, conversations.User{Identity: "bob"})
	require.NoError(t, err)
	for range conversations.MaxWebhooks {
		w, err := r.Target.AppendWebhook(r.ctx, r.service, r.sid, conversations.ConversationWebhook{Target: "studio", FlowSID: "FW00000000000000000000000000000001"})
		require.NoError(t, err)
		want["Webhooks"] = append(want["Webhooks"], w.SID)
	}
	for _, role := range collect(t, r.Target.Roles(r.ctx, r.service)) { // of every new service
		want["Roles"] = append(want["Roles"], role.SID)
	}
	for _, u := range collect(t, r.Target.Users(r.ctx, r.service)) { // of the participants
		want["Users"] = append(want["Users"], u.SID)
	}
	require.NoError(t, r.Target.SetLimits(r.ctx, r.service, migrate.Limits{ChannelMembers: 2 * many}))
	for i := range many {
		name := fmt.Sprintf("n%d", i)
		c, err := r.Target.AppendConversation(r.ctx, r.service, conversations.Conversation{FriendlyName: name})
		require.NoError(t, err)
		role, err := r.Target.AppendRole(r.ctx, r.service, conversations.Role{FriendlyName: name, Type: conversations.ServiceRole, Permissions: []string{"joinConversation"}})
		require.NoError(t, err)
		u, _, err := r.Target.EnsureUser(r.ctx, r.service, conversations.User{Identity: name})
		require.NoError(t, err)
		p, _, err := r.Target.EnsureParticipant(r.ctx, r.service, r.sid, conversations.Participant{Identity: name}, nil)
		require.NoError(t, err)
		for at, sid := range map[string]string{"Conversations": c.SID, "Roles": role.SID, "Users": u.SID, "Participants": p.SID, "Messages": r.say(t, name).SID} {
			want[at] = append(want[at], sid)
		}
	}
	want["MessagesNewest"] = want["Messages"]
	for name, records := range sequences(r.ctx, r.Target, r.service, r.sid, user.SID) {
		for range 2 {
			require.ElementsMatch(t, want[name], collect(t, records), name)
		}
		for _, err := range records {
			require.NoError(t, err)
			break // one that goes on regardless panics
		}
	}
}

// testOrder requires messages in the order of their indexes, either way.
func testOrder(t *testing.T, r *room) {
	var want []conversations.Message
	for range many {
		want = append(want, r.say(t, "the same"))
	}
	for i := range want[1:] {
		require.Less(t, want[i].Index, want[i+1].Index)
	}
	require.Equal(t, want, r.messages(t))
	slices.Reverse(want)
	require.Equal(t, want, collect(t, r.Target.Messages(r.ctx, r.service, r.sid, true)))
}

// testReads requires one resource by each name that it has.
func testReads(t *testing.T, r *room) {
	for _, name := range []string{r.sid, "room/1"} {
		c, err := r.Target.Conversation(r.ctx, r.service, name)
		require.NoError(t, err)
		require.Equal(t, r.sid, c.SID)
	}
	c, at, err := r.Target.ConversationAt(r.ctx, r.service, "room/1")
	require.NoError(t, err)
	require.Equal(t, r.sid, c.SID)
	require.WithinDuration(t, time.Now(), at, time.Minute)
	_, at, err = r.Target.ConversationAt(r.ctx, r.service, "nowhere")
	requireKind(t, migrate.NotFound, err)
	require.Zero(t, at)
	require.False(t, r.Target.Clock().IsZero())
	said := r.say(t, "one")
	m, err := r.Target.Message(r.ctx, r.service, r.sid, said.SID)
	require.NoError(t, err)
	require.Equal(t, said, m)
	require.NoError(t, r.Target.DeleteMessage(r.ctx, r.service, r.sid, said.SID))
	_, err = r.Target.Message(r.ctx, r.service, r.sid, said.SID)
	requireKind(t, migrate.NotFound, err)
	timers, err := r.Target.Timers(r.ctx)
	require.NoError(t, err)
	require.Equal(t, migrate.Timers{}, timers)
	limits, err := r.Target.Limits(r.ctx, r.service)
	require.NoError(t, err)
	require.Positive(t, limits.ChannelMembers)
	cfg, err := r.Target.Configuration(r.ctx, r.service)
	require.NoError(t, err)
	require.Equal(t, "https://example.com/", cfg.Webhooks.PostWebhookURL)
	require.True(t, cfg.Notifications.Off())
}

// testCancellation requires that a canceled context ends everything with an
// error, and a list never as if there were no more.
func testCancellation(t *testing.T, r *room) {
	for range many {
		r.say(t, "x")
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, records := range sequences(canceled, r.Target, r.service, r.sid, "bob") {
		all, err := walk(t, records)
		require.Empty(t, all, name)
		requireKind(t, migrate.Interrupted, err)
		require.ErrorIs(t, err, context.Canceled)
	}
	_, err := r.Target.Conversation(canceled, r.service, r.sid)
	requireKind(t, migrate.Interrupted, err)
	_, err = r.Target.AppendMessage(canceled, r.service, r.sid, conversations.Message{Body: "never sent"})
	requireKind(t, migrate.Interrupted, err)
	require.Len(t, r.messages(t), many)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	read, last := 0, error(nil)
	for _, err := range r.Target.Messages(ctx, r.service, r.sid, true) {
		require.NoError(t, last, "an error is the last element")
		if last = err; err == nil {
			read++
			cancel()
		}
	}
	requireKind(t, migrate.Interrupted, last)
	require.Less(t, read, many)
}
