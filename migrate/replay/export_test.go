package replay

import "testing"

// HoldAtMost has a test hold fewer records that wait for an edit.
func HoldAtMost(t *testing.T, n int) {
	before := heldMost
	heldMost = n
	t.Cleanup(func() { heldMost = before })
}
