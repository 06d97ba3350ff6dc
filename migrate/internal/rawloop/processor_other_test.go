//go:build !unix

package rawloop

import "time"

// processorTime is not known here.
func processorTime() time.Duration { return 0 }
