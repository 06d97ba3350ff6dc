package twilio_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/sourcetest"
	"chatbridge/migrate/targettest"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

func TestSourceConformance(t *testing.T) {
	for _, c := range []struct {
		api, faults string
		smallPages  bool
	}{
		{twilio.APIv1, "read.again=0", false}, {twilio.APIv2, "read.again=0", false},
		{twilio.APIv1, "seed=3,read.again=0.3,read.empty=0.2,read.token=0.05,read.cut=0.1", false},
		{twilio.APIv1, "read.again=0", true}, {twilio.APIv2, "read.again=0", true},
	} {
		t.Run(fmt.Sprintf("%s with %s, small pages: %v", c.api, c.faults, c.smallPages), func(t *testing.T) {
			open := func(t *testing.T, w sourcetest.World, spec string) migrate.Source {
				plan, err := faults.Parse(spec)
				require.NoError(t, err)
				e, err := emulator.New(emulator.Config{Archive: w.Files(), Intercept: plan.Intercept, Unkind: emulator.Unkind{Habits: emulator.Habits{SmallPages: c.smallPages}}})
				require.NoError(t, err)
				hosts := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Host == "127.0.0.1:3" {
						e.Media().ServeHTTP(w, r)
						return
					}
					e.Chat().ServeHTTP(w, r)
				})
				source, err := twilio.NewSource(twilio.Config{
					BaseURL: "http://127.0.0.1:1", MediaURL: "http://127.0.0.1:3", API: c.api,
					Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
					HTTP: transport.New(transport.Options{
						Base:     faults.Direct{Handler: hosts},
						Patience: transport.Patience{Attempts: 8, FirstWait: time.Microsecond, MaxWait: time.Microsecond},
					}),
				})
				require.NoError(t, err)
				return source
			}
			sourcetest.Run(t, sourcetest.Suite{
				Open: func(t *testing.T, w sourcetest.World) migrate.Source { return open(t, w, c.faults) },
				Broken: func(t *testing.T, w sourcetest.World) migrate.Source {
					if c.smallPages { // the first one is refused
						return open(t, w, "nth(GET messages,3-)=before.500")
					}
					return open(t, w, "nth(GET messages,2-)=before.500")
				},
				Kind:  migrate.Unavailable,
				V1:    c.api == twilio.APIv1,
				Media: c.api == twilio.APIv2,
				BrokenMedia: func(t *testing.T, w sourcetest.World) migrate.Source {
					return open(t, w, "media.short=1")
				},
			})
		})
	}
}

func TestTargetConformance(t *testing.T) {
	targettest.Run(t, func(t *testing.T) targettest.Bench {
		breaks := map[targettest.Fault]*faults.Plan{}
		for fault, kind := range map[targettest.Fault]string{
			targettest.Lost: "after.reset", targettest.Never: "before.reset", targettest.Down: "before.refuse",
		} {
			plan, err := faults.Parse("nth(POST *,1-)=" + kind)
			require.NoError(t, err)
			breaks[fault] = plan
		}
		broken := targettest.None
		e, err := emulator.New(emulator.Config{Intercept: func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if plan := breaks[broken]; plan != nil {
				plan.Intercept(w, r, x, commit)
				return
			}
			commit().WriteTo(w)
		}})
		require.NoError(t, err)
		hosts := http.NewServeMux()
		hosts.Handle("127.0.0.1/v1/", e.Conversations())
		hosts.Handle("127.0.0.1/v2/", e.Chat())
		target, err := twilio.NewTarget(twilio.Config{
			BaseURL: "http://127.0.0.1", ChatURL: "http://127.0.0.1",
			Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
			HTTP: transport.New(transport.Options{
				Base:     faults.Direct{Handler: hosts},
				Patience: transport.Patience{Attempts: 2, FirstWait: time.Microsecond, MaxWait: time.Microsecond},
			}),
		})
		require.NoError(t, err)
		return targettest.Bench{
			Target:    target,
			Break:     func(f targettest.Fault) { broken = f },
			Callbacks: func() int64 { return e.Stats().WebhookHeaders },
		}
	})
}
