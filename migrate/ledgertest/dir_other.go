//go:build !linux

package ledgertest

// Root is empty, which [os.MkdirTemp] takes for the usual place: there is none in memory
// that every such system has.
func Root() string { return "" }
