package main

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// hashRename stands for a table of identities, which are nobody's business in a
// ledger.
func hashRename(rename map[string]string) string {
	if len(rename) == 0 {
		return "none"
	}
	h := sha256.New()
	for _, old := range slices.Sorted(maps.Keys(rename)) {
		fmt.Fprintf(h, "%q,%q\n", old, rename[old])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// readIdentities reads a table of two columns. Empty names, and a name
// that stands twice in its column, are refused: nobody can be two people, and two
// people cannot become one.
func readIdentities(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = 2
	rename, old := map[string]string{}, map[string]string{}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rename, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		line, _ := r.FieldPos(0)
		if row[0] == "" || row[1] == "" {
			return nil, fmt.Errorf("read %s: line %d has an empty name", path, line)
		}
		if _, twice := rename[row[0]]; twice {
			return nil, fmt.Errorf("read %s: line %d names %q a second time", path, line, row[0])
		}
		if other, taken := old[row[1]]; taken {
			return nil, fmt.Errorf("read %s: line %d gives %q to %q, and an earlier one to %q: two people would become one", path, line, row[1], row[0], other)
		}
		rename[row[0]], old[row[1]] = row[1], row[0]
	}
}
