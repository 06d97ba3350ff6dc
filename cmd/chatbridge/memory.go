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

// memoryLimit is the soft limit if so much is in use: half as much again, and what Go
// takes beside its heap. A limit below what is in use would keep the collector at work
// all the time.
func memoryLimit(inUse int64) int64 {
	return max(leastMemory, inUse+inUse/2+8<<20)
}

// nextLimit is the limit after a collection that left so much in use: the one before,
// unless that is too small, or much too large.
func nextLimit(limit, inUse int64) int64 {
	if next := memoryLimit(inUse); next > limit || next < limit*3/4 {
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
	limit := memoryLimit(0)
	debug.SetMemoryLimit(limit)
	afterEachGC(func() {
		if next := nextLimit(limit, heapInUse()); next != limit {
			limit = next
			debug.SetMemoryLimit(limit)
		}
	})
}

// heapInUse is what the last collection left, in bytes.
func heapInUse() int64 {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return int64(live[0].Value.Uint64())
}

// afterEachGC calls do after each collection, one at a time.
func afterEachGC(do func()) {
	type sentinel struct{ _ [32]byte } // so large that it shares its memory with nothing
	runtime.SetFinalizer(&sentinel{}, func(*sentinel) {
		do()
		afterEachGC(do)
	})
}
