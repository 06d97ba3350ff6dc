package reports

import (
	"fmt"

	"chatbridge/migrate"
)

// WaitText says what is waited for, and who waits.
func WaitText(w migrate.Wait) string {
	span := Duration(float64(int64(w.Seconds)))
	switch w.Cause {
	case migrate.Throttling:
		return fmt.Sprintf("%s: %s answers %d (too many requests), trying again", waiters(w), Plain(w.Host), w.Status)
	case migrate.Failing:
		return fmt.Sprintf("%s: %s answers %d, trying again", waiters(w), Plain(w.Host), w.Status)
	case migrate.Silent:
		return fmt.Sprintf("no answer from %s for %s; %s", Plain(w.Host), span, waiters(w))
	case migrate.Unreachable:
		return fmt.Sprintf("no connection to %s for %s, trying again; %s", Plain(w.Host), span, waiters(w))
	case migrate.RateLimit:
		return waiters(w) + ": writes per second are limited for each service and conversation (--aps)"
	case migrate.AtOnce:
		return waiters(w) + ": the number of requests at once is limited (--concurrency, or by the account)"
	case migrate.Settling:
		if w.Reason != "" {
			return waiters(w) + ": " + Plain(w.Reason)
		}
		return waiters(w) + ": an earlier request may still land (--settle)"
	case migrate.Claiming:
		if w.Reason != "" {
			return waiters(w) + ": " + Plain(w.Reason)
		}
		return waiters(w) + ": the claim on the target service has to be renewed first"
	case migrate.InTurn:
		return waiters(w) + " for each other"
	case migrate.Paused:
		return "paused: " + Plain(w.Reason)
	}
	return waiters(w)
}

// waiters says who waits.
func waiters(w migrate.Wait) string {
	switch {
	case w.Channels == 1:
		return "1 channel waits"
	case w.Channels > 1:
		return Number(int64(w.Channels)) + " channels wait"
	case w.Others > 1:
		return Number(int64(w.Others)) + " requests wait"
	}
	return "waiting"
}
