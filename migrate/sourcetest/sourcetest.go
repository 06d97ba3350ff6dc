// Package sourcetest is the suite that every migrate.Source passes: what the
// interface promises, tried on the source itself.
//
// A suite gets constructors. Each is given a World, an invented workspace, and
// returns a source that reads it, wherever the driver keeps it.
//
// It does not test what a driver adds: how often it asks again, how it pages,
// what it says to a log. Do not import it but from tests.
package sourcetest

import (
	"context"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// Suite makes the sources to try. All but BrokenMedia must be set.
type Suite struct {
	// Open returns a source that reads the world.
	Open func(t *testing.T, w World) migrate.Source
	// Broken returns a source that reads some messages of the channel
	// w.Long(), and then cannot go on.
	Broken func(t *testing.T, w World) migrate.Source
	// Kind is what the error of a broken source has.
	Kind migrate.Kind
	// Media says that the source reads files. Otherwise OpenMedia is not tried.
	Media bool
	// V1 says that the source shows what Chat v1 does: no webhooks of channels, and no
	// bindings.
	V1 bool
	// BrokenMedia returns a source of which the file w.LongFile() comes shorter or
	// longer than it is, or cannot be read to its end. Without Media it may be nil.
	BrokenMedia func(t *testing.T, w World) migrate.Source
}

// Run tries everything that a Source promises.
func Run(t *testing.T, s Suite) {
	w := Invent()
	t.Run("Lists", func(t *testing.T) { testLists(t, s.Open(t, w), w, s.V1) })
	t.Run("Singles", func(t *testing.T) { testSingles(t, s.Open(t, w), w) })
	t.Run("Messages", func(t *testing.T) { testMessages(t, s.Open(t, w), w) })
	t.Run("Spans", func(t *testing.T) { testSpans(t, s.Open(t, w), w) })
	t.Run("Stops", func(t *testing.T) { testStops(t, s.Open(t, w), w, s.V1) })
	t.Run("Cancellation", func(t *testing.T) { testCancellation(t, s.Open(t, w), w, s.V1) })
	t.Run("NotFound", func(t *testing.T) { testNotFound(t, s.Open(t, w), w, s.V1) })
	t.Run("Broken", func(t *testing.T) { testBroken(t, s, w) })
	t.Run("Media", func(t *testing.T) {
		if !s.Media {
			t.Skip("this source reads no files")
		}
		testMedia(t, s, w)
	})
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

// keys turns a sequence of resources into one of what tells them apart, so that
// one test can walk all of them.
func keys[T any](records iter.Seq2[T, error], key func(T) string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for r, err := range records {
			if !yield(key(r), err) {
				return
			}
		}
	}
}

// sequences are all lists of a source by name, as they are asked of a service,
// one of its channels and one of its users.
func sequences(ctx context.Context, s migrate.Source, service, channel, user string, v1 bool) map[string]iter.Seq2[string, error] {
	all := map[string]iter.Seq2[string, error]{
		"Services":     keys(s.Services(ctx), func(r chat.Service) string { return r.SID }),
		"Roles":        keys(s.Roles(ctx, service), func(r chat.Role) string { return r.SID }),
		"Users":        keys(s.Users(ctx, service), func(r chat.User) string { return r.SID }),
		"Channels":     keys(s.Channels(ctx, service), func(r chat.Channel) string { return r.SID }),
		"Members":      keys(s.Members(ctx, service, channel), func(r chat.Member) string { return r.SID }),
		"Messages":     keys(s.Messages(ctx, service, channel, migrate.Span{After: migrate.All}), func(r chat.Message) string { return r.SID }),
		"Invites":      keys(s.Invites(ctx, service, channel), func(r chat.Invite) string { return r.SID }),
		"UserChannels": keys(s.UserChannels(ctx, service, user), func(r chat.UserChannel) string { return r.ChannelSID }),
		"Credentials":  keys(s.Credentials(ctx), func(r chat.Credential) string { return r.SID }),
	}
	if !v1 {
		all["Webhooks"] = keys(s.Webhooks(ctx, service, channel), func(r chat.ChannelWebhook) string { return r.SID })
		all["Bindings"] = keys(s.Bindings(ctx, service), func(r chat.Binding) string { return r.SID })
	}
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
