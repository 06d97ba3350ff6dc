package migrate

import (
	"context"

	"chatbridge/mapping"
)

type notedKey struct{}

// Noting is a context for reads of a Source: what the source itself finds, such as
// a counter that its lists do not agree with, is told to o, with all that there is to
// say of it, and given to add. Both are called from many goroutines.
func Noting(ctx context.Context, o Observer, add func([]mapping.Finding)) context.Context {
	o = Observed(o)
	return context.WithValue(ctx, notedKey{}, func(found []mapping.Finding) {
		for _, f := range found {
			o.Event(Event{Level: Detail, Message: meanings[f.Code], Fields: []any{"sid", f.SID, "field", f.Field, "found", f.Detail}})
		}
		add(found)
	})
}

var meanings = func() map[mapping.Code]string {
	all := map[mapping.Code]string{}
	for _, r := range mapping.Codes() {
		all[r.Code] = r.Meaning
	}
	return all
}()

// Note hands findings to whoever asked with Noting.
func Note(ctx context.Context, found []mapping.Finding) {
	if add, ok := ctx.Value(notedKey{}).(func([]mapping.Finding)); ok {
		add(found)
	}
}
