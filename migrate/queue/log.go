package queue

import (
	"context"
	"log/slog"
	"slices"

	"chatbridge/migrate"
)

// Keys of event fields.
const (
	keyMigration  = "migration"
	keyPass       = "pass"
	keyGeneration = "generation"
	keyWorker     = "worker"
)

func (q *Queue) notice(message string, fields ...any) {
	q.observer.Event(migrate.Event{Level: migrate.Notice, Message: message, Fields: fields})
}

func (q *Queue) warn(message string, fields ...any) {
	q.observer.Event(migrate.Event{Level: migrate.Warning, Message: message, Fields: fields})
}

// logger is where River logs to: details. What people have to know is said by
// this package, once and not at each attempt.
func logger(o migrate.Observer) *slog.Logger { return slog.New(details{observer: o}) }

type details struct {
	observer migrate.Observer
	fields   []any
}

func (details) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (d details) Handle(_ context.Context, r slog.Record) error {
	fields := slices.Clone(d.fields)
	r.Attrs(func(a slog.Attr) bool {
		fields = append(fields, a.Key, a.Value.Any())
		return true
	})
	d.observer.Event(migrate.Event{Level: migrate.Detail, Message: "River: " + r.Message, Fields: fields})
	return nil
}

func (d details) WithAttrs(attrs []slog.Attr) slog.Handler {
	d.fields = slices.Clone(d.fields)
	for _, a := range attrs {
		d.fields = append(d.fields, a.Key, a.Value.Any())
	}
	return d
}

func (d details) WithGroup(string) slog.Handler { return d }
