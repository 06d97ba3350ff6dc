package origin_test

import (
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/origin"
)

// channel is a long one: n messages of one author, all dated to one day, with so
// many different bodies.
type channel struct{ n, bodies int }

func (c channel) created() time.Time { return birth.Add(-24 * time.Hour) }

func (c channel) wants() iter.Seq2[origin.Want, error] {
	return func(yield func(origin.Want, error) bool) {
		for i := range c.n {
			w := origin.Want{SID: sid("S", i), Index: int64(i), Author: "al", Created: c.created(), Content: c.content(i)}
			if !yield(w, nil) {
				return
			}
		}
	}
}

func (c channel) content(i int) origin.Content {
	return origin.ContentOf(fmt.Sprint("body ", i*i%c.bodies), "")
}

// haves is what the target has: all but the first until, every tenth missing if
// asked, and each hundredth twice.
func (c channel) haves(until, missing, twice int) iter.Seq2[origin.Have, error] {
	return func(yield func(origin.Have, error) bool) {
		index := int64(0)
		for i := range until {
			copies := 1
			if missing > 0 && i%missing == missing-1 {
				copies = 0
			}
			if twice > 0 && i%twice == twice-1 {
				copies = 2
			}
			for range copies {
				if !yield(origin.Have{SID: fmt.Sprint("T", index), Index: index, Author: "al", Created: c.created(), Content: c.content(i)}, nil) {
					return
				}
				index++
			}
		}
	}
}

func (c channel) read(target iter.Seq2[origin.Have, error]) (origin.Decision, map[origin.Kind]int, error) {
	kinds := map[origin.Kind]int{}
	d, err := origin.Read(c.wants(), target, origin.Knowledge{Birth: origin.BornAt(birth)}, func(v origin.Verdict) error {
		kinds[v.Kind]++
		return nil
	})
	return d, kinds, err
}

func TestLongRunsOfOneAuthorAndSecond(t *testing.T) {
	for name, bodies := range map[string]int{"each says something else": 1 << 40, "a hundred words": 100, "one word": 1} {
		t.Run(name, func(t *testing.T) {
			c := channel{n: 60_000, bodies: bodies}
			d, kinds, err := c.read(c.haves(50_000, 0, 0))
			require.NoError(t, err)
			require.Nil(t, d.Stop)
			require.EqualValues(t, 50_000, d.Next)
			require.Equal(t, 50_000, kinds[origin.Ours])
		})
	}
	t.Run("with holes", func(t *testing.T) {
		c := channel{n: 60_000, bodies: 1 << 40}
		d, kinds, err := c.read(c.haves(50_000, 10, 0))
		require.NoError(t, err)
		require.Nil(t, d.Stop)
		require.Equal(t, 5_000, kinds[origin.Hole]+1, "the last one is at the end, and nothing tells it from one that was not written")
	})
	t.Run("with copies", func(t *testing.T) {
		c := channel{n: 60_000, bodies: 1 << 40}
		d, kinds, err := c.read(c.haves(50_000, 0, 100))
		require.NoError(t, err)
		require.Nil(t, d.Stop)
		require.EqualValues(t, 50_000, d.Next)
		require.Equal(t, 500, kinds[origin.CopyOf])
	})
	t.Run("one word, with holes and copies, ends", func(t *testing.T) {
		c := channel{n: 60_000, bodies: 1}
		_, kinds, err := c.read(c.haves(50_000, 10, 100))
		require.NoError(t, err)
		require.Equal(t, 46_000, kinds[origin.Ours])
	})
}

func TestMoreThanIsRemembered(t *testing.T) {
	c := channel{n: 30_000, bodies: 1 << 40}
	t.Run("a hole wider than the look ahead stops", func(t *testing.T) {
		d, _, err := c.read(func(yield func(origin.Have, error) bool) {
			yield(origin.Have{SID: "T0", Author: "al", Created: c.created(), Content: c.content(20_000)}, nil)
		})
		require.NoError(t, err)
		require.NotNil(t, d.Stop)
	})
	t.Run("a copy of one long passed is named, and not taken for a later one", func(t *testing.T) {
		d, kinds, err := c.read(func(yield func(origin.Have, error) bool) {
			for h, err := range c.haves(20_000, 0, 0) {
				if !yield(h, err) {
					return
				}
			}
			yield(origin.Have{SID: "TX", Index: 20_000, Author: "al", Created: c.created(), Content: c.content(5)}, nil)
		})
		require.NoError(t, err)
		require.NotNil(t, d.Stop)
		require.Equal(t, []string{"TX"}, d.Stop.Target)
		require.Zero(t, kinds[origin.Hole])
	})
	t.Run("strangers' past messages without end stop", func(t *testing.T) {
		d, _, err := c.read(func(yield func(origin.Have, error) bool) {
			for i := range 20_000 {
				if !yield(origin.Have{SID: sid("X", i), Index: int64(i), Author: "eve", Created: c.created(), Content: c.content(i)}, nil) {
					return
				}
			}
		})
		require.NoError(t, err)
		require.NotNil(t, d.Stop)
		require.Equal(t, origin.TooMany, d.Stop.Reason)
	})
}

func BenchmarkRead(b *testing.B) {
	for name, bodies := range map[string]int{"distinct": 1 << 40, "one word": 1} {
		for how, missing := range map[string]int{"equal": 0, "with holes": 10} {
			b.Run(name+" "+how, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c := channel{n: 100_000, bodies: bodies}
					if _, _, err := c.read(c.haves(c.n, missing, 0)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
