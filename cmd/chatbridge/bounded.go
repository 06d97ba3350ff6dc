package main

import (
	"fmt"
	"io"
	"os"
)

// readBounded reads a whole file that a person named, of at most that many bytes:
// a device or a wrong file does not fill the memory.
func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(raw)) > most {
		err = fmt.Errorf("read %s: it has more than %d bytes", path, most)
	}
	return raw, err
}
