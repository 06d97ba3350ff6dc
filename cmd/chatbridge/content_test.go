package main

import (
	"context"
	"iter"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/rehearse"
)

func TestRehearseContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newContentStage(t, emulator.Config{})
		got, left, err := s.run(t, "channel-[01]", func(r *rehearse.Rehearser) { r.Keep = true })
		require.NoError(t, err)
		require.NoError(t, left)
		e := contentOf(t, got)
		require.Equal(t, migrate.AsAssumed, e.Verdict, e.Seen)
		require.Equal(t, "24 messages of 2 channels by 4 people arrived equal", e.Seen)
		require.Positive(t, e.Requests)
		require.Greater(t, got.Requests, e.Requests)

		target, copied := s.outside(t), 0
		for c, err := range target.Conversations(t.Context(), got.ServiceSID) {
			require.NoError(t, err)
			require.NotEqual(t, migrate.ClaimName, c.UniqueName, "the claim is gone")
			if c.FriendlyName == "Channel 0" || c.FriendlyName == "Channel 1" {
				copied++
			}
			require.NotEqual(t, "Channel 2", c.FriendlyName)
		}
		require.Equal(t, 2, copied)
		for u, err := range target.Users(t.Context(), got.ServiceSID) {
			require.NoError(t, err)
			require.NotContains(t, []string{"nobody", "person4@example.com"}, u.Identity, "who is in none of the channels is not copied")
		}

		cleaned, err := s.clean(t)
		require.NoError(t, err)
		require.Equal(t, []string{got.ServiceSID}, cleaned.Removed)
		require.Empty(t, s.servicesLeft(t))
		stats := s.Stats()
		require.Zero(t, stats.Pushes)
		require.Zero(t, stats.Webhooks)
		require.Zero(t, stats.WebhookHeaders)
		require.Zero(t, stats.Chat.Writes)
	})
}

func TestRehearseContentThatDiffers(t *testing.T) {
	isMessage := func(x *emulator.Exchange) bool {
		return x.Write() && len(x.Path) == 6 && x.Path[5] == "Messages"
	}
	for name, account := range map[string]func(s **contentStage) emulator.Interceptor{
		"because the account stores something else": func(**contentStage) emulator.Interceptor {
			return func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if isMessage(x) && x.Form.Get("Body") == "yes" {
					x.Form.Set("Author", "somebody else")
				}
				commit().WriteTo(w)
			}
		},
		"because the account loses a message later": func(s **contentStage) emulator.Interceptor {
			return func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				reply := commit()
				if x.Method == http.MethodDelete && len(x.Path) == 5 && x.Path[3] == "Conversations" { // the claim, at the end of the copy
					(*s).loseOne(r, x.Path[2])
				}
				reply.WriteTo(w)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s *contentStage
				s = newContentStage(t, emulator.Config{Intercept: account(&s)})
				got, left, err := s.run(t, "channel-0", func(r *rehearse.Rehearser) { r.Only = []string{"dates"} })
				require.NoError(t, err)
				require.NoError(t, left)
				e := contentOf(t, got)
				require.Equal(t, migrate.Dangerous, e.Verdict, e.Seen)
				require.NotEmpty(t, e.Stops)
				require.NotEmpty(t, e.Follows)
				require.False(t, got.Sound)
				require.Empty(t, s.servicesLeft(t), "what is stored otherwise is known by its SID")
			})
		})
	}
}

// loseOne takes a message away that was copied.
func (s *contentStage) loseOne(r *http.Request, service string) {
	sides, _ := s.open(&testing.T{}, roundTripper(s.direct))
	for c := range sides.writer.Conversations(r.Context(), service) {
		if c.FriendlyName != "Channel 0" {
			continue
		}
		for m := range sides.writer.Messages(r.Context(), service, c.SID, false) {
			_ = sides.writer.DeleteMessage(r.Context(), service, c.SID, m.SID)
			return
		}
	}
}

func TestRehearseContentKilledAtEachRequest(t *testing.T) {
	t.Parallel()
	var last int
	synctest.Test(t, func(t *testing.T) {
		s := newContentStage(t, emulator.Config{})
		_, left, err := s.run(t, "*")
		require.NoError(t, err)
		require.NoError(t, left)
		last = s.calls
	})
	require.Greater(t, last, 150)
	stride := 10
	if *everyKill {
		stride = 1
	}
	steps := []int{last - 2, last - 1, last}
	for n := 1; n <= last; n += stride {
		steps = append(steps, n)
	}
	copied := 0
	for _, n := range steps {
		for _, landed := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				s := newContentStage(t, emulator.Config{})
				s.dieAt, s.landed = n, landed
				_, _, err := s.run(t, "*")
				_, err2 := s.clean(t)
				if s.copied {
					copied++
				}
				require.NoError(t, err2, "request %d of the rehearsal that ended with %v", n, err)
				require.Empty(t, s.servicesLeft(t), "request %d", n)
				require.NoFileExists(t, s.out+".service", "request %d", n)
			})
		}
	}
	require.Greater(t, copied, 10, "most requests are of the copy")
}

func TestForeignThingsInContent(t *testing.T) {
	t.Parallel()
	past := time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC)
	later := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	message := func(author string, dated time.Time) func(*testing.T, migrate.Target, string, string) (string, func() error) {
		return func(t *testing.T, at migrate.Target, service, in string) (string, func() error) {
			m, err := at.AppendMessage(t.Context(), service, in, conversations.Message{Author: author, Body: "is anybody there?", DateCreated: dated})
			require.NoError(t, err)
			return m.SID, func() error { return at.DeleteMessage(t.Context(), service, in, m.SID) }
		}
	}
	for what, do := range map[string]func(t *testing.T, at migrate.Target, service, in string) (sid string, undo func() error){
		"a message of a stranger":                      message("somebody", past),
		"a message that one of the people wrote since": message("person0@example.com", later),
		"a message of one of the people in an invented conversation": func(t *testing.T, at migrate.Target, service, copied string) (string, func() error) {
			for c, err := range at.Conversations(t.Context(), service) {
				require.NoError(t, err)
				if c.SID != copied {
					return message("person0@example.com", past)(t, at, service, c.SID)
				}
			}
			require.Fail(t, "there is no invented conversation")
			return "", nil
		},
		"a person who is not of the channels": func(t *testing.T, at migrate.Target, service, _ string) (string, func() error) {
			u, _, err := at.EnsureUser(t.Context(), service, conversations.User{Identity: "person4@example.com"})
			require.NoError(t, err)
			return u.SID, func() error { return at.DeleteUser(t.Context(), service, u.SID) }
		},
		"a conversation that bears the stamp of another channel": func(t *testing.T, at migrate.Target, service, _ string) (string, func() error) {
			return conversation(t, at, service, conversations.Conversation{Attributes: `{"chatbridge":{"sid":"` + smallSID("CH", 2) + `"}}`})
		},
		"a claim of a run that brings over another service": func(t *testing.T, at migrate.Target, service, _ string) (string, func() error) {
			return conversation(t, at, service, conversations.Conversation{UniqueName: migrate.ClaimName, Attributes: `{"chatbridge_claim":{"source":"` + smallSID("IS", 7) + `"}}`})
		},
	} {
		t.Run(what+" keeps the service", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newContentStage(t, emulator.Config{})
				got, left, err := s.run(t, "channel-0", func(r *rehearse.Rehearser) { r.Keep = true })
				require.NoError(t, err)
				require.NoError(t, left)
				at, in := s.outside(t), ""
				for c, err := range at.Conversations(t.Context(), got.ServiceSID) {
					require.NoError(t, err)
					if c.FriendlyName == "Channel 0" {
						in = c.SID
					}
				}
				require.NotEmpty(t, in)
				sid, undo := do(t, at, got.ServiceSID, in)
				_, err = s.clean(t)
				require.ErrorContains(t, err, sid)
				require.ErrorContains(t, err, "did not make")
				require.Len(t, s.servicesLeft(t), 1)
				require.NoError(t, undo())
				_, err = s.clean(t)
				require.NoError(t, err)
				require.Empty(t, s.servicesLeft(t))
			})
		})
	}
}

func conversation(t *testing.T, at migrate.Target, service string, c conversations.Conversation) (string, func() error) {
	t.Helper()
	made, err := at.AppendConversation(t.Context(), service, c)
	require.NoError(t, err)
	return made.SID, func() error { return at.DeleteConversation(t.Context(), service, made.SID) }
}

// carryAll has a choice for each code that does not stop.
func carryAll() mapping.Policy {
	p := mapping.Policy{}
	for _, r := range mapping.Codes() {
		i := slices.IndexFunc(r.Choices, func(o mapping.Option) bool { return o.Severity != mapping.Stop })
		if i >= 0 {
			p[r.Code] = r.Choices[i].Choice
		}
	}
	return p
}

// TestRehearseContentOfOddChannels copies what has no stamp, roles of one name, authors
// that nobody knows and dates before all computers, in a process that dies after it.
func TestRehearseContentOfOddChannels(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newContentStage(t, emulator.Config{Archive: os.DirFS(edgeCases)})
		s.mapper.Policy = carryAll()
		got, left, err := s.run(t, "*", func(r *rehearse.Rehearser) { r.Keep = true })
		require.NoError(t, err)
		require.NoError(t, left)
		require.Equal(t, migrate.AsAssumed, contentOf(t, got).Verdict, contentOf(t, got).Seen)
		_, err = s.clean(t)
		require.NoError(t, err, "by what is recorded alone")
		require.Empty(t, s.servicesLeft(t))
	})
}

func TestContentIsWhatWasThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newContentStage(t, emulator.Config{})
		sides, _ := s.open(t, s)
		service := chat.Service{SID: smallService}
		left := chat.Service{SID: smallSID("IS", 9), FriendlyName: "chatbridge rehearsal 0123456789abcdef0123456789abcdef"}
		sides.services = []chat.Service{left, service}
		c, err := readContent(t.Context(), sides, migrate.Scope{Channels: []string{"channel-*"}}, mapping.Mapper{})
		require.NoError(t, err, "what an earlier rehearsal left is no source")
		newest := time.Date(2019, 3, 1, 9, 0, 0, 0, time.UTC)
		require.Equal(t, newest.Add(time.Second), c.Newest)
		require.Equal(t, c.Newest, c.scope.Until, "what is written from now on is not of it")
		require.Len(t, c.scope.Channels, smallChannels)
		require.Equal(t, smallChannels*smallMembers, c.persons())
		require.Zero(t, s.Stats().Conversations.Writes)
	})
}

// hooked is a source whose channels have webhooks.
type hooked struct{ migrate.Source }

func (hooked) Webhooks(context.Context, string, string) iter.Seq2[chat.ChannelWebhook, error] {
	return func(yield func(chat.ChannelWebhook, error) bool) { yield(chat.ChannelWebhook{}, nil) }
}

func TestContentHasNoWebhooks(t *testing.T) {
	for range (&theirs{Source: hooked{}}).Webhooks(t.Context(), "IS", "CH") {
		require.Fail(t, "a webhook would be carried, and called")
	}
}

func TestContentIsASample(t *testing.T) {
	c := &realContent{}
	c.Messages = rehearse.MostMessages
	require.NoError(t, c.tooMuch())
	c.Messages++
	require.Equal(t, migrate.Usage, migrate.KindOf(c.tooMuch()))
	c.Messages, c.People = 0, make([]string, rehearse.MostEntries+1)
	require.Equal(t, migrate.Usage, migrate.KindOf(c.tooMuch()))
}

func TestRehearseContentThatCannotBeCopied(t *testing.T) {
	t.Parallel()
	sc := newScreen("", false, append(slices.Clone(emulatedAccount), "CHATBRIDGE_SETTLE=50ms")...)
	server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if x.Write() && x.Path[len(x.Path)-1] == "Roles" && strings.HasPrefix(x.Form.Get("FriendlyName"), "role ") {
			emulator.Refusal(http.StatusUnauthorized, 20003, "no").WriteTo(w)
			return
		}
		commit().WriteTo(w)
	}})
	require.Equal(t, exitIncomplete, rehearsing(t, server, sc, "--yes", "--with-content", "channel-0"), sc.stderr.String())
	require.Contains(t, sc.stderr.String(), "error: the real messages were not compared")
	require.Contains(t, sc.stdout.String(), "the copy did not come to its end")
	require.Contains(t, sc.stdout.String(), "was deleted, and is gone")
}

func TestRehearseContentInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drain, messages := make(chan struct{}), 0
		s := newContentStage(t, emulator.Config{Latency: time.Millisecond, Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if x.Write() && strings.HasPrefix(x.Form.Get("Author"), "person") {
				if messages++; messages == 5 {
					close(drain)
				}
			}
			commit().WriteTo(w)
		}})
		got, left, err := s.run(t, "channel-0", func(r *rehearse.Rehearser) { r.Drain = drain })
		require.Equal(t, migrate.Interrupted, migrate.KindOf(err), "%v", err)
		require.NoError(t, left)
		require.True(t, got.Removed)
		require.Less(t, messages, smallMessages)
		require.Empty(t, s.servicesLeft(t))
	})
}
