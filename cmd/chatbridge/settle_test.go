package main

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/ledgertest"
	"chatbridge/migrate/sqlite"
	"chatbridge/reports"
)

// The settle time that a person chose holds for our own kernel too, in every
// command that writes.
func TestWritersKeepTheSettleTimeInTheKernel(t *testing.T) {
	errSeen := errors.New("seen")
	var seen time.Duration
	connect := func(_ context.Context, c connector, _ access) (*endpoints, error) {
		seen = c.settle
		return nil, errSeen
	}
	for name, run := range map[string]func(t *testing.T) error{
		"migrate": func(t *testing.T) error {
			o, err := parseMigrate(t, nil, "--settle", "7s")
			require.NoError(t, err)
			o.connect = connect
			_, err = o.prepare(t.Context(), mapping.Mapper{})
			return err
		},
		"migrate --in-place": func(t *testing.T) error {
			o, err := parseMigrate(t, nil, "--settle", "7s", "--in-place")
			require.NoError(t, err)
			o.connect = connect
			_, _, err = o.preview(t.Context(), reports.Text)
			return err
		},
		"undo --execute": func(t *testing.T) error {
			path := filepath.Join(ledgertest.Dir(t), "l.db")
			l, err := sqlite.Open(t.Context(), path)
			require.NoError(t, err)
			require.NoError(t, l.Close())
			return runUndo(t.Context(), &undoOptions{
				commonOptions: &commonOptions{LogFormat: logText}, connectionOptions: connectionOptions{widthOptions: widthOptions{Concurrency: 1}, Timeout: defaultTimeout},
				outputOption: outputOption{"text"}, ledgerOption: ledgerOption{path}, Settle: 7 * time.Second, Execute: true, Yes: true,
				console: newScreen("", false).console, connect: connect, openReader: readLedger,
			})
		},
		"verify --repair --execute": func(t *testing.T) error {
			return runRepair(t.Context(), &verifyOptions{
				commonOptions: &commonOptions{LogFormat: logText}, console: newScreen("", false).console,
				Settle: 7 * time.Second, Execute: true, Yes: true, connect: connect,
			}, reports.Text, mapping.Mapper{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			seen = 0
			require.ErrorIs(t, run(t), errSeen)
			require.Equal(t, 7*time.Second, seen)
		})
	}
}

// What a run gives a write without an answer is its default unless more was measured, and
// the ledger hands that on to whoever comes next.
func TestSettleTimeOfARun(t *testing.T) {
	unset, err := parseMigrate(t, nil)
	require.NoError(t, err)
	require.Equal(t, migrate.DefaultSettle, unset.Settle)
	for name, c := range map[string]struct {
		rehearsal string
		want      time.Duration
	}{
		"nothing was measured":            {noRehearsal, migrate.DefaultSettle},
		"later writes than by default":    {saved(t, rehearsed(late(11))), 11 * time.Second},
		"writes that came sooner":         {saved(t, rehearsed(late(0.1))), migrate.DefaultSettle},
		"the longest of several measured": {saved(t, rehearsed(late(2), migrate.Experiment{Name: "list-lag", Verdict: migrate.Dangerous, Settle: 12})), 12 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, smallServer(t), "", false)
			r.Yes, r.Rehearsal, r.Settle = true, c.rehearsal, unset.Settle
			require.NoError(t, runMigrate(t.Context(), r.migrateOptions), r.stderr.String())
			l, err := readLedger(t.Context(), r.Ledger)
			require.NoError(t, err)
			defer l.Close()
			last, _, err := l.LastRun(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.want, last.Settle)
		})
	}
}
