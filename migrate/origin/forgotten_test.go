package origin_test

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/origin"
)

// remembered is how many messages Read knows in their places.
const remembered = 8192

// told is one message of either side: who said what, and how many seconds after
// the first one.
type told struct {
	author string
	at     int
	body   string
}

// tale is n messages of al, one in each second.
func tale(n int) (all []told) {
	for i := range n {
		all = append(all, told{"al", i, fmt.Sprint("body ", i)})
	}
	return all
}

// hear holds a tale against another one, dated from a time on.
func hear(t *testing.T, from time.Time, source, target []told, k origin.Knowledge) (origin.Decision, []origin.Verdict) {
	t.Helper()
	var verdicts []origin.Verdict
	k.Birth = origin.BornAt(birth)
	d, err := origin.Read(wantsOf(from, source), havesOf(from, target), k, func(v origin.Verdict) error {
		verdicts = append(verdicts, v)
		return nil
	})
	require.NoError(t, err)
	return d, verdicts
}

func wantsOf(from time.Time, tale []told) iter.Seq2[origin.Want, error] {
	return func(yield func(origin.Want, error) bool) {
		for i, m := range tale {
			if !yield(origin.Want{SID: sid("S", i), Index: int64(i), Author: m.author, Created: from.Add(time.Duration(m.at) * time.Second), Content: origin.ContentOf(m.body, "")}, nil) {
				return
			}
		}
	}
}

func havesOf(from time.Time, tale []told) iter.Seq2[origin.Have, error] {
	return func(yield func(origin.Have, error) bool) {
		for i, m := range tale {
			if !yield(origin.Have{SID: sid("T", i), Index: int64(i), Author: m.author, Created: from.Add(time.Duration(m.at) * time.Second), Content: origin.ContentOf(m.body, "")}, nil) {
				return
			}
		}
	}
}

var (
	longAgo = birth.Add(-24 * time.Hour)
	since   = birth.Add(time.Hour)
)

func about(verdicts []origin.Verdict, targetSID string) (v origin.Verdict) {
	for _, v = range verdicts {
		if v.TargetSID == targetSID {
			return v
		}
	}
	return origin.Verdict{}
}

func TestCopiesAreFoundAsFarBackAsIsRemembered(t *testing.T) {
	all := tale(remembered + 40)
	for _, n := range []int{1, remembered - 2, remembered - 1, remembered, remembered + 1, remembered + 30} {
		source := all[:n+1]
		_, verdicts := hear(t, longAgo, source, append(source[:n+1:n+1], all[n]), origin.Knowledge{})
		v := about(verdicts, sid("T", n+1))
		require.Equal(t, origin.CopyOf, v.Kind)
		require.Equal(t, sid("T", n), v.Like, "it is a copy of the message before it")
	}
	source := all[:remembered+5]
	_, verdicts := hear(t, longAgo, source, append(source[:len(source):len(source)], all[5]), origin.Knowledge{})
	require.Equal(t, origin.CopyOf, about(verdicts, sid("T", len(source))).Kind, "it is the oldest that is remembered")
}

// A reading goes on after more messages than it remembers, and knows of the older
// ones at least that there were some.
func TestWhatIsForgotten(t *testing.T) {
	const n = 2*remembered + 500
	all := tale(n)
	with := func(more ...told) []told { return append(all[:n:n], more...) }
	t.Run("other content with author and second of an old one is not the next one's", func(t *testing.T) {
		next := told{"al", 7, "another of that second"}
		_, verdicts := hear(t, longAgo, with(next), with(told{"al", 7, "edited"}), origin.Knowledge{})
		require.Equal(t, origin.Altered, about(verdicts, sid("T", n)).Kind)
	})
	t.Run("other content with author and second of its own is", func(t *testing.T) {
		var sent, stored []told
		for i := range 200 {
			sent, stored = append(sent, told{"bo", n + i, "sent"}), append(stored, told{"bo", n + i, "stored"})
		}
		_, verdicts := hear(t, longAgo, with(sent...), with(stored...), origin.Knowledge{})
		for i := range sent {
			require.Equal(t, origin.OursOtherwise, about(verdicts, sid("T", n+i)).Kind)
		}
	})
	t.Run("one like an old one is rather a copy than a later one", func(t *testing.T) {
		for i := range 5 {
			old, again := all[i], all[n-1] // both are in the source once more
			d, verdicts := hear(t, longAgo, with(again, told{"cy", i, "next"}, old), with(old, again), origin.Knowledge{})
			require.Equal(t, sid("S", n), about(verdicts, sid("T", n+1)).SourceSID)
			require.NotNil(t, d.Stop)
			require.Equal(t, origin.OutOfPlace, d.Stop.Reason, "it equals one that is still to be written")
		}
	})
	t.Run("an equal one is no copy if one of its author and second was missing", func(t *testing.T) {
		twin := told{"al", 0, "twin"}
		source := append([]told{all[0], {"al", 0, "deleted"}}, all[1:]...)
		target := all[:n:n]
		_, verdicts := hear(t, longAgo, append(source, twin), append(target, twin, twin), origin.Knowledge{})
		require.Equal(t, origin.Altered, about(verdicts, sid("T", n+1)).Kind)
		_, verdicts = hear(t, longAgo, append(all[:n:n], twin), append(target, twin, twin), origin.Knowledge{})
		require.Equal(t, origin.CopyOf, about(verdicts, sid("T", n+1)).Kind, "without the hole it is one")
		source = append([]told{all[0], {"bo", 0, "deleted"}}, all[1:]...)
		_, verdicts = hear(t, longAgo, append(source, twin), append(target, twin, twin), origin.Knowledge{})
		require.Equal(t, origin.CopyOf, about(verdicts, sid("T", n+1)).Kind, "the hole was of another author")
	})
	t.Run("an altered one may fill an old hole", func(t *testing.T) {
		source := append([]told{all[0], {"al", 0, "deleted"}}, all[1:]...)
		source = append(source, told{"bo", 1, "after it"}, told{"bo", 2, "next"}, told{"al", 0, "to come"})
		d, _ := hear(t, longAgo, source, with(told{"al", 0, "edited"}, told{"bo", 1, "after it"}), origin.Knowledge{})
		require.Nil(t, d.Stop)
		source = append(with(), source[n+1:]...)
		d, _ = hear(t, longAgo, source, with(told{"al", 0, "edited"}, told{"bo", 1, "after it"}), origin.Knowledge{})
		require.NotNil(t, d.Stop, "without the hole it may be the one to come")
		require.Equal(t, origin.OtherContent, d.Stop.Reason)
	})
	t.Run("without a ledger a young one like an old one may be a copy", func(t *testing.T) {
		_, verdicts := hear(t, since, all, with(told{"al", 3, "said again"}, told{"al", n + 9, "said once"}), origin.Knowledge{})
		require.True(t, about(verdicts, sid("T", n)).MayBeCopy)
		require.False(t, about(verdicts, sid("T", n+1)).MayBeCopy)
	})
}
