package reports

import (
	"encoding/json"
	"fmt"
	"strings"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/verify"
)

// FleetFigures are the numbers that a fleet shows of one account.
type FleetFigures struct {
	Channels   Part  `json:"channels"`
	Messages   Part  `json:"messages"`
	NotCarried int64 `json:"not_carried"` // for an audit, what would not be; for a comparison, differences
}

// figured is what the results of all commands have of a FleetFigures.
type figured struct {
	Command     string                              `json:"command"`
	Status      string                              `json:"status"`
	Counts      json.RawMessage                     `json:"counts"`
	Findings    []migrate.FindingCount              `json:"findings"`
	Failures    []json.RawMessage                   `json:"failures"`
	Differences map[verify.Class]int64              `json:"differences"`
	Services    []struct{ Channels, Messages Part } `json:"services"`
	Run         *struct {
		Status string
		Alive  bool
	} `json:"run"`

	// Of channels that stay where they are.
	Channels int64 `json:"channels"`
	Visible  int64 `json:"visible"`
	Before   int64 `json:"before"`
	Promoted int64 `json:"promoted"`
	Failed   int64 `json:"failed"`
}

// ReadFleetFigures takes the numbers from what a command printed as JSON. state is how
// the migration of the account stands, if the command says so, and else empty.
func ReadFleetFigures(raw []byte) (f FleetFigures, state string, err error) {
	var r figured
	if err := json.Unmarshal(raw, &r); err != nil {
		return f, "", fmt.Errorf("read result: %w", err)
	}
	switch command, _, _ := strings.Cut(r.Command, " "); {
	case r.Command == "audit":
		var c migrate.Counts
		err = json.Unmarshal(r.Counts, &c)
		f.Channels.Total, f.Messages.Total = c.Channels, c.Messages
		for _, one := range r.Findings {
			if one.Severity == mapping.Stop || one.Severity == mapping.Skip {
				f.NotCarried += one.Count
			}
		}
	case r.Command == "status":
		for _, s := range r.Services {
			f.Channels, f.Messages = f.Channels.plus(s.Channels), f.Messages.plus(s.Messages)
		}
		f.NotCarried = int64(len(r.Failures))
		state = FleetNotBegun
		if r.Run != nil {
			state = stateOf(r.Run.Status, r.Run.Alive)
		}
	case r.Command == "migrate --in-place":
		f.Channels = Part{r.Visible + r.Before + r.Promoted, r.Channels}
		f.NotCarried = r.Failed
		state = stateOf(r.Status, false)
	case command == "verify" || command == "migrate":
		var counts map[string]migrate.KindCount
		if len(r.Counts) > 0 {
			err = json.Unmarshal(r.Counts, &counts)
		}
		channels, messages := counts[migrate.KindChannels], counts[migrate.KindMessages]
		f.Channels, f.Messages = partOfKind(channels), partOfKind(messages)
		f.NotCarried = int64(len(r.Failures))
		if command == "migrate" {
			state = stateOf(r.Status, false)
		}
		for class, n := range r.Differences {
			if class != verify.Foreign {
				f.NotCarried += n
			}
		}
	}
	return f, state, err
}

func partOfKind(c migrate.KindCount) Part { return Part{c.Target(), c.Source} }

// stateOf is the state of an account by what its last run says of itself.
func stateOf(status string, alive bool) string {
	switch {
	case status == migrate.RunningStatus && !alive, status == migrate.InterruptedStatus:
		return FleetInterrupted
	case status == migrate.RunningStatus:
		return FleetRunning
	case status == migrate.Complete:
		return FleetWhole
	case status == migrate.FailedStatus:
		return FleetFailed
	}
	return FleetNotWhole
}
