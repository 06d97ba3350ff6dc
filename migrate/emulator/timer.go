package emulator

import (
	"regexp"
	"strconv"
	"time"
)

// timerKind is one of the two timers of a conversation.
type timerKind struct {
	least    time.Duration
	tooShort int // code
	unread   int // code
}

var (
	inactiveTimer = timerKind{least: time.Minute, tooShort: 50375, unread: 50379}
	closedTimer   = timerKind{least: 10 * time.Minute, tooShort: 50376, unread: 50380}
)

// timer sets dst to an ISO 8601 duration, if it was sent.
func (f *form) timer(name string, dst *string, kind timerKind) {
	if !f.has(name) {
		return
	}
	text := f.values.Get(name)
	if text == "" {
		*dst = ""
		return
	}
	d, read := parseDuration(text)
	switch {
	case !read:
		f.fail(invalid(kind.unread, "%s %q is not an ISO 8601 duration", name, text))
	case d < kind.least:
		f.fail(invalid(kind.tooShort, "%s is shorter than %v", name, kind.least))
	default:
		*dst = text
	}
}

var isoDuration = regexp.MustCompile(`^P(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$`)

func parseDuration(text string) (time.Duration, bool) {
	m := isoDuration.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	var d time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi(m[i+1]) // digits or empty, by the expression
		d += time.Duration(n) * unit
	}
	return d, d > 0
}

// due is when a timer moves the conversation on.
func (c *conversation) due(timer string) (date, bool) {
	d, set := parseDuration(timer)
	return c.active + date(d/time.Second), set
}

// stateAt is the state that the timers have brought the conversation to.
func (c *conversation) stateAt(now time.Time) string {
	if at, set := c.due(c.closing); set && dateOf(now) >= at {
		return stateClosed
	}
	if at, set := c.due(c.inactive); set && dateOf(now) >= at && c.state == stateActive {
		return stateInactive
	}
	return c.state
}

func (c *conversation) timers(now time.Time) map[string]date {
	out := map[string]date{}
	state := c.stateAt(now)
	if at, set := c.due(c.inactive); set && state == stateActive {
		out["date_inactive"] = at
	}
	if at, set := c.due(c.closing); set && state != stateClosed {
		out["date_closed"] = at
	}
	return out
}
