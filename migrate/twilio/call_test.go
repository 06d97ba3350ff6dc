package twilio

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// Each test pins one way in which twilio-go, used plainly, would go wrong.

func TestIdentitiesReachTheResourceTheyName(t *testing.T) {
	for identity, path := range map[string]string{
		"a/b?c#d":          "a%2Fb%3Fc%23d",
		"100%":             "100%25",
		"%2e":              "%252e",
		"jörg@example.com": "j%C3%B6rg@example.com",
		"名前":               "%E5%90%8D%E5%89%8D",
		".":                "%2E",
		"..":               "%2E%2E",
		"a b+c":            "a%20b+c",
		"{Sid}":            "%7BSid%7D",
		"{ChatServiceSid}": "%7BChatServiceSid%7D",
		"a;b,c&d=e":        "a%3Bb%2Cc&d=e",
	} {
		t.Run(identity, func(t *testing.T) {
			s := serve(t, func(r seen) (int, string) {
				if r.Method == http.MethodPost {
					require.Equal(t, identity, r.Form.Get("Identity"))
					return refusal(409, 50201)
				}
				return 200, fmt.Sprintf(`{"sid": "US1", "identity": %q}`, identity)
			})
			_, change, err := s.target(t).EnsureUser(t.Context(), service, conversations.User{Identity: identity})
			require.NoError(t, err)
			require.Equal(t, migrate.Unchanged, change)
			require.Equal(t, "GET /v1/Services/"+service+"/Users/"+path, s.requests()[1].uri())
		})
	}
}

func TestAnEmptySIDReachesNothing(t *testing.T) {
	s := serve(t, func(seen) (int, string) { return 200, "{}" })
	target := s.target(t)
	for name, err := range map[string]error{
		"delete conversation": target.DeleteConversation(t.Context(), service, ""),
		"delete message":      target.DeleteMessage(t.Context(), service, "", "IM1"),
		"set message":         target.SetMessage(t.Context(), service, channel, conversations.Message{Body: "x"}),
		"set conversation":    target.SetConversation(t.Context(), "", conversations.Conversation{SID: channel, FriendlyName: "x"}),
	} {
		require.Equal(t, migrate.Usage, migrate.KindOf(err), name)
		require.ErrorContains(t, err, "is empty", name)
	}
	require.Empty(t, s.requests())
}

func TestEnvironmentOfTwilioGoIsIgnored(t *testing.T) {
	t.Setenv("TWILIO_EDGE", "sydney")
	t.Setenv("TWILIO_REGION", "au1")
	s := serve(t, func(seen) (int, string) { return 200, list("services", "") })
	_, err := drain(s.source(t).Services(t.Context()))
	require.NoError(t, err)
	require.Len(t, s.requests(), 1)
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := serve(t, func(seen) (int, string) { return 200, list("services", "") })
	s := serve(t, func(seen) (int, string) { return http.StatusFound, elsewhere.url + "/v1/Services" })
	_, err := drain(s.source(t).Services(t.Context()))
	require.Equal(t, migrate.Usage, migrate.KindOf(err))
	require.Contains(t, migrate.HintOf(err), "--chat-url")
	require.Empty(t, elsewhere.requests())
}

func TestDatesGoOutInUTCToTheSecond(t *testing.T) {
	s := serve(t, func(r seen) (int, string) { return 201, written(r) })
	zone := time.FixedZone("", 5*3600+1800)
	_, err := s.target(t).AppendMessage(t.Context(), service, channel, conversations.Message{
		Author: "ann", Body: "hi",
		DateCreated: time.Date(2016, 3, 1, 2, 30, 15, 999_999_999, zone),
	})
	require.NoError(t, err)
	form := s.requests()[0].Form
	require.Equal(t, "2016-02-29T21:00:15Z", form.Get("DateCreated"))
	require.False(t, form.Has("DateUpdated"), "a message that was not edited has none")
}

func TestRepliesAreReadWhole(t *testing.T) {
	t.Run("integers above 2^53, null beside 0, unknown fields", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) {
			return 200, list("members", "",
				`{"sid": "MB1", "last_consumed_message_index": 9007199254740993, "new_field": {"n": 9007199254740993}}`,
				`{"sid": "MB2", "last_consumed_message_index": null}`,
				`{"sid": "MB3", "last_consumed_message_index": 0}`)
		})
		members, err := drain(s.source(t).Members(t.Context(), service, channel))
		require.NoError(t, err)
		require.Equal(t, int64(9007199254740993), *members[0].LastConsumedMessageIndex)
		require.Contains(t, string(members[0].Raw), `"new_field": {"n": 9007199254740993}`)
		require.Nil(t, members[1].LastConsumedMessageIndex)
		require.Zero(t, *members[2].LastConsumedMessageIndex)
	})
	t.Run("dates in both forms", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) {
			return 200, list("invites", "",
				`{"sid": "IN1", "date_created": "2015-12-16T22:18:37Z"}`,
				`{"sid": "IN2", "date_created": "Wed, 16 Dec 2015 22:18:37 +0000"}`)
		})
		invites, err := drain(s.source(t).Invites(t.Context(), service, channel))
		require.NoError(t, err)
		for _, i := range invites {
			require.Equal(t, time.Date(2015, 12, 16, 22, 18, 37, 0, time.UTC), i.DateCreated.Time)
		}
	})
	t.Run("up to a bad record, which is named", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) {
			return 200, list("roles", "", `{"sid": "RL1"}`, `{"sid": "RL2", "date_created": "yesterday"}`, `{"sid": "RL3"}`)
		})
		roles, err := drain(s.source(t).Roles(t.Context(), service))
		require.Equal(t, []string{"RL1"}, sids(roles, func(r chat.Role) string { return r.SID }))
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
		require.ErrorContains(t, err, "yesterday")
	})
	t.Run("once, where one is whole and makes no sense", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) { return 200, `{"sid": "US1", "date_created": "yesterday"}` })
		_, err := s.source(t).User(t.Context(), service, "US1")
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
		require.True(t, migrate.Unreadable(err))
		require.Contains(t, migrate.HintOf(err), "report it")
		require.Len(t, s.requests(), 1, "asking again would bring the same")
	})
	t.Run("again, where one was cut short", func(t *testing.T) {
		n := 0
		s := serve(t, func(seen) (int, string) {
			if n++; n == 1 {
				return 200, `{"sid": "US1", "identity": "a`
			}
			return 200, `{"sid": "US1", "identity": "ann"}`
		})
		u, err := s.source(t).User(t.Context(), service, "US1")
		require.NoError(t, err)
		require.Equal(t, "ann", u.Identity)
	})
	t.Run("never taken for a message without its index or SID", func(t *testing.T) {
		for name, body := range map[string]string{
			"no index":   `{"sid": "IM1", "attributes": "{}"}`,
			"null index": `{"sid": "IM1", "index": null, "attributes": "{}"}`,
			"no SID":     `{"index": 0, "attributes": "{}"}`,
		} {
			s := serve(t, func(seen) (int, string) { return 200, list("messages", "", body) })
			all, err := drain(s.source(t).Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}))
			require.Error(t, err, name)
			require.Empty(t, all, name)
		}
	})
	t.Run("never taken for a resource without its SID", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) { return 200, `{}` })
		_, err := s.source(t).User(t.Context(), service, "US1")
		require.ErrorIs(t, err, errNoSID)
		require.Len(t, s.requests(), 4, "and asked for again")
	})
}

func TestAnAppendWhoseReplyMakesNoSense(t *testing.T) {
	for name, body := range map[string]string{
		"is cut short":     `{"sid": "IM1", "index": 4, "bo`,
		"is empty":         ``,
		"is HTML":          `<html>`,
		"has no SID":       `{"index": 4}`,
		"has no index":     `{"sid": "IM1"}`,
		"has a null index": `{"sid": "IM1", "index": null}`,
		"has a bad date":   `{"sid": "IM1", "index": 4, "date_created": 5}`,
		"is an array":      `[]`,
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(seen) (int, string) { return 201, body })
			_, err := s.target(t).AppendMessage(t.Context(), service, channel, conversations.Message{Body: "x"})
			require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
			require.Len(t, s.requests(), 1)
		})
	}
	t.Run("is asked for again where it is an ensure", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) { return 201, `{"sid": "US1` })
		_, _, err := s.target(t).EnsureUser(t.Context(), service, conversations.User{Identity: "ann"})
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
		require.Len(t, s.requests(), 4)
	})
}

func TestTheSourceCannotWrite(t *testing.T) {
	s := serve(t, func(seen) (int, string) { return 200, "{}" })
	src := s.source(t)
	asTarget := &Target{host: src.host}
	_, err := asTarget.AppendMessage(t.Context(), service, channel, conversations.Message{Body: "x"})
	require.Error(t, err)
	require.Error(t, asTarget.DeleteConversation(t.Context(), service, channel))
	require.Empty(t, s.requests())
}

func TestTheContextReachesTheRequest(t *testing.T) {
	arrived := make(chan struct{}, 1)
	release := make(chan struct{})
	s := serve(t, func(seen) (int, string) {
		arrived <- struct{}{}
		<-release
		return 200, "{}"
	})
	defer close(release)
	during := func(ask func(context.Context) error) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { <-arrived; cancel() }()
		return ask(ctx)
	}
	target := s.target(t)

	err := during(func(ctx context.Context) error {
		_, err := target.Conversation(ctx, service, channel)
		return err
	})
	require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
	require.ErrorIs(t, err, context.Canceled)

	err = during(func(ctx context.Context) error {
		_, err := target.AppendMessage(ctx, service, channel, conversations.Message{Body: "x"})
		return err
	})
	require.Equal(t, migrate.InDoubt, migrate.KindOf(err), "it may have landed")
	require.ErrorIs(t, err, context.Canceled)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = target.AppendMessage(ctx, service, channel, conversations.Message{Body: "x"})
	require.Equal(t, migrate.Interrupted, migrate.KindOf(err), "it was never sent")
	require.Len(t, s.requests(), 2)
}
