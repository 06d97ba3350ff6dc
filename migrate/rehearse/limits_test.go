package rehearse_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/rehearse"
	"chatbridge/migrate/twilio"
)

// account is an emulator that takes so long for a read that those of a step are in
// flight together.
func account(t *testing.T, c emulator.Config) (*emulator.Emulator, migrate.Prober) {
	t.Helper()
	c.Latency = 100 * time.Millisecond
	e, err := emulator.New(c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	p, err := twilio.NewProber(
		twilio.Config{BaseURL: "http://127.0.0.1:1", Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken, HTTP: faults.Direct{Handler: e.Chat()}},
		twilio.Config{BaseURL: "http://127.0.0.1:2", Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken, HTTP: faults.Direct{Handler: e.Conversations()}},
	)
	require.NoError(t, err)
	return e, p
}

func agreed(string) error { return nil }

func TestLimits(t *testing.T) {
	for name, c := range map[string]struct {
		limit, most int
		want        rehearse.Limits
	}{
		"an account without a limit":         {0, 0, rehearse.Limits{Admitted: 100, InFlight: 100, Requests: 400}},
		"an account that takes 20":           {20, 0, rehearse.Limits{Admitted: 16, InFlight: 20, Refused: 24, Code: 20429}},
		"an account that takes one":          {1, 0, rehearse.Limits{Admitted: 1, InFlight: 1, Refused: 2, Code: 20429}},
		"an account that takes a whole step": {32, 0, rehearse.Limits{Admitted: 32, InFlight: 32, Refused: 48, Code: 20429}},
		"nobody who wants more than 10":      {20, 10, rehearse.Limits{Admitted: 10, InFlight: 10, Requests: 34}},
		"nobody who wants more than a step":  {0, 6, rehearse.Limits{Admitted: 6, InFlight: 6, Requests: 16}},
		"nobody who wants more than 100":     {0, 1000, rehearse.Limits{Admitted: 100, InFlight: 100, Requests: 400}},
	} {
		t.Run("of "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e, p := account(t, emulator.Config{Concurrency: c.limit})
				got, err := rehearse.LimitsProbe{Prober: p, Agree: agreed, Most: c.most}.Run(t.Context())
				require.NoError(t, err)
				stats := e.Stats().Conversations
				require.Zero(t, stats.Writes)
				require.Zero(t, e.Stats().Chat)
				if c.want.Refused > 0 {
					require.LessOrEqual(t, stats.Throttled, int64(c.want.Refused-c.limit))
					require.NotZero(t, stats.Throttled)
					got.InFlight = max(got.InFlight, c.limit) // those that were admitted are cut off with the rest
					c.want.Requests = got.Requests
				}
				require.Equal(t, c.want, got)
			})
		})
	}

	t.Run("are not looked for unless somebody agreed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e, p := account(t, emulator.Config{})
			_, err := rehearse.LimitsProbe{Prober: p}.Run(t.Context())
			require.Equal(t, migrate.Usage, migrate.KindOf(err))
			no := errors.New("no")
			_, err = rehearse.LimitsProbe{Prober: p, Agree: func(warning string) error {
				require.Contains(t, warning, "at most 400 reads, up to 100 at once")
				require.Contains(t, warning, "live traffic is refused")
				return no
			}}.Run(t.Context())
			require.Equal(t, no, err)
			require.Zero(t, e.Stats().Conversations)
		})
	})

	t.Run("are shared with live traffic, which the replies tell of", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var live sync.WaitGroup
			over := make(chan struct{})
			e, p := account(t, emulator.Config{Concurrency: 20, Intercept: func(w http.ResponseWriter, r *http.Request, _ *emulator.Exchange, commit func() emulator.Reply) {
				if r.URL.Query().Get("PageSize") == "7" {
					<-over
				}
				commit().WriteTo(w)
			}})
			for range 10 {
				live.Go(func() {
					_, err := p.Get(context.Background(), migrate.TargetConversations, "/v1/Services?PageSize=7")
					require.NoError(t, err)
				})
			}
			time.Sleep(time.Second)
			got, err := rehearse.LimitsProbe{Prober: p, Agree: agreed}.Run(t.Context())
			require.NoError(t, err)
			require.Equal(t, 8, got.Admitted)
			require.Equal(t, 12, got.Refused)
			require.GreaterOrEqual(t, got.InFlight, 18)
			close(over)
			live.Wait()
			require.LessOrEqual(t, e.Stats().Conversations.Throttled, int64(2))
		})
	})

	t.Run("are known as far as they were looked for if the service fails", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			asked := 0
			_, p := account(t, emulator.Config{Intercept: func(w http.ResponseWriter, _ *http.Request, _ *emulator.Exchange, commit func() emulator.Reply) {
				mu.Lock()
				defer mu.Unlock()
				if asked++; asked == 5 {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				commit().WriteTo(w)
			}})
			got, err := rehearse.LimitsProbe{Prober: p, Agree: agreed}.Run(t.Context())
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
			require.ErrorContains(t, err, "status 503")
			require.Equal(t, 2, got.Admitted)
			require.Zero(t, got.Refused)
		})
	})

	t.Run("are left when the context ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			_, p := account(t, emulator.Config{})
			why := errors.New("why")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(2500*time.Millisecond, func() { cancel(why) })
			got, err := rehearse.LimitsProbe{Prober: p, Agree: agreed}.Run(ctx)
			require.ErrorIs(t, err, why)
			require.Equal(t, 3, got.Admitted)
		})
	})
}

func TestLimitsAsAnExperiment(t *testing.T) {
	for name, c := range map[string]struct {
		limits  rehearse.Limits
		verdict migrate.Verdict
		seen    string
		follows string
	}{
		"none reached":        {rehearse.Limits{Admitted: 100, InFlight: 104}, migrate.AsAssumed, "104 were admitted at once, and none was refused", ""},
		"above what is sent":  {rehearse.Limits{Admitted: 48, InFlight: 50, Refused: 64, Code: 20429}, migrate.AsAssumed, "50 were admitted at once, and one was refused when 64 were sent (429, code 20429)", ""},
		"below what is sent":  {rehearse.Limits{Admitted: 16, InFlight: 20, Refused: 24, Code: 20429}, migrate.Harmless, "20 were admitted at once, and one was refused when 24 were sent (429, code 20429)", "--concurrency 5"},
		"fewer than one lane": {rehearse.Limits{Admitted: 1, Refused: 2}, migrate.Harmless, "1 were admitted at once, and one was refused when 2 were sent (429, code 0)", "--concurrency 1"},
		"fewer, by choice":    {rehearse.Limits{Admitted: 10, InFlight: 10}, migrate.NotSeen, "10 were admitted at once, and none was refused", ""},
		"not answered":        {rehearse.Limits{}, migrate.NotSeen, "no request was answered", ""},
	} {
		t.Run(name, func(t *testing.T) {
			e := c.limits.Experiment(32)
			require.Equal(t, "limits", e.Name)
			require.Equal(t, c.verdict, e.Verdict)
			require.Equal(t, c.seen, e.Seen)
			require.Contains(t, e.Follows, c.follows)
			require.Empty(t, e.Stops)
			require.Zero(t, e.Settle)
		})
	}
}

// A probe whose requests are not answered leaves the rest of a rehearsal as it was.
func TestLimitsOfARehearsal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := migrate.Rehearsal{Sound: true, Verdicts: map[migrate.Verdict]int{}}
		_, p := account(t, emulator.Config{Concurrency: 4})
		require.NoError(t, rehearse.LimitsProbe{Prober: p, Agree: agreed}.Add(t.Context(), &got, 32))
		require.Len(t, got.Experiments, 1)
		require.Equal(t, migrate.Harmless, got.Experiments[0].Verdict)
		require.Equal(t, got.Requests, got.Experiments[0].Requests)

		no := errors.New("nobody answers")
		require.NoError(t, rehearse.LimitsProbe{Prober: p, Agree: func(string) error { return no }}.Add(t.Context(), &got, 32))
		require.Equal(t, migrate.NotSeen, got.Experiments[1].Verdict)
		require.Equal(t, no.Error(), got.Experiments[1].Seen)
		require.Equal(t, map[migrate.Verdict]int{migrate.Harmless: 1, migrate.NotSeen: 1}, got.Verdicts)
		require.True(t, got.Sound)

		ended, end := context.WithCancelCause(t.Context())
		end(no)
		require.ErrorIs(t, rehearse.LimitsProbe{Prober: p, Agree: agreed}.Add(ended, &got, 32), no)
		require.Len(t, got.Experiments, 2)
	})
}
