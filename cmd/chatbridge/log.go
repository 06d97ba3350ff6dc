package main

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/lmittmann/tint"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// logger makes the log of a command. It writes to w.
func (o *commonOptions) logger(c *console, w io.Writer) *slog.Logger {
	level := slog.LevelInfo
	switch {
	case o.Verbose:
		level = slog.LevelDebug
	case o.Quiet:
		level = slog.LevelError
	}
	switch {
	case o.LogFormat == logJSON:
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: harmless}))
	case c.terminal(c.err):
		return slog.New(tint.NewTextHandler(w, &tint.Options{Level: level, TimeFormat: time.TimeOnly, NoColor: !o.colored(c), ReplaceAttr: harmless}))
	default:
		return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: harmless}))
	}
}

// harmless spells out what a terminal would obey: names and answers in a log
// come from strangers.
func harmless(_ []string, a slog.Attr) slog.Attr {
	switch v := a.Value.Any().(type) {
	case string:
		a.Value = slog.StringValue(reports.Plain(v))
	case error:
		a.Value = slog.StringValue(reports.Plain(v.Error()))
	}
	return a
}

// colored reports whether what goes to a terminal may have colors.
func (o *commonOptions) colored(c *console) bool {
	return !o.NoColor && c.getenv("NO_COLOR") == "" && c.getenv("TERM") != "dumb"
}

var levels = map[migrate.Level]slog.Level{
	migrate.Detail:  slog.LevelDebug,
	migrate.Notice:  slog.LevelInfo,
	migrate.Warning: slog.LevelWarn,
}

// logEvent writes an event of the engine as a log line.
func logEvent(log *slog.Logger, e migrate.Event) {
	log.Log(context.Background(), levels[e.Level], e.Message, e.Fields...)
}
