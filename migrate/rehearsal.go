package migrate

import (
	"math"
	"time"
)

// Verdict is how what an account showed compares with what is assumed of it.
type Verdict string

// Verdicts.
const (
	AsAssumed Verdict = "as assumed"
	Harmless  Verdict = "different, harmless"
	Dangerous Verdict = "different, dangerous"
	NotSeen   Verdict = "not seen" // it could not be tried, or was left out
)

// Experiment is one thing that only an account can tell, and what it told.
type Experiment struct {
	Name    string  `json:"name"`
	Assumed string  `json:"assumed"` // by chatbridge
	Seen    string  `json:"seen"`
	Verdict Verdict `json:"verdict"`
	Follows string  `json:"follows,omitempty"` // what it means for a migration, and what to do

	// Settle is how long a write without an answer must be given to land, in
	// seconds, if the experiment measured that. A run waits at least as long.
	Settle float64 `json:"settle_seconds,omitzero"`
	// Stops is why a run must not begin in this account; empty if it may.
	Stops string `json:"stops,omitempty"`

	Requests int64   `json:"requests"`
	Duration float64 `json:"duration_seconds"`
}

// Rehearsal is what experiments in an account showed, in a service that was made
// for them. It is bound to the account and the place that it was made in: nothing
// of it holds elsewhere. What it measured may lengthen a wait or stop a run; it
// never shortens a wait and never permits what would be refused without it.
type Rehearsal struct {
	SchemaVersion int    `json:"schema_version"`
	Command       string `json:"command"` // rehearse

	AccountSID string    `json:"account_sid"` // of the target
	Region     string    `json:"region"`      // of the target; us1 if none is set
	Host       string    `json:"host"`        // of Conversations
	Version    string    `json:"version"`     // of chatbridge
	Began      time.Time `json:"began_at"`
	Duration   float64   `json:"duration_seconds"`

	// ServiceSID is the service that was made, and Removed that it was proved to be
	// gone again.
	ServiceSID string `json:"service_sid,omitempty"`
	Removed    bool   `json:"removed"`

	// Sound says that nothing was seen that a run must not begin with.
	Sound       bool            `json:"sound"`
	Experiments []Experiment    `json:"experiments"`
	Verdicts    map[Verdict]int `json:"verdicts"`
	// WriteTimes are seconds that a write of each kind took, as a median.
	WriteTimes map[string]float64 `json:"write_seconds,omitempty"`
	Requests   int64              `json:"requests"`
}

// Settle is the longest settle time that an experiment asks for; zero if none does.
func (r Rehearsal) Settle() time.Duration {
	var longest float64
	for _, e := range r.Experiments {
		longest = max(longest, e.Settle)
	}
	return measured(longest)
}

// measured is a number of seconds, rounded up: a wait that loses a fraction would be a
// shorter one.
func measured(seconds float64) time.Duration {
	return time.Duration(math.Ceil(seconds * float64(time.Second)))
}

// WriteTime is how long a write into a conversation took, as a median; zero if
// that was not measured. A message is what nearly all writes are.
func (r Rehearsal) WriteTime() time.Duration {
	return measured(r.WriteTimes[KindMessages])
}

// Stop is an experiment because of which a run must not begin.
type Stop struct {
	Name    string `json:"name"`
	Seen    string `json:"seen"`
	Reason  string `json:"reason"`
	Follows string `json:"follows,omitempty"`
}

// Rehearsed is what a command takes from a rehearsal, or why it takes nothing. The
// zero value takes nothing.
type Rehearsed struct {
	Used   bool   `json:"used"`
	Reason string `json:"reason,omitempty"` // why none is used

	File        string    `json:"file,omitempty"` // its name, without the folder
	Began       time.Time `json:"began_at,omitzero"`
	Version     string    `json:"version,omitempty"`       // of the chatbridge that made it
	Warnings    []string  `json:"warnings,omitempty"`      // such as that it is old
	Experiments int       `json:"experiments,omitzero"`    // in all
	NotSeen     int       `json:"not_seen,omitzero"`       // of them, those that showed nothing
	Settle      float64   `json:"settle_seconds,omitzero"` // that it asks for
	Write       float64   `json:"write_seconds,omitzero"`  // what a write into a conversation took
	Stops       []Stop    `json:"stops,omitempty"`
}

// Rehearsed is what a command takes from r.
func (r Rehearsal) Rehearsed(file string) Rehearsed {
	taken := Rehearsed{
		Used: true, File: file, Began: r.Began, Version: r.Version, Experiments: len(r.Experiments),
		Settle: r.Settle().Seconds(), Write: r.WriteTime().Seconds(),
	}
	for _, e := range r.Experiments {
		if e.Verdict == NotSeen {
			taken.NotSeen++
		}
		if e.Stops != "" {
			taken.Stops = append(taken.Stops, Stop{e.Name, e.Seen, e.Stops, e.Follows})
		}
	}
	return taken
}

// Lengthen is a settle time, or a longer one that was measured: never a shorter one.
func (r Rehearsed) Lengthen(settle time.Duration) time.Duration {
	if !r.Used {
		return settle
	}
	return max(settle, measured(r.Settle))
}

// WriteTime is what a write into a conversation took; zero if nobody knows.
func (r Rehearsed) WriteTime() time.Duration {
	if !r.Used {
		return 0
	}
	return measured(r.Write)
}
