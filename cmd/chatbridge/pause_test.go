package main

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestHours(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 3, 1, hour, minute, 59, 0, time.Local) }
	for text, want := range map[string]map[bool][]time.Time{
		"22:00-06:00": {true: {at(22, 0), at(23, 59), at(0, 0), at(5, 59)}, false: {at(6, 0), at(12, 0), at(21, 59)}},
		"8:30-17:00":  {true: {at(8, 30), at(16, 59)}, false: {at(8, 29), at(17, 0), at(0, 0)}},
	} {
		h, err := parseHours(text)
		require.NoError(t, err)
		for in, times := range want {
			for _, one := range times {
				require.Equal(t, in, h.contain(one), "%s in %s", one, text)
			}
		}
	}
	none, err := parseHours("")
	require.NoError(t, err)
	require.Nil(t, none)
	for _, text := range []string{"22:00", "22-6", "22:00-24:00", "22:00-22:00", "-", "22:00-06:00-07:00", "10pm-6am"} {
		_, err := parseHours(text)
		require.Equal(t, exitUsage, statusOf(err), text)
		require.Contains(t, hintOf(err), "22:00-06:00", text)
	}
}

func TestPauseOption(t *testing.T) {
	reason := func(p *migrate.Pause) string {
		text, _ := p.Reason()
		return text
	}
	t.Run("pauses while the file is there, from the first moment on, and says when it goes on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "stop")
			require.NoError(t, os.WriteFile(file, nil, 0o600))
			o := pauseOption{PauseFile: file}
			require.NoError(t, o.check())
			var told []string
			ctx, waits := migrate.WithWaits(t.Context())
			ctx, stop := o.watch(ctx, func(text string) { told = append(told, text) })
			p := migrate.PauseOf(ctx)
			require.Equal(t, "the file "+file+" exists; remove it to go on", reason(p))
			time.Sleep(90*time.Second + 500*time.Millisecond)
			require.Equal(t, migrate.Paused, waits.Now(migrate.LongWait)[0].Cause)
			require.NoError(t, os.Remove(file))
			time.Sleep(2 * time.Second)
			require.Empty(t, reason(p))
			require.Empty(t, waits.Now(0))
			require.Equal(t, []string{"going on after a pause of 1 min 31 s"}, told)
			require.NoError(t, os.Mkdir(file, 0o700))
			time.Sleep(2 * time.Second)
			require.NotEmpty(t, reason(p), "whatever it is")
			stop()
			require.Empty(t, waits.Now(0))
		})
	})
	t.Run("pauses outside the hours", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			now := time.Now().Local()
			from := now.Add(2 * time.Hour).Format("15:04")
			o := pauseOption{Hours: from + "-" + now.Add(3*time.Hour).Format("15:04")}
			require.NoError(t, o.check())
			ctx, stop := o.watch(t.Context(), func(string) {})
			defer stop()
			p := migrate.PauseOf(ctx)
			require.Equal(t, "outside --hours "+o.Hours+"; resumes at "+from, reason(p))
			time.Sleep(2*time.Hour + time.Second)
			require.Empty(t, reason(p))
			time.Sleep(time.Hour)
			require.NotEmpty(t, reason(p))
		})
	})
	t.Run("is nothing where nobody asked", func(t *testing.T) {
		ctx, stop := (&pauseOption{}).watch(t.Context(), nil)
		stop()
		require.Nil(t, migrate.PauseOf(ctx))
	})
	t.Run("a --pause-file in a folder that is not there is a slip", func(t *testing.T) {
		err := (&pauseOption{PauseFile: filepath.Join(t.TempDir(), "no", "stop")}).check()
		require.Equal(t, exitUsage, statusOf(err))
	})
}
