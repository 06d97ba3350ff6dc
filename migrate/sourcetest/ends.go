package sourcetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// testStops leaves sequences in the middle. One that goes on regardless panics.
func testStops(t *testing.T, s migrate.Source, _ World, v1 bool) {
	for name, records := range sequences(t.Context(), s, sid("IS", 1), sid("CH", longRoom), sid("US", 1), v1) {
		t.Run(name+" end when nobody reads on", func(t *testing.T) {
			for range 2 {
				for _, err := range records {
					require.NoError(t, err)
					break
				}
			}
		})
	}
}

// testCancellation requires that a canceled context ends a sequence with an
// error, and never as if there were no more.
func testCancellation(t *testing.T, s migrate.Source, w World, v1 bool) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, records := range sequences(canceled, s, sid("IS", 1), sid("CH", longRoom), sid("US", 1), v1) {
		t.Run(name+" of a canceled context are an error", func(t *testing.T) {
			all, err := walk(t, records)
			require.Empty(t, all)
			requireKind(t, migrate.Interrupted, err)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
	t.Run("User and Channel of a canceled context are an error", func(t *testing.T) {
		_, err := s.User(canceled, sid("IS", 1), sid("US", 0))
		requireKind(t, migrate.Interrupted, err)
		_, err = s.Channel(canceled, sid("IS", 1), sid("CH", 0))
		requireKind(t, migrate.Interrupted, err)
	})
	for _, newest := range []bool{false, true} {
		t.Run("Messages end with an error when the context is canceled between them", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			many, last := 0, error(nil)
			for _, err := range s.Messages(ctx, sid("IS", 1), sid("CH", longRoom), migrate.Span{After: migrate.All, NewestFirst: newest}) {
				require.NoError(t, last, "an error is the last element")
				if last = err; err == nil {
					many++
					cancel()
				}
			}
			requireKind(t, migrate.Interrupted, last)
			require.LessOrEqual(t, many, len(w.services[0].channels[longRoom].messages))
		})
	}
}

// testNotFound asks for what is not there.
func testNotFound(t *testing.T, s migrate.Source, _ World, v1 bool) {
	unknown := sid("IS", 0xdead)
	for name, records := range sequences(t.Context(), s, unknown, sid("CH", longRoom), sid("US", 1), v1) {
		if name == "Services" || name == "Credentials" {
			continue
		}
		t.Run(name+" of a service that is not there are an error", func(t *testing.T) {
			all, err := walk(t, records)
			require.Empty(t, all)
			requireKind(t, migrate.NotFound, err)
		})
	}
	for name, records := range sequences(t.Context(), s, sid("IS", 1), sid("CH", 0xdead), sid("US", 1), v1) {
		if name != "Members" && name != "Messages" && name != "Invites" {
			continue
		}
		t.Run(name+" of a channel that is not there are an error", func(t *testing.T) {
			all, err := walk(t, records)
			require.Empty(t, all)
			requireKind(t, migrate.NotFound, err)
		})
	}
	t.Run("User and Channel that are not there are an error", func(t *testing.T) {
		_, err := s.User(t.Context(), sid("IS", 1), sid("US", 0xdead))
		requireKind(t, migrate.NotFound, err)
		_, err = s.Channel(t.Context(), sid("IS", 1), sid("CH", 0xdead))
		requireKind(t, migrate.NotFound, err)
	})
}

// testBroken requires that a source which cannot go on says so once, last, and
// after messages that are the first ones without a gap.
func testBroken(t *testing.T, suite Suite, w World) {
	want := fieldOf[string](w.services[0].channels[longRoom].messages, "sid")
	s := suite.Broken(t, w)
	var got []string
	messages, err := walk(t, s.Messages(t.Context(), sid("IS", 1), sid("CH", longRoom), migrate.Span{After: migrate.All}))
	for _, m := range messages {
		got = append(got, m.SID)
	}
	requireKind(t, suite.Kind, err)
	require.NotEmpty(t, got)
	require.Less(t, len(got), len(want))
	require.Equal(t, want[:len(got)], got)
}
