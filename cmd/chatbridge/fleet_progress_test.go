package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/reports"
)

func TestLabelled(t *testing.T) {
	t.Run("each line bears the name of its account", func(t *testing.T) {
		var b bytes.Buffer
		n, err := (&labelled{w: &b, label: "acme: "}).Write([]byte("one\ntwo {\n"))
		require.NoError(t, err)
		require.Equal(t, len("one\ntwo {\n"), n)
		require.Equal(t, "acme: one\nacme: two {\n", b.String())
	})
	t.Run("and each object has it as a field", func(t *testing.T) {
		var b bytes.Buffer
		_, err := (&labelled{w: &b, label: "acme: ", field: []byte(`"account_name":"acme",`)}).Write([]byte("{\"level\":\"INFO\"}\n"))
		require.NoError(t, err)
		var got map[string]string
		require.NoError(t, json.Unmarshal(b.Bytes(), &got))
		require.Equal(t, map[string]string{"account_name": "acme", "level": "INFO"}, got)
	})
}

// TestFleetProgress holds a message of one account until progress was told.
func TestFleetProgress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		told string
		each bool
	}{
		"one line for all":                  {nil, "migrated 0 of 2 accounts: ", false},
		"one for each too, with -v":         {[]string{"-v"}, "migrated 0 of 2 accounts: ", true},
		"an object, if the log is of these": {[]string{"--log-format", "json"}, `"verb":"migrated 0 of 2 accounts"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			told := make(chan struct{})
			var done atomic.Bool
			w := newTown(t, 2, func(_ int, e *emulator.Config) {
				e.Intercept = func(rw http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					if x.Write() && x.Path[len(x.Path)-1] == "Messages" {
						<-told
					}
					commit().WriteTo(rw)
				}
			})
			sc := w.screen("", false)
			sc.console.every = 5 * time.Millisecond
			inner := sc.console.stderr().w
			sc.console.err = &stderr{w: writerFunc(func(b []byte) (int, error) {
				enough := strings.Contains(string(b), c.told) && (strings.Contains(string(b), " of ") || strings.Contains(string(b), `"total":`))
				if c.each {
					enough = strings.HasPrefix(string(b), "a1: migrated: ") && strings.Contains(string(b), " of ")
				}
				if enough && done.CompareAndSwap(false, true) {
					close(told)
				}
				return inner.Write(b)
			})}
			require.Equal(t, exitDone, w.on(t, sc, append([]string{"migrate", "--yes"}, c.args...)...))
			require.Contains(t, sc.stderr.String(), c.told)
			require.Equal(t, c.each, strings.Contains(sc.stderr.String(), "a2: migrated: "))
		})
	}
	t.Run("it counts accounts that ended, and those that are not whole", func(t *testing.T) {
		sc := newScreen("", false)
		o := &fleetOptions{console: sc.console, common: &commonOptions{Quiet: true}}
		o.cmd = newAudit(sc.console, o.common, nil)
		f := &fleet{fleetOptions: o}
		for range 3 {
			f.turns = append(f.turns, &turn{console: &console{of: &member{}}})
		}
		f.turns[2].barred = reports.FleetClosed
		p := f.progress()
		defer p.Close()
		f.turns[0].shown.State, f.turns[1].shown.State = reports.FleetWhole, reports.FleetFailed
		p.ended(f.turns[0])
		p.ended(f.turns[1])
		require.Equal(t, "read 3 of 3 accounts (2 not whole)", p.state().Verb)
	})
}
