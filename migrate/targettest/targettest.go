// Package targettest is the suite that every migrate.Target passes: what the
// interface promises, tried on the target itself.
//
// A suite gets a constructor of benches. A bench is an empty workspace behind a
// target, with what a test must do to it that no Target can: make it fail, and
// see what reached it.
//
// It does not test what a driver adds: how often it asks again, how it pages,
// what it says to a log. Do not import it but from tests.
package targettest

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// Fault is what happens to every write, until another one is set. Reads are
// answered.
type Fault int

// Faults.
const (
	None  Fault = iota
	Lost        // takes effect, and its answer is lost
	Never       // takes no effect, and nobody answers
	Down        // is not sent: there is nobody to connect to
)

// Bench is a target with an empty workspace behind it.
type Bench struct {
	Target migrate.Target
	// Break sets what happens to writes from now on.
	Break func(Fault)
	// Callbacks counts the writes so far that asked for webhooks.
	Callbacks func() int64
}

// Run tries everything that a Target promises. Each bench is a new one.
func Run(t *testing.T, open func(t *testing.T) Bench) {
	for name, try := range map[string]func(*testing.T, *room){
		"Lists": testLists, "Order": testOrder, "Reads": testReads, "Cancellation": testCancellation,
		"EnsureUser": testEnsureUser, "EnsureParticipant": testEnsureParticipant, "EnsureCredential": testEnsureCredential,
		"Sets": testSets, "SetUser": testSetUser, "SetConversation": testSetConversation, "SetMessage": testSetMessage, "SetLimits": testSetLimits,
		"Appends": testAppends, "Exists": testExists, "Refused": testRefused, "NotFound": testNotFound, "Lost": testLost,
		"Deletes": testDeletes,
	} {
		t.Run(name, func(t *testing.T) {
			r := furnish(t, open(t))
			try(t, r)
			require.Zero(t, r.Callbacks(), "no write of a Target fires a webhook")
		})
	}
}

// room is a bench with a service, and a conversation in it with two people.
type room struct {
	Bench
	ctx          context.Context
	service, sid string
	ann, bob     conversations.Participant
}

var (
	created = time.Date(2016, 2, 29, 12, 0, 0, 0, time.UTC)
	updated = created.Add(24 * time.Hour)
)

func furnish(t *testing.T, b Bench) *room {
	t.Helper()
	r := &room{Bench: b, ctx: t.Context()}
	s, err := b.Target.AppendService(r.ctx, conversations.Service{FriendlyName: "Desk"})
	require.NoError(t, err)
	r.service = s.SID
	// Callbacks that would be called, were one asked for.
	require.NoError(t, b.Target.SetWebhooks(r.ctx, r.service, conversations.Webhooks{PostWebhookURL: "https://example.com/", Method: "POST"}))
	c, err := b.Target.AppendConversation(r.ctx, r.service, conversations.Conversation{FriendlyName: "Room", UniqueName: "room/1"})
	require.NoError(t, err)
	r.sid = c.SID
	for identity, p := range map[string]*conversations.Participant{"ann+a/b?c#d": &r.ann, "bob": &r.bob} {
		*p, _, err = b.Target.EnsureParticipant(r.ctx, r.service, r.sid, conversations.Participant{Identity: identity, DateCreated: created, DateUpdated: updated}, nil)
		require.NoError(t, err)
	}
	return r
}

// say appends a message.
func (r *room) say(t *testing.T, body string) conversations.Message {
	t.Helper()
	m, err := r.Target.AppendMessage(r.ctx, r.service, r.sid, conversations.Message{Author: "bob", Body: body, DateCreated: created})
	require.NoError(t, err)
	return m
}

func (r *room) messages(t *testing.T) []conversations.Message {
	t.Helper()
	return collect(t, r.Target.Messages(r.ctx, r.service, r.sid, false))
}

// walk reads a sequence to its end. What comes after an error fails the test.
func walk[T any](t *testing.T, records iter.Seq2[T, error]) (all []T, last error) {
	t.Helper()
	for r, err := range records {
		require.NoError(t, last, "an error is the last element")
		if last = err; err == nil {
			all = append(all, r)
		}
	}
	return all, last
}

// collect reads a sequence that has no error.
func collect[T any](t *testing.T, records iter.Seq2[T, error]) []T {
	t.Helper()
	all, err := walk(t, records)
	require.NoError(t, err)
	return all
}

// requireKind requires an error of type *migrate.Error that says what was tried.
func requireKind(t *testing.T, want migrate.Kind, err error) {
	t.Helper()
	var e *migrate.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, want, migrate.KindOf(err), "%v", err)
	require.NotEmpty(t, e.Op)
}
