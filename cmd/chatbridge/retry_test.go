package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/replay"
)

func TestOnlyFailed(t *testing.T) {
	t.Parallel()
	t.Run("runs the channels that failed, and no others", func(t *testing.T) {
		var broken atomic.Bool
		broken.Store(true)
		server := sampleServer(t, func(w http.ResponseWriter, req *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if broken.Load() && x.Write() && strings.HasSuffix(req.URL.Path, "/Conversations") && x.Form.Get("UniqueName") != migrate.ClaimName {
				// The first conversation is refused; a client does not ask again.
				broken.Store(false)
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"code":50300,"message":"refused","status":400}`))
				return
			}
			commit().WriteTo(w)
		})
		run := func(o func(*rig), ledger string) (replay.Summary, rig, error) {
			r := newRig(t, server, "yes\n", true)
			r.Yes = true
			if ledger != "" {
				r.Ledger = ledger
			}
			o(&r)
			err := runMigrate(t.Context(), r.migrateOptions)
			var s replay.Summary
			require.NoError(t, json.Unmarshal(r.stdout.Bytes(), &s))
			return s, r, err
		}
		first, r, err := run(func(*rig) {}, "")
		require.Equal(t, exitIncomplete, statusOf(err))
		require.Len(t, first.Failures, 1)

		again, retried, err := run(func(r *rig) { r.OnlyFailed, r.Yes = true, false }, r.Ledger)
		require.NoError(t, err)
		require.Regexp(t, `(?m)^1 channel, \d+ messages, `, retried.stderr.String(), "the question is about the same")
		require.Equal(t, migrate.Complete, again.Status)
		require.EqualValues(t, 1, again.Counts[migrate.KindChannels].Written, "the others are not tried")
		require.Contains(t, retried.stderr.String(), "To try again: 1 channel\n")

		none, _, err := run(func(r *rig) { r.OnlyFailed = true }, r.Ledger)
		require.NoError(t, err)
		require.Zero(t, none.Counts[migrate.KindChannels].Written)

		began := time.Now()
		all, _, err := run(func(*rig) {}, r.Ledger)
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, all.Status)
		onlyClaims(t, len(all.Services), began, all.Requests.Writes) // nothing was left to do
	})
	t.Run("without a ledger there is nothing to try again, and none is made", func(t *testing.T) {
		server := sampleServer(t, nil)
		r := newRig(t, server, "", false)
		r.Yes, r.OnlyFailed = true, true
		err := runMigrate(t.Context(), r.migrateOptions)
		require.Equal(t, exitUsage, statusOf(err))
		require.NoFileExists(t, r.Ledger)
		require.Zero(t, server.Stats().Conversations.Writes)
	})
}
