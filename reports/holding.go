package reports

import (
	"cmp"
	"fmt"
	"time"

	"chatbridge/migrate"
)

// Holding is who may write a migration whose ledger several machines share. Times are
// by the clock of what keeps the ledger.
type Holding struct {
	State migrate.HoldState `json:"state"`
	// The one who has the lease or had it last; none of it where nobody ever did.
	Holder    string     `json:"holder,omitempty"`
	Host      string     `json:"host,omitempty"`
	PID       int        `json:"pid,omitempty"`
	Since     *time.Time `json:"since,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// SecondsLeft is below 0 by how long the lease is over.
	SecondsLeft float64 `json:"seconds_left"`
}

// Work is the newest pass that workers were asked for.
type Work struct {
	Pass       int64             `json:"pass"`
	Generation int64             `json:"generation"`
	Stage      migrate.WorkStage `json:"stage"`
	Worker     string            `json:"worker"`
	Reason     string            `json:"reason"`
	AskedAt    time.Time         `json:"asked_at"`
	ChangedAt  time.Time         `json:"changed_at"`
	SeenAt     time.Time         `json:"seen_at"`
	// SecondsUnseen is how long the worker has said nothing.
	SecondsUnseen float64 `json:"seconds_unseen"`
}

// Held takes over who has the ledger.
func (s *Status) Held(h migrate.Holding) {
	s.Holding = &Holding{State: h.State}
	if h.State != migrate.NeverLeased {
		s.Holding = &Holding{
			State: h.State, Holder: h.Holder, Host: h.Host, PID: h.PID, Since: &h.Since, ExpiresAt: &h.Expires, SecondsLeft: h.Left.Seconds(),
		}
	}
	if w := h.Work; w != nil {
		s.Work = &Work{
			Pass: w.Pass, Generation: w.Generation, Stage: w.Stage, Worker: w.Worker, Reason: w.Reason,
			AskedAt: w.Asked, ChangedAt: w.Changed, SeenAt: w.Seen, SecondsUnseen: w.Unseen.Seconds(),
		}
	}
}

// GoesOn reports whether the migration is being worked on, or a worker is to take it
// up: its run may not have begun yet, and after a hand-over another one follows.
func (s Status) GoesOn() bool {
	return s.Run != nil && s.Run.Alive ||
		s.Holding != nil && s.Holding.State == migrate.LeaseHeld ||
		s.Work != nil && (s.Work.Stage == migrate.WorkWaiting || s.Work.Stage == migrate.Working)
}

// who is the name of the holder, process and host.
func (h Holding) who() string {
	if h.Holder == h.Host {
		return fmt.Sprintf("process %d on %s", h.PID, h.Host)
	}
	return fmt.Sprintf("%s (process %d on %s)", h.Holder, h.PID, h.Host)
}

func holdingText(h Holding) string {
	switch h.State {
	case migrate.LeaseHeld:
		return fmt.Sprintf("Held by %s since %s. Its lease runs out in %s if it is not renewed.", h.who(), h.Since.UTC().Format(dateForm), Duration(h.SecondsLeft))
	case migrate.LeaseGivenBack:
		return fmt.Sprintf("Nobody holds it. It was given back %s ago by %s.", Duration(-h.SecondsLeft), h.who())
	case migrate.LeaseExpired:
		return fmt.Sprintf("Nobody holds it. The lease of %s ran out %s ago; the next run takes over.", h.who(), Duration(-h.SecondsLeft))
	}
	return "Nobody has held it yet."
}

func workText(w Work) string {
	pass := fmt.Sprintf("Pass %d", w.Pass)
	changed := w.ChangedAt.UTC().Format(dateForm)
	attempt := ""
	if w.Generation > 1 {
		attempt = fmt.Sprintf(", attempt %d", w.Generation)
	}
	switch w.Stage {
	case migrate.WorkWaiting:
		return fmt.Sprintf("%s waits for a worker since %s%s.", pass, changed, attempt)
	case migrate.Working:
		return fmt.Sprintf("%s is worked by %s since %s%s, last seen %s ago.", pass, w.Worker, changed, attempt, Duration(w.SecondsUnseen))
	case migrate.WorkFailed:
		return fmt.Sprintf("%s cannot be worked since %s: %s.", pass, changed, cmp.Or(w.Reason, "no reason is known"))
	}
	return fmt.Sprintf("%s ended %s%s.", pass, changed, because(w.Reason))
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// holdingLine is who holds it, for a line among others. What ended says nothing.
func holdingLine(s Status) (parts []string) {
	if h := s.Holding; h != nil {
		switch h.State {
		case migrate.LeaseHeld:
			parts = append(parts, "held by "+h.who())
		case migrate.LeaseExpired:
			parts = append(parts, fmt.Sprintf("the lease of %s ran out %s ago", h.who(), Duration(-h.SecondsLeft)))
		}
	}
	if w := s.Work; w != nil {
		switch w.Stage {
		case migrate.WorkWaiting:
			parts = append(parts, fmt.Sprintf("pass %d waits for a worker", w.Pass))
		case migrate.WorkFailed:
			parts = append(parts, fmt.Sprintf("pass %d cannot be worked%s", w.Pass, because(w.Reason)))
		}
	}
	return parts
}
