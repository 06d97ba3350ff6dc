package verify

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// plainly pairs as pairUp does, by holding each message of one side against each of the
// other.
func plainly(missing, only []digest) (pairs []string) {
	text := func(w, h digest) bool { return w.author == h.author && w.created == h.created && w.body == h.body }
	rest := func(w, h digest) bool {
		return w.gap == h.gap && w.body == h.body && w.attributes == h.attributes && w.media == h.media
	}
	for _, c := range []struct {
		class Class
		field string
		match func(w, h digest) bool
	}{
		{Reordered, "", func(w, h digest) bool { return w.identity() == h.identity() }},
		{Altered, "attributes", func(w, h digest) bool { return text(w, h) && w.media == h.media }},
		{Altered, mediaField, func(w, h digest) bool { return text(w, h) && (w.media != 0 || h.media != 0) }},
		{Altered, "body", func(w, h digest) bool { return w.author == h.author && w.created == h.created && w.gap == h.gap }},
		{WrongDate, "date_created", func(w, h digest) bool { return rest(w, h) && w.author == h.author }},
		{WrongAuthor, "author", func(w, h digest) bool { return rest(w, h) && w.created == h.created }},
	} {
		missing = slices.DeleteFunc(slices.Clone(missing), func(w digest) bool {
			i := slices.IndexFunc(only, func(h digest) bool { return w.blocked == "" && c.match(w, h) })
			if i < 0 {
				return false
			}
			pairs = append(pairs, fmt.Sprint(c.class, c.field, w.sid, only[i].sid))
			only = slices.Delete(slices.Clone(only), i, i+1)
			return true
		})
	}
	return pairs
}

// Each message is paired once, with the first that fits, in the surest class.
func TestPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := func(name string) (all []digest) {
			for i := range rapid.IntRange(0, 7).Draw(t, name) {
				few := func(field string, most uint64) uint64 { return rapid.Uint64Range(0, most).Draw(t, field) }
				all = append(all, digest{
					sid: fmt.Sprint(name, i), author: few("author", 1), body: few("body", 1), attributes: few("attributes", 1),
					media: few("media", 2), created: int64(few("created", 1)), gap: int(few("gap", 1)),
					blocked: []string{"", "", "", "no"}[few("blocked", 3)],
				})
			}
			return all
		}
		missing, only := side("source"), side("target")
		want := plainly(missing, only)
		j, f := &classifier{missing: slices.Clone(missing), only: slices.Clone(only)}, &channelFound{}
		j.pairUp(f)
		var got []string
		for _, d := range f.differences {
			got = append(got, fmt.Sprint(d.Class, d.Field, d.SourceSID, d.TargetSID))
		}
		require.Equal(t, want, got)
		require.Len(t, j.missing, len(missing)-len(got))
		require.Len(t, j.only, len(only)-len(got))
	})
}
