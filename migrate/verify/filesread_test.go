package verify_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
	"chatbridge/migrate/verify"
)

// A line that breaks in the middle of a file says nothing about the file.
func TestFilesAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan, err := faults.Parse("seed=5,read.cut=0.15")
		require.NoError(t, err)
		t.Cleanup(plan.Close)
		g, err := emulator.ParseGenerate("channels=3,messages=40,seed=3,files=0.5,file-bytes=20000")
		require.NoError(t, err)
		breaks := false
		r := rig.NewRig(t, emulator.Config{Generate: g, Intercept: func(w http.ResponseWriter, q *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if breaks {
				plan.Intercept(w, q, x, commit)
				return
			}
			commit().WriteTo(w)
		}})
		r.API = twilio.APIv2
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status)
		breaks = true
		counter := &transport.Counter{}
		v := verify.Verifier{Source: migrate.Counted(r.Source(counter)), Target: r.Target(counter), Observer: r.Events, Settings: r.Settings, Files: true}
		got, err := v.Run(t.Context(), func(d verify.Difference) { t.Errorf("%+v", d) })
		require.NoError(t, err)
		require.True(t, got.Equal)
		require.Positive(t, got.FileBytes)
	})
}
