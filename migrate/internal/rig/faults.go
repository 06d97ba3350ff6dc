package rig

import (
	"flag"
	"hash/fnv"
	"testing"
)

// everyFault is what make faults sets.
var everyFault = flag.Bool("faults", false, "have each request and call fail once, and not only a part of them")

// faultStride is how many requests or calls a test passes over, unless all are
// to fail.
const faultStride = 10

// Faults are where a test begins that has each request of a command fail, one
// after the other, and by how many it goes on. Each takes one in ten, tests of
// other names others, and all of them with -faults.
func Faults(t *testing.T) (first, stride int) {
	if *everyFault {
		return 1, 1
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(t.Name())) // never fails
	return 1 + int(h.Sum32()%faultStride), faultStride
}
