package main

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// TestAsksOnceMore is a run that was under way when somebody asked: what came into the
// source since it began is for one more pass, and nobody is told before that one is over.
func TestAsksOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked [][]string
		looks := 0
		w := &watch{console: &console{err: io.Discard}, again: []string{"a", "c"},
			look: func(context.Context) (string, bool, error) { looks++; return "", looks != 1, nil },
			ask: func(_ context.Context, names ...string) error {
				asked = append(asked, names)
				if len(asked) == 1 {
					return unasked(migrate.Unavailable)
				}
				return nil
			},
		}
		require.NoError(t, w.until(t.Context(), nil))
		require.Equal(t, [][]string{{"a", "c"}, {"a", "c"}}, asked, "asked again when the database is back, and once")
		require.Equal(t, 4, looks, "at work, over, over, and over again after that was asked for")
	})
	w := &watch{console: &console{err: io.Discard}, again: []string{"a"},
		look: func(context.Context) (string, bool, error) { return "", true, nil },
		ask:  func(context.Context, ...string) error { return unasked(migrate.Conflict) },
	}
	require.Equal(t, migrate.Conflict, migrate.KindOf(w.until(t.Context(), nil)))
}

// A look that the database never answers ends by itself: until it does, nobody sees
// that this process was told to stop.
func TestLookWithoutAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := make(chan struct{})
		looks := 0
		w := &watch{console: &console{err: io.Discard}, look: func(ctx context.Context) (string, bool, error) {
			if looks++; looks == 2 {
				close(first)
			}
			<-ctx.Done()
			return "", false, unasked(migrate.Unavailable)
		}}
		require.NoError(t, w.until(t.Context(), first))
		require.Equal(t, 2, looks)
	})
}

func unasked(k migrate.Kind) error {
	return &migrate.Error{Op: "ask for work", Kind: k, Err: errors.New("why")}
}
