package rehearse

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"chatbridge/migrate"
)

// brief joins what was seen, and counts what is too much to say.
func brief(seen []string) string {
	const most = 6
	if len(seen) <= most {
		return strings.Join(seen, "; ")
	}
	return strings.Join(seen[:most], "; ") + fmt.Sprintf("; and %d more", len(seen)-most)
}

// finding is what one experiment found out.
type finding struct {
	verdict       migrate.Verdict
	seen, follows string
	settle        time.Duration
	stops         string
}

func asAssumed(format string, args ...any) finding {
	return finding{verdict: migrate.AsAssumed, seen: fmt.Sprintf(format, args...)}
}

func harmless(follows, format string, args ...any) finding {
	return finding{verdict: migrate.Harmless, seen: fmt.Sprintf(format, args...), follows: follows}
}

func dangerous(follows, format string, args ...any) finding {
	return finding{verdict: migrate.Dangerous, seen: fmt.Sprintf(format, args...), follows: follows}
}

func unseen(format string, args ...any) finding {
	return finding{verdict: migrate.NotSeen, seen: fmt.Sprintf(format, args...)}
}

// stopping is a finding with which no run may begin.
func (f finding) stopping(why string) finding {
	f.stops = cmp.Or(why, f.seen)
	return f
}
