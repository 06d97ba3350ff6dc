// Package torture draws worlds from seeds and lets a migration loose in them. It
// has four parts, and each judges a run in its own way:
//
//   - harmless: what is odd and does no harm. A run ends with status 0, and both
//     sides are equal, without a policy, a flag or a second run.
//   - transient: what goes away. It ends with 0 and equal after at most three
//     runs.
//   - lies: what the target says and does wrong, and who else writes there. A run
//     that ends with 0 left both sides equal; any other ends with 3, 5 or 8, or
//     with 2 before it took a service, and names what it is about and what to do.
//   - many: what becomes of three workers on one ledger that die, stand still or
//     lose the ledger. A run that ends with 0 left both sides equal; when all are awake, the
//     next pass leaves nothing twice.
//
// Vocabulary:
//
//   - Kind: one way in which a world is unkind. -fault draws worlds with some
//     kinds and no other.
//   - Story: what is drawn for a seed: workspace, kinds, and when what happens.
//   - World: the emulator and the processes that a story has.
//   - Wire: the network of one process. Each request takes a time of its own that
//     follows from the seed and from what is asked, so that the order of requests
//     does, too.
//   - Oracle: what is equal, told from what the emulator really holds. It shares
//     no code with verify.
//
// A seed gives the same world again: the trace of its requests is the same.
package torture

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

var (
	seeds = flag.Int("seeds", 10, "how many worlds each part draws")
	seed  = flag.Int("seed", -1, "draw only the world of this seed")
	fault = flag.String("fault", "", "draw worlds with these kinds and no other, such as kill+stale")
	trace = flag.Bool("trace", false, "log every request")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
