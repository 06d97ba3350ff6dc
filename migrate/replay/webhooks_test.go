package replay_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// hooked are two channels of which the first has four webhooks: two alike, a trigger
// and a flow. A device of one user is registered for push.
func hooked(t *testing.T) fs.FS {
	t.Helper()
	files := rig.ManyChannels(2).Archive().(fstest.MapFS)
	var channel struct {
		SID string `json:"sid"`
	}
	text := files[archive.ChannelsPath(rig.ScenarioService)].Data
	require.NoError(t, json.Unmarshal(text[:indexOfLine(text)], &channel))
	const dates = `"date_created":"2019-01-01T00:00:00Z","date_updated":"2019-01-01T00:00:00Z"`
	hooks := ""
	for i, configuration := range []string{
		`"type":"webhook","configuration":{"url":"https://a.test/hook","method":"POST","filters":["onMessageSent","onMemberAdded","onChannelUpdated"]}`,
		`"type":"webhook","configuration":{"url":"https://a.test/hook","method":"POST","filters":["onMessageSent","onMemberAdded","onChannelUpdated"]}`,
		`"type":"trigger","configuration":{"url":"https://a.test/trigger","method":"GET","filters":["help"]}`,
		`"type":"studio","configuration":{"flow_sid":"FW00000000000000000000000000000001"}`,
	} {
		hooks += fmt.Sprintf(`{"sid":"WH%032x","service_sid":%q,"channel_sid":%q,%s,%s}`, i+1, rig.ScenarioService, channel.SID, dates, configuration) + "\n"
	}
	files[archive.WebhooksPath(rig.ScenarioService, channel.SID)] = &fstest.MapFile{Data: []byte(hooks)}
	files[archive.BindingsPath(rig.ScenarioService)] = &fstest.MapFile{Data: fmt.Appendf(nil, `{"sid":"BS%032x","service_sid":%q,"identity":"ann","binding_type":"fcm","endpoint":"token",%s}`+"\n", 1, rig.ScenarioService, dates)}
	return files
}

func indexOfLine(text []byte) int {
	for i, b := range text {
		if b == '\n' {
			return i
		}
	}
	return len(text)
}

func carrying(l *rig.Rig) *rig.Rig {
	l.API, l.Settings.Mapper.Policy = "v2", mapping.Policy{mapping.ChannelWebhook: "carry"}
	return l
}

func hooksIn(l *rig.Rig) (n int) {
	for _, c := range l.Emulator.Truth().Conversations {
		n += c.Webhooks
	}
	return n
}

func TestWebhooks(t *testing.T) {
	t.Run("are left out unless a policy carries them, and devices always", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rig.NewRig(t, emulator.Config{Archive: hooked(t), Diary: true})
			l.API = "v2"
			s, err := l.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			require.Zero(t, hooksIn(l))
			found := rig.TimesFound(s.Findings)
			require.EqualValues(t, 4, found[mapping.ChannelWebhook])
			require.EqualValues(t, 1, found[mapping.BindingLost])
			require.Equal(t, migrate.KindCount{Source: 4, LeftOut: 4}, s.Counts[migrate.KindWebhooks])
			require.Equal(t, migrate.KindCount{Source: 1, LeftOut: 1}, s.Counts[migrate.KindBindings])
		})
	})
	t.Run("are not looked for with Chat v1, which shows none", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := rig.NewRig(t, emulator.Config{Archive: hooked(t), Diary: true})
			s, err := l.Migrate(t.Context())
			require.NoError(t, err)
			require.Zero(t, rig.TimesFound(s.Findings)[mapping.ChannelWebhook])
		})
	})
	for name, c := range map[string]struct {
		faults string
		runs   int
	}{
		"are carried once, however often it runs":                        {"", 3},
		"are carried once if answers are lost":                           {"nth(POST webhooks,1)=after.reset,nth(POST webhooks,3)=after.reset", 2},
		"are carried once if a create is refused for being one of a few": {"nth(POST webhooks,2)=before.429.seconds", 2},
	} {
		t.Run(name+", and no write of a run calls one", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := emulator.Config{Archive: hooked(t), Diary: true, Unkind: emulator.Unkind{EagerWebhooks: true}}
				if c.faults != "" {
					plan, err := faults.Parse(c.faults)
					require.NoError(t, err)
					config.Intercept = plan.Intercept
				}
				l := carrying(rig.NewRig(t, config))
				for run := range c.runs {
					s, err := l.Migrate(t.Context())
					require.NoError(t, err)
					require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
					require.Equal(t, 4, hooksIn(l))
					require.Zero(t, l.Emulator.Stats().Webhooks)
					require.Zero(t, l.Emulator.Stats().WebhookHeaders)
					want := migrate.KindCount{Source: 4, Written: 4}
					if run > 0 {
						want = migrate.KindCount{Source: 4, Existing: 4}
					}
					require.Equal(t, want, s.Counts[migrate.KindWebhooks])
				}
				v, differences := l.VerifyKnowing(t.Context())
				require.True(t, v.Equal, "%+v", differences)
			})
		})
	}
	t.Run("are missing to verify if somebody deleted one, and come back with the next run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := carrying(rig.NewRig(t, emulator.Config{Archive: hooked(t), Diary: true}))
			_, err := l.Migrate(t.Context())
			require.NoError(t, err)
			l.Settings.Mapper.Policy = nil
			v, _ := l.VerifyKnowing(t.Context())
			require.True(t, v.Equal, "nobody asked for them")
			carrying(l)
			deleteWebhook(t, l)
			v, differences := l.VerifyKnowing(t.Context())
			require.False(t, v.Equal)
			require.Len(t, differences, 1)
			require.Equal(t, migrate.KindWebhooks, differences[0].Kind)
			_, err = l.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, 4, hooksIn(l))
		})
	})
	t.Run("that the target refuses fail alone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := emulator.Config{Archive: hooked(t), Diary: true}
			c.Intercept = func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Write() && x.Path[len(x.Path)-1] == "Webhooks" && x.Form.Get("Target") == "studio" {
					emulator.Refusal(http.StatusBadRequest, 50370, "there is no such flow").WriteTo(w)
					return
				}
				commit().WriteTo(w)
			}
			l := carrying(rig.NewRig(t, c))
			s, err := l.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, migrate.KindWebhooks, s.Failures[0].Kind)
			require.Equal(t, 3, hooksIn(l))
		})
	})
	t.Run("that make no sense cost themselves alone, in an audit too", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			files := hooked(t).(fstest.MapFS)
			for name, f := range files {
				if strings.HasSuffix(name, "/webhooks.jsonl") {
					f.Data = bytes.ReplaceAll(f.Data, []byte(`"filters":["help"]`), []byte(`"filters":7`))
				}
			}
			l := carrying(rig.NewRig(t, emulator.Config{Archive: files, Diary: true}))
			s, err := l.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, migrate.KindWebhooks, s.Failures[0].Kind)
			require.Equal(t, migrate.KindCount{Source: 2, Written: 2}, s.Counts[migrate.KindChannels])
			a := l.Audit(t, nil)
			require.EqualValues(t, 1, rig.TimesFound(a.Findings)[mapping.Unreadable])
			require.EqualValues(t, 2, a.Counts.Channels)
		})
	})
	t.Run("and devices that the key may not read cost themselves alone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := emulator.Config{Archive: hooked(t), Diary: true}
			c.Intercept = func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if last := x.Path[len(x.Path)-1]; !x.Write() && (last == "Webhooks" || last == "Bindings") && x.Path[0] == "v2" {
					emulator.Refusal(http.StatusForbidden, migrate.CodeKeyRestricted, "no").WriteTo(w)
					return
				}
				commit().WriteTo(w)
			}
			l := carrying(rig.NewRig(t, c))
			s, err := l.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.EqualValues(t, 3, rig.TimesFound(s.Findings)[mapping.NotShown])
			require.EqualValues(t, 3, rig.TimesFound(l.Audit(t, nil).Findings)[mapping.NotShown])
		})
	})
}

// deleteWebhook has somebody delete the first webhook that there is.
func deleteWebhook(t *testing.T, l *rig.Rig) {
	t.Helper()
	target := l.Target(&transport.Counter{})
	for s, err := range target.Services(t.Context()) {
		require.NoError(t, err)
		for c, err := range target.Conversations(t.Context(), s.SID) {
			require.NoError(t, err)
			for w, err := range target.Webhooks(t.Context(), s.SID, c.SID) {
				require.NoError(t, err)
				r := httptest.NewRequest(http.MethodDelete, "/v1/Services/"+s.SID+"/Conversations/"+c.SID+"/Webhooks/"+w.SID, nil)
				r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
				answer := httptest.NewRecorder()
				l.Emulator.Conversations().ServeHTTP(answer, r)
				require.Equal(t, http.StatusNoContent, answer.Code)
				return
			}
		}
	}
	require.Fail(t, "there is none")
}
