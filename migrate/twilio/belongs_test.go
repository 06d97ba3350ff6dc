package twilio

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// another is a SID that nothing was asked about.
func another(prefix string) string { return prefix + strings.Repeat("f", 32) }

// Every read, answered with a record that names another parent, or another SID
// where one was asked for.
func TestRecordsOfAnother(t *testing.T) {
	const user, role = "US00000000000000000000000000000001", "RL00000000000000000000000000000001"
	read := func(key, field, sid string, seq func(*stub) error) func(*testing.T) {
		return func(t *testing.T) {
			answer := func(value string) answers {
				return func(r seen) (int, string) {
					record := fmt.Sprintf(`{"sid": %q, "index": 0, "attributes": "{}", %q: %s}`, role, field, value)
					if key == "" {
						return 200, strings.Replace(record, role, r.Path[strings.LastIndex(r.Path, "/")+1:], 1)
					}
					return 200, list(key, "", record)
				}
			}
			err := seq(serve(t, answer(fmt.Sprintf("%q", another("XX")))))
			require.ErrorContains(t, err, "a reply shows "+field+` "XXffff`)
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
			require.Contains(t, migrate.HintOf(err), "mixes up replies")
			require.NoError(t, seq(serve(t, answer(fmt.Sprintf("%q", sid)))))
			require.NoError(t, seq(serve(t, answer("null"))), "null says nothing")
		}
	}
	src := func(f func(*Source) error) func(*stub) error { return func(s *stub) error { return f(s.source(t)) } }
	dst := func(f func(*Target) error) func(*stub) error { return func(s *stub) error { return f(s.target(t)) } }
	all := migrate.Span{After: migrate.All}
	t.Run("roles", read("roles", "service_sid", service, src(func(s *Source) error { return second(drain(s.Roles(t.Context(), service))) })))
	t.Run("users", read("users", "service_sid", service, src(func(s *Source) error { return second(drain(s.Users(t.Context(), service))) })))
	t.Run("channels", read("channels", "service_sid", service, src(func(s *Source) error { return second(drain(s.Channels(t.Context(), service))) })))
	t.Run("members", read("members", "channel_sid", channel, src(func(s *Source) error { return second(drain(s.Members(t.Context(), service, channel))) })))
	t.Run("invites", read("invites", "channel_sid", channel, src(func(s *Source) error { return second(drain(s.Invites(t.Context(), service, channel))) })))
	t.Run("messages", read("messages", "channel_sid", channel, src(func(s *Source) error { return second(drain(s.Messages(t.Context(), service, channel, all))) })))
	t.Run("one channel of another service", read("", "service_sid", service, src(func(s *Source) error { return second(s.Channel(t.Context(), service, channel)) })))
	t.Run("one user of another service", read("", "service_sid", service, src(func(s *Source) error { return second(s.User(t.Context(), service, user)) })))
	t.Run("roles of the target", read("roles", "chat_service_sid", service, dst(func(x *Target) error { return second(drain(x.Roles(t.Context(), service))) })))
	t.Run("conversations", read("conversations", "chat_service_sid", service, dst(func(x *Target) error { return second(drain(x.Conversations(t.Context(), service))) })))
	t.Run("participants", read("participants", "conversation_sid", channel, dst(func(x *Target) error { return second(drain(x.Participants(t.Context(), service, channel))) })))
	t.Run("messages of the target", read("messages", "conversation_sid", channel, dst(func(x *Target) error { return second(drain(x.Messages(t.Context(), service, channel, false))) })))
	t.Run("the configuration", read("", "chat_service_sid", service, dst(func(x *Target) error { return second(x.Configuration(t.Context(), service)) })))
	t.Run("one conversation that is another", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) { return 200, `{"sid": "` + another("CH") + `"}` })
		require.ErrorContains(t, second(s.target(t).Conversation(t.Context(), service, channel)), "a reply shows sid")
		require.NoError(t, second(s.target(t).Conversation(t.Context(), service, "by name")))
	})
}

func TestEmptyListOfAnother(t *testing.T) {
	for name, c := range map[string]struct {
		path  string
		mixed bool
	}{
		"of the channel itself":      {"/v1/Services/" + service + "/Channels/" + channel + "/Messages?PageSize=100", false},
		"of another channel":         {"/v1/Services/" + service + "/Channels/" + another("CH") + "/Messages?PageSize=100", true},
		"of a channel of that name":  {"/v1/Services/" + another("IS") + "/Channels/" + channel + "/Messages", true},
		"by another name than asked": {"/v1/Services/" + service + "/Channels/general/Messages", false},
		"without an address":         {"", false},
		"at an address of its own":   {"/lists/" + another("CH"), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(seen) (int, string) {
				page := list("messages", "")
				return 200, strings.Replace(page, `"page": 0`, `"page": 0, "url": "https://chat.twilio.com`+c.path+`"`, 1)
			})
			all, err := drain(s.source(t).Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}))
			require.Empty(t, all)
			if !c.mixed {
				require.NoError(t, err)
				return
			}
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
			require.ErrorContains(t, err, "a reply shows the list of ")
		})
	}
}

func TestWritesAnsweredWithAnother(t *testing.T) {
	for name, body := range map[string]string{
		"with an empty SID":         `{"sid": "", "index": 0}`,
		"without a SID":             `{"sid": null, "index": 0}`,
		"with half a SID":           `{"sid": "IM0001", "index": 0}`,
		"with the SID of a channel": `{"sid": "` + channel + `", "index": 0}`,
		"in another conversation":   `{"sid": "` + another("IM") + `", "index": 0, "conversation_sid": "` + another("CH") + `"}`,
		"in another service":        `{"sid": "` + another("IM") + `", "index": 0, "chat_service_sid": "` + another("IS") + `"}`,
	} {
		t.Run("a create answered "+name+" is in doubt, and sent once", func(t *testing.T) {
			s := serve(t, func(seen) (int, string) { return 201, body })
			_, err := s.target(t).AppendMessage(t.Context(), service, channel, conversations.Message{Body: "x"})
			require.Equal(t, migrate.InDoubt, migrate.KindOf(err))
			require.Len(t, s.requests(), 1)
		})
	}
	message := conversations.Message{SID: "IM00000000000000000000000000000001", Body: "x"}
	for name, body := range map[string]string{
		"another SID":          `{"sid": "` + another("IM") + `", "index": 0}`,
		"an empty SID":         `{"sid": "", "index": 0}`,
		"another conversation": `{"sid": "` + message.SID + `", "index": 0, "conversation_sid": "` + another("CH") + `"}`,
	} {
		t.Run("an update answered with "+name+" is an error", func(t *testing.T) {
			s := serve(t, func(seen) (int, string) { return 200, body })
			require.ErrorContains(t, s.target(t).SetMessage(t.Context(), service, channel, message), "a reply shows ")
		})
	}
	t.Run("a setting of another service is an error", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) { return 200, `{"chat_service_sid": "` + another("IS") + `"}` })
		require.Error(t, s.target(t).SetWebhooks(t.Context(), service, conversations.Webhooks{}))
	})
	t.Run("a level of another conversation is an error", func(t *testing.T) {
		const user = "US00000000000000000000000000000001"
		s := serve(t, func(seen) (int, string) {
			return 200, `{"conversation_sid": "` + another("CH") + `", "user_sid": "` + user + `"}`
		})
		require.Error(t, s.target(t).SetNotificationLevel(t.Context(), service, user, channel, "muted"))
	})
}

func TestCredentialsOfAnotherAccount(t *testing.T) {
	other := another("AC")
	t.Run("end every read, and are no permission that is missing", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) {
			return 200, list("credentials", "", `{"sid": "CR1", "account_sid": "`+other+`"}`)
		})
		_, err := drain(s.source(t).Credentials(t.Context()))
		require.ErrorIs(t, err, migrate.ErrOtherAccount)
		require.Equal(t, migrate.Credentials, migrate.KindOf(err))
		require.False(t, migrate.Withheld(err))
		require.ErrorContains(t, err, other)
		require.ErrorContains(t, err, account)
		require.Contains(t, migrate.HintOf(err), "TWILIO_ACCOUNT_SID")
	})
	t.Run("are told from those that are right", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) {
			return 200, list("services", "", `{"sid": "IS1", "account_sid": "`+account+`"}`)
		})
		src := s.source(t)
		require.False(t, src.AccountShown())
		_, err := drain(src.Services(t.Context()))
		require.NoError(t, err)
		require.True(t, src.AccountShown())
	})
	t.Run("are not known where no reply shows an account", func(t *testing.T) {
		s := serve(t, func(seen) (int, string) { return 200, list("services", "", `{"sid": "IS1", "account_sid": null}`) })
		target := s.target(t)
		_, err := drain(target.Services(t.Context()))
		require.NoError(t, err)
		require.False(t, target.AccountShown())
	})
}
