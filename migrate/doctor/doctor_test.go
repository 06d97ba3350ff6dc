package doctor_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/doctor"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

func probed(t *testing.T, g doctor.Diagnosis, id string) doctor.Probe {
	t.Helper()
	at := slices.IndexFunc(g.Probes, func(p doctor.Probe) bool { return p.ID == id })
	require.GreaterOrEqual(t, at, 0, id)
	return g.Probes[at]
}

// mixedChannels is a workspace with channels of both types, messages with gaps,
// and a service that shows its limits.
func mixedChannels(t *testing.T) fs.FS {
	t.Helper()
	out := mixedScenario().Archive().(fstest.MapFS)
	service := out["services/"+rig.ScenarioService+"/service.json"]
	service.Data = bytes.Replace(service.Data, []byte("{"), []byte(`{"limits":{"channel_members":100,"user_channels":250},`), 1)
	return out
}

func mixedScenario() rig.Scenario {
	s := rig.Scenario{Users: 3}
	for n := range 4 {
		c := rig.ChannelPlan{Public: n%2 == 0, Members: []int{0, 1}, Read: []int{0, -1}}
		for m := range 5 {
			c.Messages = append(c.Messages, rig.MsgPlan{Author: m % 3, Gap: m == 3, Body: "hello"})
		}
		s.Channels = append(s.Channels, c)
	}
	return s
}

func TestDoctor(t *testing.T) {
	const chat, conv = emulator.ChatHost, emulator.ConversationsHost
	asked := func(version, list string, change func(*emulator.Exchange)) account {
		return account{ask: func(x *emulator.Exchange) {
			if on(x, chat, version, list) {
				change(x)
			}
		}}
	}
	for _, c := range []struct {
		name    string
		probe   string
		account account
		want    migrate.Verdict
		seen    string
	}{
		{"v1 is gone", "chat-v1", refusing(chat, "v1", "", 410, 20404), migrate.Dangerous, "Chat v2 answers HTTP 200"},
		{"the host is not Chat", "chat-v1", refusing(chat, "v1", "Channels", 404, 20404), migrate.Dangerous, "their channels cannot be read"},
		{"every type is listed by default", "channel-types", asked("v1", "Channels", func(x *emulator.Exchange) {
			if len(x.Query["Type"]) == 0 {
				x.Query["Type"] = []string{"public", "private"}
			}
		}), migrate.Harmless, "4 without Type"},
		{"only one type is heard", "channel-types", asked("v1", "Channels", func(x *emulator.Exchange) {
			if len(x.Query["Type"]) > 1 {
				x.Query["Type"] = []string{"public"}
			}
		}), migrate.Dangerous, "2 of 4 channels"},
		{"no channel is private", "channel-types", emptied("v1", "Channels", "channels"), migrate.NotSeen, "no channels"},
		{"a list calls set attributes of channels empty", "channel-attributes", replacing(chat, "v1", "Channels", `"attributes":null`, `"attributes":"{}"`), migrate.Dangerous, "shows {} for CH"},
		{"a list calls set attributes of users empty", "user-attributes", replacing(chat, "v1", "Users", `"attributes":null`, `"attributes":"{}"`), migrate.Dangerous, "shows {} for US"},
		{"a list calls set attributes of messages empty", "message-attributes", replacing(chat, "v1", "Messages", `"attributes":null`, `"attributes":"{}"`), migrate.Dangerous, "shows {} for IM"},
		{"a list shows attributes", "user-attributes", replacing(chat, "v1", "Users", `"attributes":null`, `"attributes":"{\"n\":1}"`), migrate.Harmless, "3 shown"},
		{"nobody is listed", "user-attributes", emptied("v1", "Users", "users"), migrate.NotSeen, "no users"},
		{"v1 refuses its page size", "page-size-v1", account{answer: func(x *emulator.Exchange, r emulator.Reply) emulator.Reply {
			if on(x, chat, "v1", "Members") {
				return emulator.Refusal(400, 20001, "no")
			}
			return r
		}}, migrate.Dangerous, "refused: members 1000"},
		{"v1 serves smaller pages", "page-size-v1", replacing(chat, "v1", "Roles", `"page_size":1000`, `"page_size":100`), migrate.Harmless, "roles 100 for 1000"},
		{"v2 serves smaller pages", "page-size-v2", replacing(chat, "v2", "Users", `"page_size":100`, `"page_size":50`), migrate.Harmless, "users 50 for 100"},
		{"Conversations refuses its page size", "page-size-conversations", refusing(conv, "v1", "Participants", 400, 20001), migrate.Dangerous, "refused: participants 100"},
		{"Conversations takes more than is documented", "page-size-above", account{answer: func(x *emulator.Exchange, r emulator.Reply) emulator.Reply {
			if x.Query.Get("PageSize") == "1000" && on(x, conv, "v1", "Services") {
				return emulator.Reply{Status: 200, Body: []byte(`{"services":[],"meta":{"key":"services","page_size":1000,"next_page_url":null}}`)}
			}
			return r
		}}, migrate.Harmless, "page of 1000 services is accepted"},
		{"pages lead to another host", "next-page", replacing(chat, "v1", "Messages", "http://127.0.0.1:1/", "https://elsewhere.example/"), migrate.Harmless, "the host elsewhere.example"},
		{"pages lead back", "next-page", asked("v1", "Messages", func(x *emulator.Exchange) { delete(x.Query, "PageToken") }), migrate.Dangerous, "begins with the same record"},
		{"a page token is refused", "next-page", account{answer: func(x *emulator.Exchange, r emulator.Reply) emulator.Reply {
			if x.Query.Has("PageToken") && on(x, chat, "v1", "Messages") {
				return emulator.Refusal(400, 21481, "no")
			}
			return r
		}}, migrate.Dangerous, "21481"},
		{"pages have no token", "page-token", replacing(chat, "v1", "Messages", "PageToken=", "After="), migrate.Harmless, "After"},
		{"messages come the other way round", "message-order", asked("v1", "Messages", func(x *emulator.Exchange) { x.Query.Set("Order", "desc") }), migrate.Dangerous, "follows"},
		{"indexes begin below zero", "first-index", replacing(chat, "v1", "Messages", `"index":0,`, `"index":-1,`), migrate.Dangerous, "is -1"},
		{"deleted messages are counted", "messages-count", replacing(chat, "v1", "Channels", `"messages_count":5`, `"messages_count":6`), migrate.Harmless, "counts 6 but lists 5"},
		{"v1 says nothing of files", "media", account{answer: func(x *emulator.Exchange, r emulator.Reply) emulator.Reply {
			if on(x, chat, "v2", "Messages") {
				r.Body = bytes.ReplaceAll(r.Body, []byte(`"media":null`), []byte(`"media":{"sid":"ME1"}`))
			}
			if on(x, chat, "v1", "Messages") {
				r.Body = bytes.ReplaceAll(r.Body, []byte(`"body":"hello"`), []byte(`"body":""`))
			}
			return r
		}}, migrate.AsAssumed, "20 messages with files"},
		{"v1 puts words into the mouth of an author", "media", account{answer: func(x *emulator.Exchange, r emulator.Reply) emulator.Reply {
			if on(x, chat, "v2", "Messages") {
				r.Body = bytes.ReplaceAll(r.Body, []byte(`"media":null`), []byte(`"media":{"sid":"ME1"}`))
				r.Body = bytes.ReplaceAll(r.Body, []byte(`"body":"hello"`), []byte(`"body":null`))
			}
			return r
		}}, migrate.Dangerous, "a text of 5 bytes"},
		{"v2 has other messages", "v2-same", replacing(chat, "v2", "Messages", `"index":1,`, `"index":2,`), migrate.Harmless, "in v2 and"},
		{"v2 hides channels", "v2-same", emptied("v2", "Channels", "channels"), migrate.Harmless, "v2 lists 0 channels, v1 4"},
		{"v2 hides attributes", "v2-attributes", replacing(chat, "v2", "Messages", `"attributes":"{}"`, `"attributes":null`), migrate.Harmless, "are null"},
		{"users are something else to a channel", "user-channels", account{answer: func(x *emulator.Exchange, r emulator.Reply) emulator.Reply {
			if on(x, chat, "v1", "Channels") && slices.Contains(x.Path, "Users") {
				r.Body = bytes.ReplaceAll(r.Body, []byte(`"joined"`), []byte(`"lurking"`))
			}
			return r
		}}, migrate.Harmless, "lurking"},
		{"Conversations has not the service", "shared-services", refusing(conv, "v1", rig.ScenarioService, 404, 20404), migrate.Harmless, rig.ScenarioService},
		{"Conversations has not a private channel", "shared-channels", refusing(conv, "v1", rig.SidOf("CH", 1), 404, 20404), migrate.Dangerous, rig.SidOf("CH", 1)},
		{"Conversations has public channels", "shared-channels", account{answer: func(x *emulator.Exchange, r emulator.Reply) emulator.Reply {
			if on(x, conv, "v1", rig.SidOf("CH", 0)) {
				return emulator.Reply{Status: 200, Body: []byte(`{"sid":"` + rig.SidOf("CH", 0) + `"}`)}
			}
			return r
		}}, migrate.Harmless, "1 public channels"},
		{"the account has timers", "default-timers", account{answer: func(x *emulator.Exchange, r emulator.Reply) emulator.Reply {
			if x.Host == conv && len(x.Path) == 2 && x.Path[1] == "Configuration" {
				r.Body = []byte(`{"default_inactive_timer":"P1D","default_closed_timer":null}`)
			}
			return r
		}}, migrate.Dangerous, `inactive "P1D"`},
		{"push notifications are on", "notifications", replacing(conv, "v1", "Notifications", `"enabled":false`, `"enabled":true`), migrate.AsAssumed, "new_message"},
		{"no limits are shown", "target-limits", replacing(chat, "v2", rig.ScenarioService, `"limits"`, `"bounds"`), migrate.Harmless, "without its limits"},
		{"Chat does not know the service", "target-limits", refusing(chat, "v2", rig.ScenarioService, 403, 50050), migrate.Harmless, "50050"},
		{"dates are those of a mail", "dates", replacing(chat, "v1", "Roles", `"date_created":"1999-03-01T09:00:00Z"`, `"date_created":"Mon, 01 Mar 1999 09:00:00 +0000"`), migrate.Harmless, "RFC 2822"},
		{"dates are finer than a second", "dates", replacing(chat, "v1", "Roles", `T09:00:00Z`, `T09:00:00.125Z`), migrate.Harmless, "finer"},
		{"dates are of no form", "dates", replacing(chat, "v1", "Roles", `1999-03-01T09:00:00Z`, `the first of March`), migrate.Dangerous, "the first of March"},
		{"there are fields that nobody knows", "fields", replacing(chat, "v1", "Messages", `"body"`, `"mood":1,"body"`), migrate.Harmless, "messages.mood"},
		{"nothing says how many requests are under way", "concurrency-header", account{header: func(h http.Header) { h.Del("Twilio-Concurrent-Requests") }}, migrate.Harmless, "no reply"},
		{"this clock is behind", "clock", account{header: func(h http.Header) { h.Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)) }}, migrate.Harmless, "behind"},
		{"this clock is ahead", "clock", account{header: func(h http.Header) { h.Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)) }}, migrate.Harmless, "ahead"},
		{"this clock is right", "clock", account{header: func(h http.Header) { h.Set("Date", time.Now().UTC().Format(http.TimeFormat)) }}, migrate.AsAssumed, "agrees"},
		{"no reply has a date", "clock", account{header: func(h http.Header) { h.Del("Date") }}, migrate.NotSeen, "no reply"},
		{"invites may not be read", "permissions", refusing(chat, "v1", "Invites", 403, 50107), migrate.Harmless, "refused: list Channels/Invites at Chat, the source"},
		{"webhooks may not be read", "permissions", refusing(conv, "v1", "Webhooks", 401, 20003), migrate.Dangerous, "refused: read Services/Configuration/Webhooks at Conversations, the target"},
		{"messages may not be read", "message-order", refusing(chat, "v1", "Messages", 403, 50107), migrate.NotSeen, "refused (HTTP 403, Twilio error 50107)"},
	} {
		t.Run(c.probe+" is "+string(c.want)+" where "+c.name, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: mixedChannels(t), Shared: true, Intercept: c.account.intercept})
			g, err := r.Doctor(t, nil)
			require.NoError(t, err)
			p := probed(t, g, c.probe)
			require.Equal(t, c.want, p.Verdict, p.Seen)
			require.Contains(t, p.Seen, c.seen)
			require.Equal(t, c.want == migrate.Dangerous || c.want == migrate.Harmless, p.Advice != "", "what differs comes with advice")
			require.Equal(t, g.Verdicts[migrate.Dangerous] == 0, g.Sound)
		})
	}
}

func TestDoctorAsAssumed(t *testing.T) {
	r := rig.NewRig(t, emulator.Config{Archive: mixedChannels(t), Shared: true})
	g, err := r.Doctor(t, nil)
	require.NoError(t, err)
	require.True(t, g.Sound, "%v", g.Probes)
	notSeen := map[string]bool{"media": true, "credentials": true}
	var sum int64
	for _, p := range g.Probes {
		sum += p.Requests
		t.Run(p.ID+" finds what is assumed, or no data", func(t *testing.T) {
			want := migrate.AsAssumed
			switch {
			case notSeen[p.ID]:
				want = migrate.NotSeen
			case p.ID == "fields": // the scenario leaves most fields out
				want = migrate.Harmless
			}
			require.Equal(t, want, p.Verdict, p.Seen)
			require.NotEmpty(t, p.Assumed)
			require.NotEmpty(t, p.Seen)
		})
	}
	t.Run("no request is counted twice or left out", func(t *testing.T) {
		require.Equal(t, g.Requests, sum+2, "two go ahead, which find out whether the credentials are taken")
		stats := r.Emulator.Stats()
		require.Equal(t, g.Requests, stats.Chat.Reads+stats.Conversations.Reads)
	})
}

func TestDoctorBounds(t *testing.T) {
	few := func(spec string) int64 {
		gen, err := emulator.ParseGenerate(spec)
		require.NoError(t, err)
		g, err := rig.NewRig(t, emulator.Config{Generate: gen, Shared: true}).Doctor(t, nil)
		require.NoError(t, err)
		require.True(t, g.Sound, "%v", g.Probes)
		return g.Requests
	}
	t.Run("a large account takes hardly more requests than a small one", func(t *testing.T) {
		require.Less(t, few("channels=20,messages=400,users=30,services=2"), int64(120))
		require.Less(t, few("channels=2500,messages=30000,users=1500,services=5"), int64(140))
	})
	t.Run("an empty account has nothing to see, and nothing dangerous", func(t *testing.T) {
		g, err := rig.NewRig(t, emulator.Config{}).Doctor(t, nil)
		require.NoError(t, err)
		require.True(t, g.Sound)
		require.Greater(t, g.Verdicts[migrate.NotSeen], 10)
	})
	t.Run("two accounts share nothing, and nothing of it is asked", func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: mixedChannels(t)})
		g, err := r.Doctor(t, func(d *doctor.Doctor) { d.SameAccount = false })
		require.NoError(t, err)
		for _, id := range []string{"shared-services", "shared-channels", "credentials"} {
			p := probed(t, g, id)
			require.Equal(t, migrate.NotSeen, p.Verdict)
			require.Zero(t, p.Requests)
		}
	})
	t.Run("a service that is named and not there is an error", func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: mixedChannels(t)})
		_, err := r.Doctor(t, func(d *doctor.Doctor) { d.Services = []string{rig.SidOf("IS", 99)} })
		require.Equal(t, migrate.NotFound, migrate.KindOf(err))
	})
}

func TestDoctorErrors(t *testing.T) {
	for name, c := range map[string]struct {
		account account
		kind    migrate.Kind
	}{
		"credentials that Chat does not take":          {refusing(emulator.ChatHost, "v1", "", 401, 20003), migrate.Credentials},
		"credentials that Conversations does not take": {refusing(emulator.ConversationsHost, "v1", "", 401, 20003), migrate.Credentials},
		"a service that is down":                       {refusing(emulator.ChatHost, "v1", "Users", 503, 0), migrate.Unavailable},
		"an account that is busy":                      {refusing(emulator.ChatHost, "v1", "Users", 429, 20429), migrate.Throttled},
		"a reply that is no list": {account{answer: func(x *emulator.Exchange, r emulator.Reply) emulator.Reply {
			if strings.HasSuffix(x.Path[len(x.Path)-1], "Members") {
				r.Body = []byte("<html>")
			}
			return r
		}}, migrate.Unavailable},
	} {
		t.Run("ends at "+name, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: mixedChannels(t), Intercept: c.account.intercept})
			r.Patience = transport.Patience{Attempts: 1}
			_, err := r.Doctor(t, nil)
			require.Equal(t, c.kind, migrate.KindOf(err), "%v", err)
		})
	}
}
