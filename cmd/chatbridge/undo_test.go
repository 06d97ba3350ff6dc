package main

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/ledgertest"
)

func TestUndoAgrees(t *testing.T) {
	t.Run("refuses credentials of another account, or another region, for which everything would look deleted", func(t *testing.T) {
		path := filepath.Join(ledgertest.Dir(t), "l.db")
		l, err := openLedger(t.Context(), path)
		require.NoError(t, err)
		require.NoError(t, l.Bind(t.Context(), migrate.Fingerprint{"target account": "AC1", targetRegionSetting: "ie1"}))
		require.NoError(t, l.Close())
		sc := newScreen("", false)
		there := &endpoints{targetAccount: "AC2"}
		o := &undoOptions{
			commonOptions:     &commonOptions{LogFormat: logText},
			connectionOptions: connectionOptions{widthOptions: widthOptions{Concurrency: 1}, Timeout: defaultTimeout},
			outputOption:      outputOption{"text"}, ledgerOption: ledgerOption{path},
			Settle: migrate.DefaultSettle, Execute: true, Yes: true, console: sc.console,
			connect: func(context.Context, connector, access) (*endpoints, error) {
				return there, nil
			},
			openReader: readLedger,
		}
		err = runUndo(t.Context(), o)
		require.Equal(t, exitLedger, statusOf(err))
		require.ErrorContains(t, err, `"AC1"`)
		require.Empty(t, sc.stdout.String())

		there.targetAccount = "AC1"
		err = runUndo(t.Context(), o)
		require.Equal(t, exitLedger, statusOf(err))
		require.ErrorContains(t, err, "region ie1, but the settings say us1")
	})
}
