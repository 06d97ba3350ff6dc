package reports

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"chatbridge/migrate"
)

// Status is what a ledger says about its migration.
type Status struct {
	SchemaVersion int                   `json:"schema_version"`
	Command       string                `json:"command"`
	Ledger        string                `json:"ledger"`
	Run           *Run                  `json:"run"` // the last one; null where none began
	Services      []ServiceStatus       `json:"services"`
	Failures      []migrate.FailureLine `json:"failures"`
	Next          string                `json:"next"` // the command to run next
}

// Run is one run of the migration.
type Run struct {
	Status    string          `json:"status"` // running also where it was killed: SeenAt tells
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
}

// ServiceStatus is how far one service is.
type ServiceStatus struct {
	SourceSID    string `json:"source_sid"`
	TargetSID    string `json:"target_sid"`
	FriendlyName string `json:"friendly_name"`
	Stage        string `json:"stage"`
	Channels     Part   `json:"channels"`
	Messages     Part   `json:"messages"`
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
		s.Services, s.Failures = filled(s.Services), filled(s.Failures)
		return encodeJSON(w, s)
	}
	d := &document{title: "Migration in " + s.Ledger, verdict: statusVerdict(s)}
	t := tableBlock{header: []string{"source", "target", "name", "stage", "channels", "messages"}, numbers: []int{4, 5}}
	for _, one := range s.Services {
		t.rows = append(t.rows, []string{
			one.SourceSID, cmp.Or(one.TargetSID, "none yet"), one.FriendlyName, one.Stage, one.Channels.String(), one.Messages.String(),
		})
	}
	d.add(heading("Services"), t)
	if s.Run != nil {
		d.add(heading("Last run"), paragraph(runText(*s.Run)))
	}
	d.failures(s.Failures)
	d.add(heading("What to do next"), commands{s.Next})
	return d.render(w, f)
}

func statusVerdict(s Status) string {
	switch {
	case s.Run == nil:
		return "nothing was begun."
	case len(s.Failures) > 0:
		return fmt.Sprintf("%s; %s not carried.", s.Run.Status, count(int64(len(s.Failures)), "resource was", "resources were"))
	}
	return s.Run.Status + "."
}

const dateForm = "2006-01-02 15:04:05 MST"

func runText(r Run) string {
	text := fmt.Sprintf("Began %s as process %d on %s, last seen %s.", r.StartedAt.UTC().Format(dateForm), r.PID, r.Host, r.SeenAt.UTC().Format(dateForm))
	if r.Total > 0 {
		text += fmt.Sprintf(" %s of %s resources done.", Number(r.Done), Number(max(r.Done, r.Total)))
	}
	span := r.SeenAt.Sub(r.StartedAt).Seconds()
	if r.EndedAt != nil {
		span = r.EndedAt.Sub(r.StartedAt).Seconds()
	}
	if span > 0 && r.Written > 0 {
		text += fmt.Sprintf(" %s written in %s, %s a second.", Number(r.Written), Duration(span), Number(int64(float64(r.Written)/span)))
	}
	if r.EndedAt == nil && r.Lanes > 0 {
		text += fmt.Sprintf(" %s at work.", count(int64(r.Lanes), "channel", "channels"))
	}
	return text
}
