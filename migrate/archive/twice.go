package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/bits-and-blooms/bloom/v3"
)

// twice finds a SID that a file of messages lists a second time. A channel may have
// millions of messages: it takes a byte for each 128 of the file, at most 32 MiB, and if
// that leaves a doubt it reads the file again.
type twice struct {
	met   *bloom.BloomFilter
	lines func() iter.Seq2[line, error] // the file, from its start
}

// A message takes about 700 bytes of a file, and so gets 44 bits here: for one in ten
// million the file is read again. With 480 bytes it is one in a million.
const (
	bytesPerBit = 16
	bitsPerSID  = 8
	leastBits   = 1 << 10
	mostBits    = 32 << 23 // 32 MiB
)

func newTwice(size int64, lines func() iter.Seq2[line, error]) *twice {
	return &twice{met: bloom.New(uint(min(max(size/bytesPerBit, leastBits), mostBits)), bitsPerSID), lines: lines}
}

// check fails for a SID that is there a second time. A message without one is told from
// others by its index.
func (t *twice) check(sid string) error {
	if sid == "" || !t.met.TestOrAddString(sid) {
		return nil
	}
	n := 0
	for line, err := range t.lines() {
		if err != nil {
			return err
		}
		var h header
		if bytes.Contains(line.raw, []byte(sid)) && json.Unmarshal(line.raw, &h) == nil && h.SID == sid {
			n++
		}
		if n > 1 {
			return fmt.Errorf("%s is listed twice", sid)
		}
	}
	return nil
}
