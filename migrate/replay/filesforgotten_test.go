package replay_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/twilio"
)

// A file that was uploaded for a message which then came without it did not arrive.
func TestFileThatWasUploadedAndNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := between(t, emulator.Config{Archive: withFiles().Archive()})
		r.API = twilio.APIv2
		m.do(func(x exchange) bool {
			if x.appends("") && x.Form.Get("MediaSid") != "" {
				html(403).WriteTo(x.w)
				return true
			}
			return false
		})
		pass(t, r, migrate.Partial)
		require.Len(t, filesKnown(t, r), 1)
		m.rest()

		p, err := mapping.ParsePolicy([]string{"media=placeholder"})
		require.NoError(t, err)
		r.Settings.Mapper.Policy = p
		s := pass(t, r, migrate.Complete)
		require.Empty(t, filesKnown(t, r))
		require.Zero(t, s.Counts[migrate.KindFiles])
		require.Zero(t, s.FileBytes)
	})
}

func filesKnown(t *testing.T, r *rig.Rig) (all []migrate.FileRecord) {
	t.Helper()
	l, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	for f, err := range l.Files(t.Context(), rig.SidOf("CH", 0)) {
		require.NoError(t, err)
		all = append(all, f)
	}
	require.NoError(t, l.Close())
	return all
}
