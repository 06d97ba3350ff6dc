package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/pace"
	"chatbridge/reports"
)

// state is how far some work is at one moment.
type state struct {
	Verb    string
	Done    int64
	Total   int64 // 0 if nothing is known yet
	Rate    float64
	Left    *float64 // seconds; nil if nothing tells
	Bytes   int64    // of files
	Lanes   int      // channels at work
	AtWork  []pace.AtWork
	Waits   []migrate.Wait
	Seconds float64 // that it took

	over bool
}

// connecting is the verb of a command that asks both sides its first questions.
const connecting = "connecting"

// texts are the state in ever fewer words, for terminals that are ever narrower.
func (s state) texts() []string {
	if s.Total == 0 {
		return []string{s.begins()}
	}
	counts := reports.Number(s.Done) + " of " + reports.Number(s.Total)
	share := fmt.Sprintf("%d%%", s.share())
	files := ""
	if s.Bytes > 0 {
		files = ", " + reports.Bytes(s.Bytes) + " of files"
	}
	return []string{
		fmt.Sprintf("%s: %s (%s), %s a second%s, %s", s.Verb, counts, share, reports.Number(int64(s.Rate)), files, s.left()),
		fmt.Sprintf("%s: %s (%s), %s", s.Verb, counts, share, s.left()),
		fmt.Sprintf("%s (%s), %s", counts, share, s.left()),
		fmt.Sprintf("%s, %s", share, s.left()),
		share,
	}
}

// line is the state on a line of its own.
func (s state) line() string {
	if s.over {
		return fmt.Sprintf("%s: %s of %s in %s", s.Verb, reports.Number(s.Done), reports.Number(s.Total), reports.Duration(s.Seconds))
	}
	return strings.Join(append(s.texts()[:1:1], s.happening()[:min(1, len(s.happening()))]...), "; ")
}

func (s state) begins() string {
	if s.Verb == connecting {
		return connecting
	}
	return s.Verb + ": reading what exists"
}

func (s state) share() int64 { return 100 * s.Done / s.Total }

func (s state) left() string {
	switch {
	case s.paused():
		return "paused"
	case s.Left == nil:
		return "time left unknown"
	case s.Done >= s.Total && len(s.AtWork) == 0 && *s.Left == 0:
		return "finishing"
	}
	return reports.Duration(max(1, math.Ceil(*s.Left))) + " left"
}

func (s state) paused() bool {
	for _, w := range s.Waits {
		if w.Cause == migrate.Paused {
			return true
		}
	}
	return false
}

// happening is what holds the work up, or else what it is at; the longest text
// first, and none if there is nothing to say.
func (s state) happening() []string {
	if len(s.Waits) > 0 {
		return []string{reports.WaitText(s.Waits[0])}
	}
	if s.Lanes == 0 || len(s.AtWork) == 0 {
		return nil
	}
	first := s.AtWork[0]
	name := reports.Plain(cmp.Or(first.FriendlyName, first.SourceSID))
	counts := reports.Number(first.Done) + " of " + reports.Number(max(first.Done, first.Total))
	lanes := plural(s.Lanes, "channel", "channels")
	return []string{
		fmt.Sprintf("%s at work, longest: %s %s", lanes, name, counts),
		fmt.Sprintf("%s, longest: %s %s", lanes, fitted(name, shortName), counts),
		fmt.Sprintf("%s, longest: %s", lanes, counts),
		lanes + " at work",
	}
}

// shortName is how much of a name a narrow terminal is shown, in columns.
const shortName = 12

// object is the state for a program.
func (s state) object(now time.Time) []byte {
	o := struct {
		Time     time.Time     `json:"time"`
		Level    string        `json:"level"`
		Msg      string        `json:"msg"`
		Verb     string        `json:"verb"`
		Done     int64         `json:"done"`
		Total    int64         `json:"total"`
		Rate     float64       `json:"per_second"`
		Left     *float64      `json:"seconds_left"`
		Channels int           `json:"channels_at_work"`
		Longest  []pace.AtWork `json:"longest,omitempty"`
		Seconds  float64       `json:"seconds,omitempty"`
		Bytes    int64         `json:"file_bytes,omitempty"`
	}{now, "INFO", "progress", s.Verb, s.Done, s.Total, s.Rate, s.Left, s.Lanes, s.AtWork[:min(1, len(s.AtWork))], s.Seconds, s.Bytes}
	if s.over {
		o.Msg = "progress, the last"
	}
	raw, _ := json.Marshal(o) // texts and finite numbers always encode
	return append(raw, '\n')
}
