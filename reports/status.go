package reports

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"chatbridge/migrate"
)

// Status is what a ledger says about its migration.
type Status struct {
	SchemaVersion int             `json:"schema_version"`
	Command       string          `json:"command"`
	Ledger        string          `json:"ledger"`
	Run           *Run            `json:"run"` // the last one; null where none began
	Services      []ServiceStatus `json:"services"`
	UnderWay      []ChannelStatus `json:"under_way"` // begun and not done, the longest first: 10 at most
	Failures      []StatusFailure `json:"failures"`  // the latest first
	// Holding and Work are left out for a ledger that is a file.
	Holding *Holding `json:"holding,omitempty"`
	Work    *Work    `json:"work,omitempty"` // left out too where no worker was ever asked
	// Complete adds to a command that a text names what it takes to paste it.
	Complete func(command string) string `json:"-"`

	All     bool   `json:"-"`                  // a text names every failure
	InPlace bool   `json:"in_place,omitempty"` // channels were made private where they are
	Next    string `json:"next"`               // the command to run next
}

// Commands that a ledger knows runs of.
const (
	MigrateRun = "migrate"
	InPlaceRun = "migrate --in-place"
	UndoRun    = "undo"
)

// Run is one run of the migration.
type Run struct {
	Command string `json:"command"` // what ran; empty stands for migrate
	Status  string `json:"status"`  // running also where it was killed: Alive tells
	// Outcome is how an undo ended, as its result says; empty for what is no undo, and if
	// nothing tells.
	Outcome   string          `json:"outcome,omitempty"`
	Alive     bool            `json:"alive"` // it runs, and said so lately
	PID       int             `json:"pid"`
	Host      string          `json:"host"`
	StartedAt time.Time       `json:"started_at"`
	SeenAt    time.Time       `json:"seen_at"` // when it last said that it lives
	EndedAt   *time.Time      `json:"ended_at"`
	Done      int64           `json:"done"` // resources of every kind, those that were there before too
	Written   int64           `json:"written"`
	Total     int64           `json:"total"`
	Lanes     int             `json:"lanes"` // channels at work
	Requests  migrate.Traffic `json:"requests"`

	// Rate is how many resources were done a second, and ThrottledShare how many
	// of the requests were answered with "too many", from 0 to 1; both of the
	// last minute that there was.
	Rate           float64 `json:"rate"`
	ThrottledShare float64 `json:"throttled_share"`
	// SecondsLeft is how long the rest takes: as the longest channel does, or what
	// shares a limit. Null where it does not run, is paused, or nothing tells.
	SecondsLeft *float64 `json:"seconds_left"`
	// Waits are what it waits for, the longest first; empty where it does not run.
	Waits []migrate.Wait `json:"waits"`
}

// ServiceStatus is how far one service is.
type ServiceStatus struct {
	SourceSID    string           `json:"source_sid"`
	TargetSID    string           `json:"target_sid"`
	FriendlyName string           `json:"friendly_name"`
	Stage        string           `json:"stage"`
	Channels     Part             `json:"channels"`
	Messages     Part             `json:"messages"`
	Stages       map[string]int64 `json:"stages"` // channels, by stage
	// Counts says of channels, members and messages what became of them, as the
	// summary of a run does; what is in the target counts as existing.
	Counts map[string]migrate.KindCount `json:"counts"`
}

// ChannelStatus is how far one channel is.
type ChannelStatus struct {
	SourceSID    string `json:"source_sid"`
	TargetSID    string `json:"target_sid"`
	FriendlyName string `json:"friendly_name"`
	Stage        string `json:"stage"`
	Messages     Part   `json:"messages"`
}

// StatusFailure is one thing that was not carried, why, and when that was seen.
type StatusFailure struct {
	migrate.FailureLine
	At time.Time `json:"at"`
}

// Part is how much is done of what there is.
type Part struct {
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
}

func (p Part) String() string { return Number(p.Done) + " of " + Number(p.Total) }

// WriteStatus renders a status as text, JSON or Markdown.
func WriteStatus(w io.Writer, f Format, s Status) error {
	if f == JSON {
		return encodeJSON(w, s.filled())
	}
	return statusDocument(s).with([]Option{Completing(s.Complete)}).render(w, f)
}

// WriteStatusLine renders a status on one line, as text or as JSON: for who
// looks again and again.
func WriteStatusLine(w io.Writer, f Format, s Status) error {
	switch f {
	case Text:
		_, err := fmt.Fprintln(w, Plain(StatusLine(s)))
		return err
	case JSON:
		raw, err := json.Marshal(s.filled())
		if err != nil {
			return fmt.Errorf("encode status: %w", err)
		}
		_, err = io.WriteString(w, escaped(string(raw))+"\n")
		return err
	}
	return unknown(f)
}

func (s Status) filled() Status {
	if s.Complete != nil {
		s.Next = s.Complete(s.Next)
	}
	s.Services, s.UnderWay, s.Failures = filled(s.Services), filled(s.UnderWay), filled(s.Failures)
	if s.Run != nil {
		r := *s.Run
		r.Command, r.Waits = cmp.Or(r.Command, MigrateRun), filled(r.Waits)
		s.Run = &r
	}
	for i := range s.Services {
		if s.Services[i].Counts == nil {
			s.Services[i].Counts = map[string]migrate.KindCount{}
		}
	}
	return s
}
