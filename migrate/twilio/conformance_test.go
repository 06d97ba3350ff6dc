package twilio_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/sourcetest"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

func TestSourceConformance(t *testing.T) {
	for _, c := range []struct{ api, faults string }{
		{twilio.APIv1, "read.again=0"}, {twilio.APIv2, "read.again=0"},
		{twilio.APIv1, "seed=3,read.again=0.3,read.empty=0.2,read.token=0.05,read.cut=0.1"},
	} {
		t.Run(c.api+" with "+c.faults, func(t *testing.T) {
			open := func(t *testing.T, w sourcetest.World, spec string) migrate.Source {
				plan, err := faults.Parse(spec)
				require.NoError(t, err)
				e, err := emulator.New(emulator.Config{Archive: w.Files(), Intercept: plan.Intercept})
				require.NoError(t, err)
				source, err := twilio.NewSource(twilio.Config{
					BaseURL: "http://127.0.0.1:1", API: c.api,
					Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
					HTTP: transport.New(transport.Options{
						Base:     faults.Direct{Handler: e.Chat()},
						Patience: transport.Patience{Attempts: 8, FirstWait: time.Microsecond, MaxWait: time.Microsecond},
					}),
				})
				require.NoError(t, err)
				return source
			}
			sourcetest.Run(t, sourcetest.Suite{
				Open: func(t *testing.T, w sourcetest.World) migrate.Source { return open(t, w, c.faults) },
				Broken: func(t *testing.T, w sourcetest.World) migrate.Source {
					return open(t, w, "nth(GET messages,2-)=before.500")
				},
				Kind: migrate.Unavailable,
			})
		})
	}
}
