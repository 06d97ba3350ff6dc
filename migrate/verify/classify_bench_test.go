package verify

import (
	"fmt"
	"testing"
)

// BenchmarkClassify sorts what two sides do not share that have the same authors and
// dates throughout, and other texts.
func BenchmarkClassify(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				want, have := make([]digest, n), make([]digest, n)
				for i := range n {
					want[i] = digest{sid: fmt.Sprint("IM", i), index: int64(i), author: uint64(i % 3), body: uint64(i), created: int64(i)}
					have[i] = want[i]
					have[i].body += 1 << 40
				}
				j, f := &classifier{}, &channelFound{}
				j.part(want, have, nil)
				j.pairUp(f)
				j.conclude(nil, nil, f)
				if len(f.differences) != n {
					b.Fatalf("%d differences of %d messages", len(f.differences), n)
				}
			}
		})
	}
}
