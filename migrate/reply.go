package migrate

import "context"

type replyKey[T any] struct{}

// WithReply is a context for one write of a Target that returns nothing, and what
// the service showed of the resource then. ok is false if it showed none.
func WithReply[T any](ctx context.Context) (asked context.Context, stored func() (reply T, ok bool)) {
	var last T
	var shown bool
	asked = context.WithValue(ctx, replyKey[T]{}, func(reply T) { last, shown = reply, true })
	return asked, func() (T, bool) { return last, shown }
}

// Replied hands what a reply showed to whoever asked with WithReply. Every Target
// calls it, within the call that it is of.
func Replied[T any](ctx context.Context, reply T) {
	if take, ok := ctx.Value(replyKey[T]{}).(func(T)); ok {
		take(reply)
	}
}
