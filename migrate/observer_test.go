package migrate_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/doctor"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/inplace"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
	"chatbridge/migrate/undo"
	"chatbridge/migrate/verify"
)

// TestNobodyObserves runs every verb of the library without an Observer, in a world
// in which there is much to tell of.
func TestNobodyObserves(t *testing.T) {
	unkind, err := emulator.ParseUnkind("counts-adrift=0.3,second-writer=0.1,people=0.2,text=trim,seed=3")
	require.NoError(t, err)
	set := migrate.Settings{Concurrency: 4}
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: os.DirFS(filepath.Join("..", "testdata", "workspaces", "edge-cases")), Unkind: unkind})
		counter := &transport.Counter{}
		source, target := migrate.Counted(r.Source(counter)), r.Target(counter)

		_, err := (&audit.Auditor{Source: source, Settings: set}).Run(t.Context())
		require.NoError(t, err)

		l, err := sqlite.Open(t.Context(), r.Ledger)
		require.NoError(t, err)
		defer l.Close()
		pass := func() {
			s, err := (&replay.Migration{Source: source, Target: target, Ledger: l, Settings: set}).Run(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
		}
		pass()

		v := verify.Verifier{Source: source, Target: target, Ledger: l, Settings: set}
		_, err = v.Run(t.Context(), func(verify.Difference) {})
		require.NoError(t, err)
		pass() // right after it a repair waits until nothing of it can land any more
		_, err = (&verify.Repairer{Verifier: v, Write: target, Record: l, Execute: true}).Run(t.Context(), func(verify.Repair) {})
		require.NoError(t, err)

		w, err := archive.Create(filepath.Join(t.TempDir(), "kept"), archive.Manifest{AccountSID: emulator.DefaultAccountSID, SourceAPI: "v1"})
		require.NoError(t, err)
		_, err = (&archive.Exporter{Source: source, Concurrency: 4}).Run(t.Context(), w)
		require.NoError(t, err)
		require.NoError(t, w.Close())

		_, err = (&undo.Undoer{Target: target, Write: target, Ledger: l, Record: l, Settings: set, Execute: true}).Run(t.Context(), func(undo.Removal) {})
		require.NoError(t, err)
	})
}

// TestNobodyObservesInPlace is TestNobodyObserves where both sides are one account.
func TestNobodyObservesInPlace(t *testing.T) {
	r := rig.NewRig(t, emulator.Config{Archive: os.DirFS(filepath.Join("..", "testdata", "workspaces", "support-desk")), Shared: true})
	counter := &transport.Counter{}
	l, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer l.Close()
	set := migrate.Settings{Concurrency: 4, Mapper: mapping.Mapper{}}
	config := twilio.Config{
		BaseURL: "http://127.0.0.1:1", ChatURL: "http://127.0.0.1:1",
		Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken, HTTP: r.Transport(r.Emulator.Chat(), counter),
	}
	promoter, err := twilio.NewPromoter(config)
	require.NoError(t, err)
	got, err := (&inplace.Promotion{
		Source: r.Source(counter), Target: r.Target(counter), Promoter: promoter, Ledger: l, Settings: set, Execute: true,
	}).Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrate.Complete, got.Status)

	target := config
	target.HTTP = r.Transport(r.Emulator.Conversations(), counter)
	prober, err := twilio.NewProber(config, target)
	require.NoError(t, err)
	_, err = (&doctor.Doctor{Prober: prober, SameAccount: true}).Run(t.Context())
	require.NoError(t, err)
}
