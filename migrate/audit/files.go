package audit

import (
	"context"
	"io"
	"sync"
	"time"

	"chatbridge/mapping/conversations"
)

// A bandwidth is measured with files large enough to tell, and with few of them.
const (
	fileMeasured  = 256 << 10 // bytes, at the least
	filesMeasured = 3
	bytesMeasured = 16 << 20 // of each file, at the most
)

// Requests that a file takes: what it is, its bytes, and the upload.
const (
	fileReads  = 2
	fileWrites = 1
)

// measurement is how fast files were read.
type measurement struct {
	mu      sync.Mutex
	tried   int
	bytes   int64
	elapsed time.Duration
}

// measure reads a file to see how fast that is, if nobody gave a bandwidth. A file
// that cannot be read tells nothing.
func (t *audit) measure(ctx context.Context, serviceSID string, m conversations.Media) {
	if t.Bandwidth != 0 || m.Size < fileMeasured {
		return
	}
	t.measured.mu.Lock()
	defer t.measured.mu.Unlock() // one at a time, or they share the line
	if t.measured.tried == filesMeasured {
		return
	}
	t.measured.tried++
	_, body, err := t.Source.OpenMedia(ctx, serviceSID, m.SID)
	if err != nil {
		return
	}
	defer body.Close()
	began := time.Now()
	n, err := io.Copy(io.Discard, io.LimitReader(body, bytesMeasured))
	if err != nil {
		return
	}
	t.measured.bytes += n
	t.measured.elapsed += time.Since(began)
}

// bandwidth is what was given, or measured; 0 if nobody knows. Nothing is measured
// any more.
func (t *audit) bandwidth() (perSecond float64, measured bool) {
	if t.Bandwidth != 0 {
		return max(0, t.Bandwidth), false
	}
	if t.measured.bytes == 0 || t.measured.elapsed <= 0 {
		return 0, false
	}
	return float64(t.measured.bytes) / t.measured.elapsed.Seconds(), true
}

// files adds what the files cost to a result.
func (t *audit) files(result *Audit, loads []serviceLoad) {
	e := &result.Estimate
	for _, s := range loads {
		for _, c := range s.channels {
			e.Files += c.files
			e.FileBytes += c.bytes
		}
	}
	result.Bill.FileBytes = e.FileBytes
	result.Requests.Reads += fileReads * e.Files
	result.Requests.Writes += fileWrites * e.Files
	if e.Files == 0 {
		return
	}
	if e.Bandwidth, e.Measured = t.bandwidth(); e.Bandwidth == 0 {
		return
	}
	e.FilesSeconds = float64(e.FileBytes) / e.Bandwidth
	if e.FilesSeconds > e.Seconds {
		e.Seconds, e.BoundBy = e.FilesSeconds, BoundByBandwidth
	}
}
