package schema_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/inplace"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

func TestResultsInPlace(t *testing.T) {
	t.Run("of people who are added", func(t *testing.T) {
		for _, channels := range [][]inplace.ChannelAdded{nil, {{SID: "CH1", Identities: []string{"ann"}, People: 1}}} {
			var b bytes.Buffer
			require.NoError(t, reports.InPlace(&b, reports.JSON, inplace.Result{
				SchemaVersion: migrate.SchemaVersion, Command: "migrate --in-place", Status: migrate.Complete, Added: &inplace.Added{Channels: channels},
			}))
			require.NoError(t, compile(t, "in-place", true).Validate(instance(t, b.Bytes())))
		}
	})
	t.Run("of a comparison", func(t *testing.T) {
		var b bytes.Buffer
		w := reports.NewVerification(&b, reports.JSON)
		w.Difference(verify.Difference{Class: verify.NotVisible, Kind: migrate.KindChannels, SourceSID: "CH1"})
		require.NoError(t, w.Close(verify.Verification{
			SchemaVersion: migrate.SchemaVersion, Command: verify.InPlaceCommand, NotShown: []string{"files of messages"},
			Compared: map[string]int64{}, Differences: map[verify.Class]int64{verify.NotVisible: 1},
		}))
		require.NoError(t, compile(t, "verify", true).Validate(instance(t, b.Bytes())))
	})
}
