package migrate_test

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// manyChannels is a source of one service that has nothing but channels.
type manyChannels struct {
	migrate.Source
	n int
}

func (m manyChannels) Services(context.Context) iter.Seq2[chat.Service, error] {
	return func(yield func(chat.Service, error) bool) { yield(chat.Service{SID: "IS1"}, nil) }
}

func (m manyChannels) Channels(context.Context, string) iter.Seq2[chat.Channel, error] {
	return func(yield func(chat.Channel, error) bool) {
		for i := range m.n {
			if !yield(chat.Channel{SID: fmt.Sprintf("CH%032x", i), UniqueName: fmt.Sprint("room ", i)}, nil) {
				return
			}
		}
	}
}

// BenchmarkScopeOfManyNames selects 50,000 of 100,000 channels, half by SID and half
// by unique name.
func BenchmarkScopeOfManyNames(b *testing.B) {
	var scope migrate.Scope
	for i := range 25_000 {
		scope.Channels = append(scope.Channels, fmt.Sprintf("CH%032x", i), fmt.Sprint("room ", 50_000+i))
	}
	for b.Loop() {
		src := migrate.Scoped(manyChannels{n: 100_000}, scope)
		require.NoError(b, migrate.CheckScope(b.Context(), src, nil))
	}
}
