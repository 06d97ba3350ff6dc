package main

import (
	"encoding/json"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/verify"
)

// What people change in the sample workspace after it was migrated.
const (
	movedChannel   = "CH0c6a7d647c69b52a06a87e942ca627d0"
	editedMessage  = "IM89b0b1fdb9959ef8270cf247c8548e6c"
	deletedMessage = "IM794f33bde75051a2a97c2f67ef4ceaa8"
)

// newEdited is a migration that was finished, and whose source then edited one
// message and deleted another.
func newEdited(t *testing.T, intercept emulator.Interceptor) (*emulator.Server, rig) {
	t.Helper()
	server := sampleServer(t, intercept)
	r := newRig(t, server, "", false)
	r.Yes, r.Settle = true, 10*time.Millisecond
	require.NoError(t, runMigrate(t.Context(), r.migrateOptions))
	require.NoError(t, server.EditInChannel(movedChannel, editedMessage, "edited since"))
	require.NoError(t, server.DeleteInChannel(movedChannel, deletedMessage))
	r.stdout.Reset()
	return server, r
}

// deepSummary is what migrate --deep prints as JSON.
type deepSummary struct {
	replay.Summary
	Deep *verify.Repairs `json:"deep"`
}

func TestDeep(t *testing.T) {
	t.Parallel()
	t.Run("brings over what was edited, says what was deleted and deletes nothing, and ends with 3", func(t *testing.T) {
		_, r := newEdited(t, nil)
		r.Deep, r.Output = true, "text"
		err := runMigrate(t.Context(), r.migrateOptions)
		require.Equal(t, exitIncomplete, statusOf(err))
		require.Contains(t, hintOf(err), "verify --repair --ledger "+r.Ledger)
		require.Regexp(t, `(?s)^Migration: complete.*! altered: messages `+editedMessage+` -> IM\w+ in `+movedChannel+` ".*"; body; brought back\n`, r.stdout.String())
		require.Regexp(t, `(?m)^\+ extra: messages .*; stays: it would have to be deleted`, r.stdout.String())
		require.Equal(t, map[verify.Class]int64{verify.Extra: 1}, r.verify(t).Differences)
	})
	t.Run("again finds what stays, and writes nothing but the claims of its two parts", func(t *testing.T) {
		server, r := newEdited(t, nil)
		r.Deep = true
		for range 2 {
			r.stdout.Reset()
			require.Equal(t, exitIncomplete, statusOf(runMigrate(t.Context(), r.migrateOptions)))
		}
		before, began := server.Stats().Conversations.Writes, time.Now()
		r.stdout.Reset()
		require.Equal(t, exitIncomplete, statusOf(runMigrate(t.Context(), r.migrateOptions)))
		var s deepSummary
		require.NoError(t, json.Unmarshal(r.stdout.Bytes(), &s))
		onlyClaims(t, 2*len(s.Services), began, server.Stats().Conversations.Writes-before)
		require.NotNil(t, s.Deep)
		require.Zero(t, s.Deep.Possible)
		require.EqualValues(t, 1, s.Deep.Differences[verify.Extra])
	})
	t.Run("is one object of JSON, which the schema knows", func(t *testing.T) {
		_, r := newEdited(t, nil)
		r.Deep = true
		require.Equal(t, exitIncomplete, statusOf(runMigrate(t.Context(), r.migrateOptions)))
		satisfies(t, "migrate", r.stdout.Bytes())
		var s deepSummary
		require.NoError(t, json.Unmarshal(r.stdout.Bytes(), &s))
		require.Equal(t, migrate.Complete, s.Status)
		require.True(t, s.Deep.Executed)
		require.Positive(t, s.Deep.Done)
		require.Equal(t, s.Deep.Possible, s.Deep.Done)
		require.Equal(t, map[verify.Class]int64{verify.Extra: 1}, s.Deep.Differences)
		require.False(t, s.Deep.Equal)
	})
	t.Run("of equal sides is done and clean", func(t *testing.T) {
		r := newRig(t, newTestServer(t, emulator.Config{Archive: smallWorkspace(t)}), "", false)
		r.Yes, r.Deep, r.Output = true, true, "text"
		require.NoError(t, runMigrate(t.Context(), r.migrateOptions))
		require.Contains(t, r.stdout.String(), "both sides are equal")
	})
	t.Run("stops at once at the first signal, tells what the run did, and finds the rest again", func(t *testing.T) {
		var r rig
		var edit atomic.Bool
		var server *emulator.Server
		server, r = newEdited(t, func(w http.ResponseWriter, req *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if x.Write() && x.Form.Get("Body") == "edited since" && edit.CompareAndSwap(false, true) {
				r.interrupts <- os.Interrupt
				<-req.Context().Done()
				panic(http.ErrAbortHandler)
			}
			commit().WriteTo(w)
		})
		r.Deep = true
		require.Equal(t, exitInterrupted, statusOf(runMigrate(t.Context(), r.migrateOptions)))
		var s deepSummary
		require.NoError(t, json.Unmarshal(r.stdout.Bytes(), &s))
		require.Equal(t, migrate.Complete, s.Status)
		require.Nil(t, s.Deep)

		r.stdout.Reset()
		require.Equal(t, exitIncomplete, statusOf(runMigrate(t.Context(), r.migrateOptions)))
		require.Equal(t, map[verify.Class]int64{verify.Extra: 1}, r.verify(t).Differences)
		require.Zero(t, server.Stats().Pushes)
	})
	t.Run("does not begin after a run that was interrupted", func(t *testing.T) {
		r := newRig(t, newTestServer(t, emulator.Config{Archive: smallWorkspace(t)}), "", false)
		r.Yes, r.Deep, r.MaxDuration = true, true, time.Nanosecond
		require.Equal(t, exitInterrupted, statusOf(runMigrate(t.Context(), r.migrateOptions)))
		require.NotContains(t, r.stdout.String(), `"deep"`)
	})
	for name, choose := range map[string]func(*migrateOptions){
		"--dry-run":     func(o *migrateOptions) { o.DryRun = true },
		"--in-place":    func(o *migrateOptions) { o.InPlace = true },
		"--only-failed": func(o *migrateOptions) { o.OnlyFailed = true },
	} {
		t.Run("does not go with "+name, func(t *testing.T) {
			r := newRig(t, newTestServer(t, emulator.Config{Archive: smallWorkspace(t)}), "", false)
			r.Yes, r.Deep = true, true
			choose(r.migrateOptions)
			err := runMigrate(t.Context(), r.migrateOptions)
			require.Equal(t, exitUsage, statusOf(err))
			require.ErrorContains(t, err, name)
			_, err = os.Stat(r.Ledger)
			require.ErrorIs(t, err, os.ErrNotExist)
		})
	}
}
