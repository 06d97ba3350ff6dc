package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestProgress(t *testing.T) {
	t.Run("a line every interval tells what is done, how fast, and what is left", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newScreen("", false)
			s.every = 5 * time.Second
			p := (&commonOptions{LogFormat: logText}).progress(s.console, "migrated")
			time.Sleep(5*time.Second + time.Millisecond)
			p.Total(migrate.KindMessages, 3000)
			p.Done(migrate.KindMessages, 1000)
			time.Sleep(5 * time.Second)
			p.Done(migrate.KindMessages, 500)
			time.Sleep(5 * time.Second)
			p.Close()
			require.Equal(t, []string{
				"migrated: reading what exists",
				"migrated: 1,000 of 3,000 (33%), 0 a second, time left unknown",
				"migrated: 1,500 of 3,000 (50%), 100 a second, 15 s left",
				"migrated: 1,500 of 3,000 in 15 s",
			}, strings.Split(strings.TrimSpace(s.stderr.String()), "\n"))
		})
	})
	t.Run("more than was announced is no more than all of it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newScreen("", false)
			p := (&commonOptions{LogFormat: logText}).progress(s.console, "migrated")
			p.Total(migrate.KindMessages, 10)
			p.Done(migrate.KindMessages, 15)
			p.Close()
			require.Contains(t, s.stderr.String(), "15 of 15")
		})
	})
	t.Run("nobody is shown any who asked for quiet", func(t *testing.T) {
		for _, terminal := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				s := newScreen("", terminal)
				p := (&commonOptions{LogFormat: logText, Quiet: true}).progress(s.console, "migrated")
				p.Total(migrate.KindMessages, 10)
				p.Done(migrate.KindMessages, 5)
				time.Sleep(time.Minute)
				p.Close()
				require.Empty(t, s.stderr.String())
			})
		}
	})
	t.Run("a program is shown an object a line, on a terminal too", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newScreen("", true, "TERM=xterm")
			s.every = 10 * time.Second
			s.console.stderr().json = true
			p := (&commonOptions{LogFormat: logJSON}).progress(s.console, "migrated")
			p.Total(migrate.KindMessages, 10)
			p.Done(migrate.KindMessages, 5)
			time.Sleep(10*time.Second + time.Millisecond)
			p.Close()
			lines := objects(t, s.stderr.String())
			require.Len(t, lines, 2)
			require.Equal(t, "progress", lines[0]["msg"])
			require.EqualValues(t, 5, lines[0]["done"])
			require.EqualValues(t, 10, lines[0]["total"])
		})
	})
	t.Run("a terminal is shown a bar, and what is logged is above it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newScreen("", true)
			p := (&commonOptions{LogFormat: logText}).progress(s.console, "migrated")
			p.Total(migrate.KindMessages, 10)
			p.Done(migrate.KindMessages, 5)
			time.Sleep(time.Second)
			synctest.Wait()
			p.Event(migrate.Event{Level: migrate.Warning, Message: "not carried", Fields: []any{migrate.KeyReason, "too long"}})
			p.Close()
			require.Contains(t, s.stderr.String(), "migrated")
			require.Contains(t, s.stderr.String(), "\r")
			require.Contains(t, s.stderr.String(), "not carried")
		})
	})
	t.Run("the bar stays when all that is known so far is done, and is gone in the end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newScreen("", true)
			p := (&commonOptions{LogFormat: logText}).progress(s.console, "read")
			shows := func() string {
				time.Sleep(time.Second)
				synctest.Wait()
				text := s.stderr.String()
				return text[strings.LastIndex(text, "\r")+1:]
			}
			require.Equal(t, "[                ] read: reading what exists", shows())
			p.Total(migrate.KindUsers, 3)
			p.Done(migrate.KindUsers, 3)
			require.Contains(t, shows(), "[################] read: 3 of 3 (100%)")
			p.Total(migrate.KindMessages, 9)
			p.Done(migrate.KindMessages, 3)
			require.Contains(t, shows(), "[########        ] read: 6 of 12 (50%)")
			p.Event(migrate.Event{Level: migrate.Warning, Message: "held back"})
			require.Contains(t, shows(), "6 of 12")
			p.Done(migrate.KindMessages, 6)
			require.Contains(t, shows(), "12 of 12 (100%)")
			p.Close()
			require.Empty(t, shows())
			for line := range strings.SplitSeq(strings.ReplaceAll(s.stderr.String(), "\n", "\r"), "\r") {
				require.Less(t, len(line), narrow+10, "it would wrap")
			}
		})
	})
}

func TestLog(t *testing.T) {
	event := migrate.Event{Level: migrate.Warning, Message: "held back", Fields: []any{migrate.KeyReason, "name\x1b[31m\n", "error", errors.New("\u009b31m")}}
	detail := migrate.Event{Level: migrate.Detail, Message: "detail"}
	for name, tc := range map[string]struct {
		common   commonOptions
		terminal bool
		env      string
		colored  bool
		details  bool
	}{
		"colors on a terminal":          {common: commonOptions{LogFormat: logText}, terminal: true, colored: true},
		"no colors with NO_COLOR":       {common: commonOptions{LogFormat: logText}, terminal: true, env: "NO_COLOR=1"},
		"no colors with --no-color":     {common: commonOptions{LogFormat: logText, NoColor: true}, terminal: true},
		"no colors on a dumb terminal":  {common: commonOptions{LogFormat: logText}, terminal: true, env: "TERM=dumb"},
		"no colors in a file":           {common: commonOptions{LogFormat: logText}},
		"no colors in JSON":             {common: commonOptions{LogFormat: logJSON}, terminal: true},
		"details where they are wanted": {common: commonOptions{LogFormat: logText, Verbose: true}, details: true},
	} {
		t.Run("there are "+name, func(t *testing.T) {
			s := newScreen("", tc.terminal, tc.env)
			log := tc.common.logger(s.console, s.console.err)
			logEvent(log, event)
			logEvent(log, detail)
			require.Contains(t, s.stderr.String(), "held back")
			require.NotContains(t, s.stderr.String(), "\x1b[31m", "a name has no colors of its own")
			require.NotContains(t, s.stderr.String(), "\u009b")
			require.Equal(t, tc.colored, strings.Contains(s.stderr.String(), "\x1b["))
			require.Equal(t, tc.details, strings.Contains(s.stderr.String(), "detail"))
		})
	}
}

// objects are the lines of a text, each of which has to be an object.
func objects(t *testing.T, text string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		var one map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &one), line)
		all = append(all, one)
	}
	return all
}
