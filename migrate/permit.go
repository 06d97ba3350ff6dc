package migrate

import "context"

type (
	permitKey struct{}
	aheadKey  struct{}
)

// Ahead returns a context whose requests wait neither for a slot nor for a token:
// they are few, and come too late if they queue behind what they are about.
func Ahead(ctx context.Context) context.Context { return context.WithValue(ctx, aheadKey{}, true) }

// IsAhead reports whether a context is one of Ahead.
func IsAhead(ctx context.Context) bool { return ctx.Value(aheadKey{}) != nil }

// WithPermit returns a context whose writes ask permit before each attempt, at
// the last moment before it is sent: it may have waited for its turn, or for
// another attempt, since it was asked for. An error keeps the attempt from being
// sent, and the write may be tried again as if there had been no connection.
func WithPermit(ctx context.Context, permit func() error) context.Context {
	return context.WithValue(ctx, permitKey{}, permit)
}

// Permitted asks the permit of a context; nil if it has none.
func Permitted(ctx context.Context) error {
	if permit, ok := ctx.Value(permitKey{}).(func() error); ok {
		return permit()
	}
	return nil
}
