package rehearse_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/rehearse"
)

// gaps makes twenty messages enough to see that indexes skip numbers.
var gaps = emulator.Unkind{IndexGaps: 0.3}

func TestRehearsal(t *testing.T) {
	var (
		s           *stage
		got         migrate.Rehearsal
		began, over time.Time
		services    []string
	)
	inBubble(t, func(t *testing.T) {
		s = newStage(t, emulator.Config{Unkind: gaps, Latency: 20 * time.Millisecond})
		began = time.Now()
		var left, err error
		got, left, err = s.run(t)
		require.NoError(t, err)
		require.NoError(t, left)
		over, services = time.Now(), s.services(t)
	})

	t.Run("finds a kind account as it is assumed to be", func(t *testing.T) {
		require.True(t, got.Sound)
		require.Len(t, got.Experiments, len(rehearse.Names()))
		for _, e := range got.Experiments {
			require.NotEmpty(t, e.Assumed, e.Name)
			require.NotEmpty(t, e.Seen, e.Name)
			if strings.HasPrefix(e.Name, "chat-") { // Chat of this account shows the service to nobody
				require.Contains(t, []migrate.Verdict{migrate.NotSeen, migrate.Harmless}, e.Verdict, e.Seen)
				continue
			}
			require.Equal(t, migrate.AsAssumed, e.Verdict, "%s: %s", e.Name, e.Seen)
		}
		require.Less(t, over.Sub(began), long)
	})
	t.Run("times writes without the wait for their turn", func(t *testing.T) {
		for _, kind := range []string{migrate.KindRoles, migrate.KindUsers, migrate.KindChannels, migrate.KindMembers, migrate.KindMessages} {
			require.InDelta(t, 0.02, got.WriteTimes[kind], 1e-9, kind)
		}
	})
	t.Run("is bound to where it was made", func(t *testing.T) {
		require.Equal(t, []string{emulator.DefaultAccountSID, "us1", "127.0.0.1:2", "test"}, []string{got.AccountSID, got.Region, got.Host, got.Version})
		require.Equal(t, began.UTC().Truncate(time.Second), got.Began)
		require.Equal(t, int64(len(s.calls)), got.Requests, "no request is left out of the count")
	})
	t.Run("leaves nothing, and touches nothing else", func(t *testing.T) {
		require.True(t, got.Removed)
		require.Empty(t, services)
		require.Empty(t, s.outside(got.ServiceSID))
		require.NoFileExists(t, s.out+".service")
		require.NoFileExists(t, s.out+".service.lock")
	})
	t.Run("fires no webhook and no push, and turns push off before the first message", func(t *testing.T) {
		stats := s.Stats()
		require.Zero(t, stats.WebhookHeaders+stats.Webhooks+stats.Pushes)
		require.Zero(t, stats.Chat.Writes)
		of := func(suffix string) int {
			return slices.IndexFunc(s.calls, func(c call) bool { return c.method == http.MethodPost && strings.HasSuffix(c.path, suffix) })
		}
		require.Positive(t, of("/Configuration/Notifications"))
		require.Less(t, of("/Configuration/Notifications"), of("/Messages"))
		require.Less(t, of("/Configuration/Notifications"), of("/Participants"))
	})
}

func TestNotificationsThatStayOn(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStage(t, emulator.Config{Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			r := commit()
			if x.Path[len(x.Path)-1] == "Notifications" {
				r.Body = []byte(strings.Replace(string(r.Body), `"enabled":false`, `"enabled":true`, 1))
			}
			r.WriteTo(w)
		}})
		_, left, err := s.run(t)
		require.ErrorContains(t, err, "stays on")
		require.NoError(t, left)
		require.Empty(t, s.services(t))
		require.False(t, slices.ContainsFunc(s.calls, func(c call) bool { return strings.HasSuffix(c.path, "/Messages") && c.method == http.MethodPost }))
	})
}

func TestSelection(t *testing.T) {
	r := func(skip, only string) *rehearse.Rehearser {
		return &rehearse.Rehearser{Skip: strings.Fields(skip), Only: strings.Fields(only)}
	}
	t.Run("waits overlap, and what is left out is not waited for", func(t *testing.T) {
		require.Equal(t, 10*time.Minute, r("", "").Takes())
		require.Equal(t, 6*time.Minute, r("chat-token-age", "").Takes())
		require.Equal(t, 2*time.Minute, r("chat-token-age media-late", "").Takes())
		require.Zero(t, r("", "text dates").Takes())
	})
	t.Run("says if nothing is left", func(t *testing.T) {
		require.True(t, r("text", "text").Empty())
		require.False(t, r("", "").Empty())
	})
	t.Run("what is left out is not tried", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := newStage(t, emulator.Config{})
			got, _, err := s.run(t, func(r *rehearse.Rehearser) { r.Skip = []string{"late-append", "media-late", "chat-token-age"} })
			require.NoError(t, err)
			require.Len(t, got.Experiments, len(rehearse.Names())-3)
			require.Less(t, got.Duration, 60.0)
			require.False(t, slices.ContainsFunc(s.calls, func(c call) bool { return strings.Contains(c.path, "late.txt") }))
		})
	})
}

// refusing answers every request to a collection in the place of the emulator.
func refusing(collection string, status, code int) emulator.Interceptor {
	return func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if slices.Contains(x.Path, collection) {
			emulator.Refusal(status, code, "no").WriteTo(w)
			return
		}
		commit().WriteTo(w)
	}
}

func TestTrouble(t *testing.T) {
	t.Run("an experiment that is not answered is not seen, and the others are made", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := newStage(t, emulator.Config{Unkind: gaps, Intercept: refusing("Media", 503, 0)})
			got, left, err := s.run(t)
			require.NoError(t, err)
			require.NoError(t, left)
			require.Equal(t, migrate.NotSeen, found(t, got, "media-twice").Verdict)
			require.Equal(t, migrate.NotSeen, found(t, got, "media-late").Verdict)
			require.Equal(t, migrate.AsAssumed, found(t, got, "horizon-null").Verdict)
			require.Empty(t, s.services(t))
		})
	})
	t.Run("a service that fails again and again ends it, and is removed", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := newStage(t, emulator.Config{})
			down := false
			s.before = func(n int, r *http.Request) error {
				if down = down || n > 80; down && r.Method == http.MethodPost {
					return errDead
				}
				return nil
			}
			_, left, err := s.run(t)
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err), "%v", err)
			require.NoError(t, left)
			require.Empty(t, s.services(t))
		})
	})
	t.Run("a service that is refused is not made, and nothing is recorded", func(t *testing.T) {
		for _, c := range []struct {
			status, code int
			kind         migrate.Kind
			hint         string
		}{
			{403, 21102, migrate.Refused, "raise the limit"},
			{401, 20003, migrate.Credentials, "check the token"},
			{403, 70051, migrate.Credentials, "create and delete services"},
		} {
			inBubble(t, func(t *testing.T) {
				s := newStage(t, emulator.Config{Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					if x.Write() {
						emulator.Refusal(c.status, c.code, "no").WriteTo(w)
						return
					}
					commit().WriteTo(w)
				}})
				got, left, err := s.run(t, func(r *rehearse.Rehearser) { r.CredentialHint = "check the token" })
				require.Equal(t, c.kind, migrate.KindOf(err), "%v", err)
				require.Contains(t, migrate.HintOf(err), c.hint)
				require.NoError(t, left)
				require.False(t, got.Removed)
				require.Empty(t, got.ServiceSID)
				require.NoFileExists(t, s.out+".service")
			})
		}
	})
	t.Run("a key that may write some things only makes of the rest what was not seen", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := newStage(t, emulator.Config{Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Write() && len(x.Path) == 5 && x.Path[3] == "Conversations" && x.Method == http.MethodPost {
					emulator.Refusal(403, 50107, "no").WriteTo(w)
					return
				}
				commit().WriteTo(w)
			}})
			got, left, err := s.run(t, func(r *rehearse.Rehearser) { r.Only = []string{"clock", "role-names"} })
			require.NoError(t, err)
			require.NoError(t, left)
			require.Equal(t, migrate.NotSeen, found(t, got, "clock").Verdict)
			require.Equal(t, migrate.AsAssumed, found(t, got, "role-names").Verdict)
		})
	})
}
