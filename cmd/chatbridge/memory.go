package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// leastMemory is the soft limit of what Go holds, in bytes, as long as little is in use.
// The program itself, which the system counts too, takes about 28 MiB more: together
// they stay under the 64 MiB that one channel may take, however long it is.
const leastMemory = 36 << 20

// memory is what Go holds after a collection, in bytes.
type memory struct {
	live   int64 // of the heap, in use
	beside int64 // stacks, and what the runtime keeps for itself; the limit counts them too
}

// limit is the soft limit if so much is in use. It leaves the collector half as much
// again as is live, or 12 MiB, or a fifth if that is more: a large heap is collected
// more often, and a run that waits for the service has the time. A limit near what is in
// use would keep the collector at work all the time, and so what it cannot collect is
// added: the stacks of 256 channels take 20 MiB.
func (m memory) limit() int64 {
	room := max(min(m.live/2, 12<<20), m.live/5)
	return max(leastMemory, m.live+m.beside+room+2<<20)
}

// nextLimit is the limit after a collection that left so much: the one before, unless
// that is too small, or too large by more than a sixteenth.
func nextLimit(limit int64, held memory) int64 {
	if next := held.limit(); next > limit || next < limit*15/16 {
		return next
	}
	return limit
}

// limitMemory has the collector work so often that little memory is taken beyond what is
// in use, and no more often than that needs. GOMEMLIMIT and GOGC say otherwise.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") != "" || os.Getenv("GOGC") != "" {
		return
	}
	debug.SetGCPercent(200) // the limit comes first, but for the smallest heaps
	limit := memory{}.limit()
	debug.SetMemoryLimit(limit)
	afterEachGC(func() {
		if next := nextLimit(limit, memoryHeld()); next != limit {
			limit = next
			debug.SetMemoryLimit(limit)
		}
	})
}

// memoryHeld is what the last collection left.
func memoryHeld() memory {
	held := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(held)
	m := memory{live: int64(held[0].Value.Uint64()), beside: int64(held[1].Value.Uint64())}
	for _, heap := range held[2:] {
		m.beside -= int64(heap.Value.Uint64())
	}
	return m
}

// afterEachGC calls do after each collection, one at a time.
func afterEachGC(do func()) {
	type sentinel struct{ _ [32]byte } // so large that it shares its memory with nothing
	runtime.SetFinalizer(&sentinel{}, func(*sentinel) {
		do()
		afterEachGC(do)
	})
}
