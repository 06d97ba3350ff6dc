package sourcetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// testMessages requires messages whole and in order, either way.
func testMessages(t *testing.T, s migrate.Source, w World) {
	want := w.services[0].channels[longRoom].messages
	for _, newest := range []bool{false, true} {
		t.Run(fmt.Sprintf("are whole and in order, newest first: %v", newest), func(t *testing.T) {
			all := collect(t, s.Messages(t.Context(), sid("IS", 1), sid("CH", longRoom), migrate.Span{After: migrate.All, NewestFirst: newest}))
			if newest {
				slices.Reverse(all)
			}
			require.Len(t, all, len(want))
			for i, m := range all {
				require.Equal(t, want[i]["sid"], m.SID)
				require.EqualValues(t, want[i]["index"], m.Index)
				require.Equal(t, want[i]["from"], m.From)
				require.Equal(t, want[i]["body"], m.Body)
				require.NotNil(t, m.Attributes, "whole: what a list hides was asked for")
				require.Equal(t, want[i]["attributes"], *m.Attributes)
				require.Equal(t, date, m.DateCreated.UTC().Format("2006-01-02T15:04:05Z"))
			}
		})
	}
}

// testSpans requires what is beyond an index and nothing else, whether the
// index is that of a message, lies in a gap, or is beyond the last, and wherever the
// list may be begun.
func testSpans(t *testing.T, s migrate.Source, w World) {
	var indexes []int64
	for _, n := range fieldOf[int](w.services[0].channels[longRoom].messages, "index") {
		indexes = append(indexes, int64(n))
	}
	last := indexes[len(indexes)-1]
	const gap = 5 // the messages before it are 0 to 4, the next is 7
	require.NotContains(t, indexes, int64(gap))
	pages := []migrate.Page{{}, {Address: "/v1/Services/" + sid("IS", 1) + "/Channels/" + sid("CH", longRoom) + "/Messages?PageToken=PT.1", SID: sid("IM", 1)}}
	for _, m := range collect(t, s.Messages(t.Context(), sid("IS", 1), sid("CH", longRoom), migrate.Span{After: migrate.All})) {
		if m.Page != "" {
			pages = append(pages, migrate.Page{Address: m.Page, SID: m.SID, Index: m.Index})
		}
	}
	pages = []migrate.Page{pages[0], pages[1], pages[len(pages)/2], pages[len(pages)-1]}
	for _, after := range []int64{migrate.All, 0, gap - 1, gap, indexes[99], indexes[100], last - 1, last, last + 1} {
		want := slices.DeleteFunc(slices.Clone(indexes), func(i int64) bool { return i <= after })
		for _, newest := range []bool{false, true} {
			t.Run(fmt.Sprintf("after %d, newest first: %v", after, newest), func(t *testing.T) {
				for _, from := range pages {
					var got []int64
					for _, m := range collect(t, s.Messages(t.Context(), sid("IS", 1), sid("CH", longRoom), migrate.Span{After: after, NewestFirst: newest, From: from})) {
						got = append(got, m.Index)
					}
					if newest {
						slices.Reverse(got)
					}
					require.True(t, slices.Equal(want, got), "want %v, got %v", want, got)
				}
			})
		}
	}
}
