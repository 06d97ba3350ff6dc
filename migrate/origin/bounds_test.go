package origin_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate/origin"
)

// counted counts what is taken out of a sequence, and tells whether it was let go.
func counted[T any](seq iter.Seq2[T, error], n *int, gone *bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		defer func() { *gone = true }()
		for item, err := range seq {
			*n++
			if !yield(item, err) {
				return
			}
		}
	}
}

func TestBothSidesAreReadNoFurtherThanTheyHaveTo(t *testing.T) {
	all, read, gone := tale(100), 0, false
	k := origin.Knowledge{Birth: origin.BornAt(birth)}
	nothing := func(origin.Verdict) error { return nil }
	_, err := origin.Read(counted(wantsOf(longAgo, all), &read, &gone), havesOf(longAgo, all[:10]), k, nothing)
	require.NoError(t, err)
	require.Equal(t, 11, read, "what is there, and the one that comes next")
	require.True(t, gone)

	read = 0
	confirmed := func(yield func(origin.Confirmed, error) bool) {
		for i := range 10 {
			if !yield(origin.Confirmed{SourceIndex: int64(i), TargetIndex: int64(i), SourceSID: sid("S", i), TargetSID: sid("T", i)}, nil) {
				return
			}
		}
	}
	ledger, let := 0, false
	k.Confirmed = counted(confirmed, &ledger, &let)
	_, err = origin.Read(counted(wantsOf(longAgo, all), &read, &gone), havesOf(longAgo, all[:10]), k, nothing)
	require.NoError(t, err)
	require.Equal(t, 11, read)

	gone, let = false, false
	stop := errors.New("stop")
	_, err = origin.Read(counted(wantsOf(longAgo, all), &read, &gone), havesOf(longAgo, all[:10]), k, func(origin.Verdict) error { return stop })
	require.Equal(t, stop, err)
	require.True(t, gone, "the source is let go of")
	require.True(t, let, "the ledger is let go of")
}

// After a hole or a strange message, 32 messages in a row say that both sides have
// met again: then their verdicts come, and not at the end.
func TestBothSidesMeetAgain(t *testing.T) {
	const agreed = 32
	all := tale(100)
	strange := told{"eve", 0, "hi"}
	for name, c := range map[string]struct {
		target []told
		after  int // messages of the target, when the first verdict behind the trouble comes
	}{
		"after a hole":                        {slices.Concat(all[:1], all[3:]), 1 + agreed},
		"after a strange message":             {slices.Concat(all[:1], []told{strange}, all[1:]), 2 + agreed},
		"after two strange messages":          {slices.Concat(all[:1], []told{strange, strange}, all[1:]), 3 + agreed},
		"after a hole and a strange message":  {slices.Concat(all[:1], all[3:3+agreed-1], []told{strange}, all[3+agreed-1:]), 1 + agreed - 1 + 1 + agreed},
		"after one hole and then another one": {slices.Concat(all[:1], all[3:3+agreed-1], all[3+agreed:]), 1 + agreed - 1 + agreed},
	} {
		t.Run(name, func(t *testing.T) {
			read, gone, at := 0, false, 0
			_, err := origin.Read(wantsOf(longAgo, all), counted(havesOf(longAgo, c.target), &read, &gone), origin.Knowledge{Birth: origin.BornAt(birth)}, func(v origin.Verdict) error {
				if at == 0 && v.TargetIndex > 0 {
					at = read
				}
				return nil
			})
			require.NoError(t, err)
			require.Equal(t, c.after, at)
		})
	}
}

func TestTooMany(t *testing.T) {
	stranger := func(i int) told { return told{"eve", i, fmt.Sprint("hi ", i)} }
	strangers := func(n int) (all []told) {
		for i := range n {
			all = append(all, stranger(i))
		}
		return all
	}
	all := tale(100)
	t.Run("as many as may wait", func(t *testing.T) {
		d, _ := hear(t, longAgo, all, strangers(remembered-1), origin.Knowledge{})
		require.Equal(t, origin.FitsNothing, d.Stop.Reason)
		d, _ = hear(t, longAgo, all, strangers(remembered+10), origin.Knowledge{})
		require.Equal(t, &origin.Stop{Reason: origin.TooMany, Target: []string{"T0", sid("T", remembered-1)}}, d.Stop)
		require.NotContains(t, d.Stop.Error(), "source")
	})
	t.Run("one of ours among them makes room for as many again", func(t *testing.T) {
		target := append(all[1:2:2], strangers(remembered+100)...)
		d, verdicts := hear(t, longAgo, all, target, origin.Knowledge{})
		require.Equal(t, &origin.Stop{Reason: origin.TooMany, Target: []string{"T1", sid("T", remembered)}}, d.Stop)
		require.Equal(t, origin.Ours, about(verdicts, "T0").Kind)
		d, verdicts = hear(t, longAgo, all, append(target[:remembered:remembered], all[2], all[3]), origin.Knowledge{})
		require.Nil(t, d.Stop)
		require.Len(t, verdicts, 1+remembered+2, "the hole, and every message")
	})
	t.Run("altered ones", func(t *testing.T) {
		const most = 1 << 16
		var target []told
		for i := range most {
			if i%1000 == 0 {
				target = append(target, all[i/1000])
			}
			target = append(target, stranger(i))
		}
		target = append(target, all[66], all[67])
		d, _ := hear(t, longAgo, all, target, origin.Knowledge{})
		require.Nil(t, d.Stop)
		d, _ = hear(t, longAgo, all, append(target, stranger(most), all[68]), origin.Knowledge{})
		require.Equal(t, &origin.Stop{Reason: origin.TooMany, Target: []string{sid("T", len(target))}}, d.Stop)
	})
	t.Run("young ones", func(t *testing.T) {
		const most = 1 << 16
		d, _ := hear(t, since, all[:1], strangers(most), origin.Knowledge{})
		require.Nil(t, d.Stop)
		d, _ = hear(t, since, all[:1], strangers(most+1), origin.Knowledge{})
		require.Equal(t, &origin.Stop{Reason: origin.TooMany, Target: []string{"T0", sid("T", most)}}, d.Stop)
	})
}

// A young message of the source may be written if it was compared with what is
// there: that is 16,384 messages of the source at most.
func TestHowFarADecisionCovers(t *testing.T) {
	const lookahead = 1 << 14
	covers := func(d origin.Decision, index int) bool {
		return d.Covers(origin.Want{Index: int64(index), Created: since})
	}
	stranger := []told{{"eve", 0, "hi"}}
	d, _ := hear(t, since, tale(lookahead+100), stranger, origin.Knowledge{})
	require.True(t, covers(d, lookahead-1))
	require.False(t, covers(d, lookahead))
	d, _ = hear(t, since, tale(100), stranger, origin.Knowledge{})
	require.True(t, covers(d, lookahead), "the source was read to its end")
	d, _ = hear(t, since, tale(lookahead+100), nil, origin.Knowledge{})
	require.True(t, covers(d, lookahead), "nothing is there")
}

// An altered message is compared with what is still to be written, far beyond
// what was looked at when it was found.
func TestAnAlteredMessageAndALateOneOfItsKey(t *testing.T) {
	const lookahead = 1 << 14
	source := tale(lookahead + 5000)
	source[lookahead+4000].author, source[lookahead+4000].at = "bo", 0
	source[1].author, source[1].at = "bo", 0
	target := slices.Insert(slices.Clone(source[:10_000]), 2, told{"bo", 0, "edited"})
	d, _ := hear(t, longAgo, source, target, origin.Knowledge{})
	require.NotNil(t, d.Stop)
	require.Equal(t, origin.OtherContent, d.Stop.Reason)
	require.Contains(t, d.Stop.Error(), "(source "+sid("S", lookahead+4000)+")")
}

// A ledger may lack a long stretch before a message that it has.
func TestALongStretchThatWasNeverConfirmed(t *testing.T) {
	const n, lookahead = 60_000, 1 << 14
	source := tale(n)
	for _, at := range []int{lookahead - 1, lookahead, lookahead + 1, 20_000, 2 * lookahead, n - 1} {
		kinds := map[origin.Kind]int{}
		d, err := origin.Read(wantsOf(longAgo, source), haves(nil), origin.Knowledge{
			Birth: origin.BornAt(birth), Confirmed: all([]origin.Confirmed{{SourceIndex: int64(at), SourceSID: sid("S", at), TargetSID: "T0"}}),
		}, func(v origin.Verdict) error { kinds[v.Kind]++; return nil })
		require.NoError(t, err)
		require.Equal(t, map[origin.Kind]int{origin.Hole: at, origin.Deleted: 1}, kinds)
		if at < n-1 {
			require.EqualValues(t, at+1, d.Next)
		}
	}
}

// A twin counts however far ahead it is, also if nothing else was looked for there.
func TestTwinsFarAhead(t *testing.T) {
	far := []told{{"al", 0, "x"}, {"al", 1, "twin"}}
	for i := range 200 {
		far = append(far, told{"bo", 2 + i, "between"})
	}
	d, _ := hear(t, longAgo, far, far[1:2], origin.Knowledge{})
	require.Equal(t, &origin.Stop{Reason: origin.CopyOrLater, Target: []string{"T0"}, Source: []string{"S0", "S1"}}, d.Stop, "one message proves no hole")
	d, _ = hear(t, longAgo, append(far, far[1]), far[1:2], origin.Knowledge{})
	require.Equal(t, &origin.Stop{Reason: origin.CopyOrLater, Target: []string{"T0"}, Source: []string{"S0"}}, d.Stop, "it may be either twin")

	edited := []told{{"al", 0, "edited"}, {"al", 1, "twin"}}
	_, verdicts := hear(t, longAgo, far, edited, origin.Knowledge{})
	require.Equal(t, origin.OursOtherwise, about(verdicts, "T0").Kind)
	_, verdicts = hear(t, longAgo, append(far, told{"al", 0, "z"}), edited, origin.Knowledge{})
	require.Equal(t, origin.Altered, about(verdicts, "T0").Kind, "two have its author and second")
}

// A caller that only asks what the ledger knows, as undo does, passes no source.
func TestWithoutASource(t *testing.T) {
	kinds := map[string]origin.Kind{}
	d, err := origin.Read(nil, haves(words("a A")), origin.Knowledge{
		Birth: origin.BornAt(birth), Confirmed: all([]origin.Confirmed{{SourceSID: "S0", TargetSID: "T0"}}),
	}, func(v origin.Verdict) error { kinds[v.TargetSID] = v.Kind; return nil })
	require.NoError(t, err)
	require.Equal(t, map[string]origin.Kind{"T0": origin.Known, "T1": origin.Foreign}, kinds)
	require.Equal(t, origin.None, d.Next)
}

func TestTwoReadingsAgree(t *testing.T) {
	read := func(source, target string, k origin.Knowledge) *origin.Decision {
		k.Birth = origin.BornAt(birth)
		d, err := origin.Read(wants(words(source)), haves(words(target)), k, func(origin.Verdict) error { return nil })
		require.NoError(t, err)
		return &d
	}
	k := origin.Knowledge{}
	one := read("a b c", "a b", k)
	require.True(t, one.Agrees(read("a b c", "a b A", k)), "people wrote")
	require.False(t, one.Agrees(read("a b c", "a - b", k)), "ours has another SID")
	require.False(t, one.Agrees(read("a b c d", "a b c", k)), "one more landed")
	require.False(t, read("a b c", "a b a", k).Agrees(one), "a copy landed")
	require.False(t, read("a b c", "a b d", k).Agrees(one), "one of them stops")
	require.False(t, read("a b", "a b", k).Agrees(read("a b c", "a b", k)), "there is more to write")
	tail := origin.Knowledge{Tail: true}
	require.False(t, read("b c", "", tail).Agrees(read("b c", "c", tail)), "one asks for the whole")
}

func TestAnIndexThatIsUsedAgainIsNotBehind(t *testing.T) {
	var said []origin.Kind
	_, err := origin.Read(wants(words("- A")), haves(words("A")), origin.Knowledge{
		Birth: origin.BornAt(birth), Crashed: true, Confirmed: all([]origin.Confirmed{{SourceSID: "S0", TargetSID: "another"}}),
	}, func(v origin.Verdict) error { said = append(said, v.Kind); return nil })
	require.NoError(t, err)
	require.Equal(t, []origin.Kind{origin.Deleted, origin.AlreadyThere}, said)
}

func TestMessagesAsTheyAreCompared(t *testing.T) {
	at := birth.Add(-time.Hour)
	m := conversations.Message{SID: "IM1", Index: 7, Author: "al", DateCreated: at, Body: "hi", Attributes: `{"a":1}`}
	content := origin.ContentOf("hi", `{"a":1}`)
	require.Equal(t, origin.Want{SID: "S1", Index: 3, Author: "al", Before: "ann", Created: at, Content: content}, origin.WantOf("S1", 3, "ann", m))
	require.Equal(t, origin.Have{SID: "IM1", Index: 7, Author: "al", Created: at, Content: content}, origin.HaveOf(m))
}
