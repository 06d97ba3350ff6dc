package replay_test

import (
	"context"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

func servicesOf(t *testing.T, r *rig.Rig) (sids []string) {
	t.Helper()
	for s, err := range r.Target(&transport.Counter{}).Services(t.Context()) {
		require.NoError(t, err)
		sids = append(sids, s.SID)
	}
	return sids
}

// unstamped puts attributes of their own on all conversations, as an application
// does that replaces them.
func unstamped(t *testing.T, m *rig.Mutant) {
	t.Helper()
	for sid := range m.ConversationsIn(t) {
		require.NoError(t, m.Target.SetConversation(t.Context(), m.Service, conversations.Conversation{SID: sid, Attributes: `{"mine":true}`}))
	}
	require.Empty(t, m.ConversationsIn(t))
}

// noChannels is a source service with people and roles and without a channel.
func noChannels() fs.FS { return rig.Scenario{Users: 3}.Archive() }

// A run that dies with its ledger, and one that begins at once on a new one.
func TestServiceThatIsListedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive(), Unkind: emulator.Unkind{Lag: 4 * time.Second}})
		ctx, cancel := context.WithCancel(t.Context())
		c := &calls{before: func(one call) error {
			if one.name == "target AppendRole" {
				cancel()
			}
			return ctx.Err()
		}}
		_, err := c.run(ctx, t, r)
		require.Error(t, err)
		r.Ledger = filepath.Join(t.TempDir(), "new.db")
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		time.Sleep(time.Minute)
		require.Len(t, servicesOf(t, r), 1)
	})
}

func TestServiceOfALostLedger(t *testing.T) {
	for name, c := range map[string]struct {
		set   func(*rig.Rig)
		spoil func(*testing.T, *rig.Mutant)
	}{
		"whose stamps an application replaced": {func(*rig.Rig) {}, unstamped},
		"that was made without stamps":         {func(r *rig.Rig) { r.Settings.Mapper.NoStamp = true }, func(*testing.T, *rig.Mutant) {}},
	} {
		t.Run(name+" is recognized by what is in it", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(3).Archive()})
				c.set(r)
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				m := rig.In(r, s.Services[0].TargetSID)
				c.spoil(t, m)
				time.Sleep(time.Hour)
				before := strings.Count(r.State(t), `"sid"`)
				r.Ledger += ".new"
				s, err = r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				require.Equal(t, []string{m.Service}, servicesOf(t, r))
				require.Equal(t, before, strings.Count(r.State(t), `"sid"`), "nothing is there twice")
			})
		})
	}

	t.Run("without channels is taken again, as long as nothing of others is in it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: noChannels()})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status)
			m := rig.In(r, s.Services[0].TargetSID)
			before := r.State(t)
			r.Ledger += ".new"
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.True(t, before == r.State(t))

			_, _, err = m.Target.EnsureUser(t.Context(), m.Service, conversations.User{Identity: "stranger"})
			require.NoError(t, err)
			before = r.State(t)
			for range 2 {
				r.Ledger += ".new"
				_, err = r.Migrate(t.Context())
				require.ErrorContains(t, err, m.Service)
				require.ErrorContains(t, err, rig.ScenarioService)
				require.Contains(t, migrate.HintOf(err), "--to-service "+m.Service)
				require.True(t, before == r.State(t), "nothing is written")
			}
			r.Settings.ToService = m.Service
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Len(t, servicesOf(t, r), 1)
		})
	})

	t.Run("that died before its first conversation is taken again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			// A role that every new service has, and that the source has otherwise.
			in := rig.WithFile(t, rig.ManyChannels(2).Archive(), "services/"+rig.ScenarioService+"/roles.jsonl", func(s string) string {
				return strings.Replace(s, "Channel User", "channel user", 1)
			})
			r := rig.NewRig(t, emulator.Config{Archive: in})
			for write := 2; write < 6; write++ {
				require.True(t, r.Killed(t, rig.Kill{Write: write, After: true}))
				r.Ledger = filepath.Join(t.TempDir(), "chatbridge.db")
			}
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Len(t, servicesOf(t, r), 1)
			_, differences := r.Verify(t.Context())
			require.Empty(t, differences)
		})
	})
}

func TestServiceOfOneName(t *testing.T) {
	inUse := func(t *testing.T) (*rig.Rig, *rig.Mutant) {
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
		return r, rig.In(r, r.Inhabit(t))
	}
	t.Run("in which others talk, and where nothing can be of a migration, stays theirs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r, m := inUse(t)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.NotEqual(t, m.Service, s.Services[0].TargetSID)
			require.Len(t, servicesOf(t, r), 2)
		})
	})
	for name, put := range map[string]conversations.Conversation{
		"holds what only a migration dates so": {FriendlyName: "old", DateCreated: rig.ScenarioStart},
		"holds a stamp, which proves nothing":  {FriendlyName: "mine", Attributes: `{"chatbridge":{"sid":"` + rig.SidOf("CH", 0) + `","service_sid":"` + rig.ScenarioService + `"}}`},
	} {
		t.Run("that "+name+" stops the run with both SIDs, before anything is written", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := inUse(t)
				_, err := m.Target.AppendConversation(t.Context(), m.Service, put)
				require.NoError(t, err)
				before := r.State(t)
				for range 2 {
					_, err = r.Migrate(t.Context())
					require.ErrorContains(t, err, m.Service)
					require.ErrorContains(t, err, rig.ScenarioService)
					require.Contains(t, migrate.HintOf(err), "--to-service "+m.Service)
					require.True(t, before == r.State(t), "nothing is written")
				}
			})
		})
	}
	t.Run("that is empty, but for a role of others, stops the run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			target := r.Target(&transport.Counter{})
			there, err := target.AppendService(t.Context(), conversations.Service{FriendlyName: "scenario"})
			require.NoError(t, err)
			_, err = target.AppendRole(t.Context(), there.SID, conversations.Role{FriendlyName: "Agent", Type: conversations.ServiceRole, Permissions: []string{"joinConversation"}})
			require.NoError(t, err)
			_, err = r.Migrate(t.Context())
			require.ErrorContains(t, err, there.SID)
			require.Len(t, servicesOf(t, r), 1)
		})
	})
	t.Run("that others set up is not taken for a new one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive()})
			target := r.Target(&transport.Counter{})
			there, err := target.AppendService(t.Context(), conversations.Service{FriendlyName: "scenario"})
			require.NoError(t, err)
			require.NoError(t, target.SetWebhooks(t.Context(), there.SID, conversations.Webhooks{PreWebhookURL: "https://example.com/theirs", Method: "POST"}))
			_, err = r.Migrate(t.Context())
			require.ErrorContains(t, err, there.SID)
		})
	})
}

// losing loses what becomes of the first create of a service.
func losing(how func(commit func() emulator.Reply)) (emulator.Interceptor, *int) {
	n := 0
	return func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if x.Write() && x.Host == emulator.ConversationsHost && len(x.Path) == 2 {
			if n++; n == 1 {
				how(commit)
				panic(http.ErrAbortHandler)
			}
		}
		commit().WriteTo(w)
	}, &n
}

func TestAServiceThatLandsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var land func() emulator.Reply
		intercept, creates := losing(func(commit func() emulator.Reply) { land = commit })
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Intercept: intercept})
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.Equal(t, 2, *creates)
		require.Zero(t, rig.TimesFound(s.ThisRun)[mapping.ServiceLate])
		ours := s.Services[0].TargetSID
		require.Equal(t, http.StatusCreated, land().Status)
		var late string
		for range 2 {
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, ours, s.Services[0].TargetSID)
			require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.ServiceLate], "every pass says it")
			there := servicesOf(t, r)
			require.Len(t, there, 2)
			if late = there[0]; late == ours {
				late = there[1]
			}
			require.Contains(t, r.Events.Messages(), "an unanswered create may have made the service a second time")
		}
		require.NoError(t, r.Target(&transport.Counter{}).DeleteService(t.Context(), late))
		s, err = r.Migrate(t.Context())
		require.NoError(t, err)
		require.Zero(t, rig.TimesFound(s.ThisRun)[mapping.ServiceLate])
	})
}

// A run that ended while its create was in doubt, or that was killed before it could
// note that.
func TestAServiceThatLandsAfterARunThatWasCutOff(t *testing.T) {
	for name, killed := range map[string]bool{"cut": false, "killed": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var land func() emulator.Reply
				intercept, _ := losing(func(commit func() emulator.Reply) { land = commit })
				r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Intercept: intercept})
				ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
				defer cancel()
				_, err := r.Migrate(ctx)
				require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
				l, err := sqlite.Open(t.Context(), r.Ledger)
				require.NoError(t, err)
				_, noted, err := l.Attempt(t.Context(), migrate.ServiceEntity, rig.ScenarioService)
				require.NoError(t, err)
				require.True(t, noted)
				if killed {
					require.NoError(t, l.ForgetAttempt(t.Context(), migrate.ServiceEntity, rig.ScenarioService))
				}
				require.NoError(t, l.Close())
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				require.Equal(t, http.StatusCreated, land().Status)
				s, err = r.Migrate(t.Context())
				require.NoError(t, err)
				require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.ServiceLate])
			})
		})
	}
}

func TestAServiceNameThatIsStoredOtherwise(t *testing.T) {
	archive := func(t *testing.T) fs.FS {
		return rig.WithFile(t, rig.ManyChannels(1).Archive(), "services/"+rig.ScenarioService+"/service.json", func(string) string {
			return `{"sid":"` + rig.ScenarioService + `","friendly_name":"scenario "}`
		})
	}
	lost, _ := losing(func(commit func() emulator.Reply) { commit() })
	for name, intercept := range map[string]emulator.Interceptor{"": nil, " after its answer was lost": lost} {
		t.Run("is found, and said until a policy lets it pass"+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Archive: archive(t), Unkind: emulator.Unkind{Trim: true}, Intercept: intercept})
				for range 2 {
					_, err := r.Migrate(t.Context())
					require.ErrorContains(t, err, string(mapping.StoredOtherwise))
					require.ErrorContains(t, err, servicesOf(t, r)[0])
					require.Len(t, servicesOf(t, r), 1)
				}
				r.Settings.Mapper.Policy = mapping.Policy{mapping.StoredOtherwise: "keep"}
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				require.Len(t, servicesOf(t, r), 1)
			})
		})
	}
}
