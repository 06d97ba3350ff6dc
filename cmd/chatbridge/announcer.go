package main

import (
	"encoding/json"
	"slices"
	"time"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// announcer decides when a wait is said: when it begins, and again ever more
// seldom while it lasts. A cause that comes and goes is one wait.
type announcer struct{ said map[migrate.Wait]*saying }

type saying struct {
	seen, next time.Time
	gap        time.Duration
}

const (
	sayAgain   = 10 * time.Second // after the first time; then twice as long each time
	sayLongest = 5 * time.Minute
	forgotten  = 10 * time.Second // after which the same cause is said as a new one
)

// due are the waits that are to be said now.
func (a *announcer) due(waits []migrate.Wait, now time.Time) []migrate.Wait {
	if a.said == nil {
		a.said = map[migrate.Wait]*saying{}
	}
	if len(waits) > 1 {
		// Who waits for a neighbour waits for what the neighbour waits for.
		waits = slices.DeleteFunc(slices.Clone(waits), func(w migrate.Wait) bool { return w.Cause == migrate.InTurn })
	}
	var due []migrate.Wait
	for _, w := range waits {
		key := migrate.Wait{Cause: w.Cause, Host: w.Host, Reason: w.Reason}
		s := a.said[key]
		if s == nil || now.Sub(s.seen) > forgotten {
			s = &saying{next: now, gap: sayAgain}
			a.said[key] = s
		}
		s.seen = now
		if now.Before(s.next) {
			continue
		}
		s.next = now.Add(s.gap)
		s.gap = min(2*s.gap, sayLongest)
		due = append(due, w)
	}
	return due
}

// waitLine is a wait for a program.
func waitLine(now time.Time, w migrate.Wait) []byte {
	raw, _ := json.Marshal(struct { // texts and numbers always encode
		Time  time.Time `json:"time"`
		Level string    `json:"level"`
		Msg   string    `json:"msg"`
		migrate.Wait
	}{now, "WARN", reports.WaitText(w), w})
	return append(raw, '\n')
}
