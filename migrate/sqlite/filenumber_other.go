//go:build !unix && !windows

package sqlite

import "io/fs"

// fileNumber is empty: this system does not tell one file from another.
func fileNumber(string, fs.FileInfo) string { return "" }
