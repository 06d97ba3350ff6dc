package main

import (
	"fmt"
	"strings"
	"time"
)

// hours are a part of each day, by the clock on the wall. They may go over
// midnight.
type hours struct{ from, to clock }

// clock is a time of day in minutes.
type clock int

func (c clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

func (h *hours) String() string { return h.from.String() + "-" + h.to.String() }

// contain reports whether a moment is in the hours: the first minute is, the last
// is not.
func (h *hours) contain(t time.Time) bool {
	now := clock(60*t.Hour() + t.Minute())
	if h.from < h.to {
		return h.from <= now && now < h.to
	}
	return h.from <= now || now < h.to
}

// parseHours reads hours such as 22:00-06:00; nil if there are none.
func parseHours(text string) (*hours, error) {
	if text == "" {
		return nil, nil
	}
	const hint = "write two times of day, such as 22:00-06:00"
	from, to, both := strings.Cut(text, "-")
	h := &hours{}
	for _, one := range []struct {
		text string
		to   *clock
	}{{from, &h.from}, {to, &h.to}} {
		at, err := time.Parse("15:04", strings.TrimSpace(one.text))
		if !both || err != nil {
			return nil, usageError(hint, "--hours %q is not a pair of times", text)
		}
		*one.to = clock(60*at.Hour() + at.Minute())
	}
	if h.from == h.to {
		return nil, usageError(hint, "--hours %q begins and ends at the same time", text)
	}
	return h, nil
}
