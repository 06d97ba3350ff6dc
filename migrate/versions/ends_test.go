package versions_test

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/versions"
)

// ending is a reader whose list of messages ends with an index, and has these.
type ending struct {
	versions.Reader
	last  int64
	shown []int64
	whole *bool // what it was told about its end
}

func (e ending) MessagePages(_ context.Context, _, _ string, _ migrate.Span, known func(int64) bool) iter.Seq2[[]chat.Message, error] {
	return func(yield func([]chat.Message, error) bool) {
		for _, index := range e.shown {
			sid := "IM" + string(rune('a'+index))
			if !yield([]chat.Message{{SID: sid, Index: index, Raw: fmt.Appendf(nil, `{"sid":%q,"index":%d,"attributes":"{}"}`, sid, index)}}, nil) {
				return
			}
		}
		*e.whole = known(e.last)
	}
}

func (e ending) Messages(context.Context, string, string, migrate.Span) iter.Seq2[chat.Message, error] {
	return nil
}

func TestTheOtherEndIsAskedForUnlessBothListsEndAlike(t *testing.T) {
	for name, c := range map[string]struct {
		after, last  int64 // of v1
		older, newer []int64
		whole        bool
	}{
		"nothing in either":                         {migrate.All, migrate.All, nil, nil, true},
		"the same end":                              {migrate.All, 3, []int64{1, 3}, []int64{1, 3}, true},
		"nothing new, as far as was asked for":      {7, 7, nil, nil, true},
		"nothing new, but v1 did not come that far": {7, 5, nil, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			var whole, unasked bool
			s := versions.New(ending{last: c.last, shown: c.older, whole: &whole}, ending{shown: c.newer, whole: &unasked}, nil)
			for _, err := range s.Messages(t.Context(), "IS1", "CH1", migrate.Span{After: c.after}) {
				require.NoError(t, err)
			}
			require.Equal(t, c.whole, whole)
		})
	}
}
