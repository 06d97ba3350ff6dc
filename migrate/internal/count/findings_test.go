package count_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate/internal/count"
)

type whose struct{}

func TestWithin(t *testing.T) {
	f := count.NewFindings()
	require.Same(t, f, f.Within(t.Context()), "nothing keeps them")
	var heard []any
	failed := errors.New("no place")
	f.Keep = func(ctx context.Context, found []mapping.Finding) error {
		require.NoError(t, ctx.Err(), "what was found is kept also when its lane was stopped")
		heard = append(heard, ctx.Value(whose{}))
		if len(heard) == 3 {
			return failed
		}
		return nil
	}
	stopped, stop := context.WithCancel(context.WithValue(t.Context(), whose{}, "run"))
	stop()
	run := f.Within(stopped)
	lane := run.Within(context.WithValue(stopped, whose{}, "lane"))
	for _, one := range []*count.Findings{f, run, lane, f} {
		one.Add([]mapping.Finding{{Code: mapping.BodyEmpty, SID: "IM1"}})
	}
	require.Equal(t, []any{nil, "run", "lane"}, heard, "after an error nothing is kept any more")
	require.EqualValues(t, 4, f.ByCode()[mapping.BodyEmpty])
	require.Equal(t, failed, run.Err())
}
