//go:build !unix

package migrate

// NoFollow is the flag that keeps an open from following a link; 0 where the
// system has none.
const NoFollow = 0
