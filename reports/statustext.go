package reports

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"chatbridge/migrate"
)

func statusDocument(s Status) *document {
	d := &document{title: "Migration in " + s.Ledger, verdict: statusVerdict(s)}
	t := tableBlock{header: []string{"source", "target", "name", "stage", "channels", "messages"}, numbers: []int{4, 5}}
	for _, one := range s.Services {
		t.rows = append(t.rows, []string{
			one.SourceSID, cmp.Or(one.TargetSID, "none yet"), one.FriendlyName, one.Stage, one.Channels.String(), one.Messages.String(),
		})
	}
	if len(t.rows) > 0 {
		d.add(heading("Services"), t)
	}
	if s.Run != nil {
		d.add(heading("Last run"), paragraph(runText(*s.Run)))
	}
	if s.Holding != nil {
		d.add(heading("Who holds it"), paragraph(holdingText(*s.Holding)))
	}
	if s.Work != nil {
		d.add(heading("Work"), paragraph(workText(*s.Work)))
	}
	if s.Run != nil && s.Run.Alive && len(s.UnderWay) > 0 {
		t := tableBlock{header: []string{"channel", "name", "stage", "messages"}, numbers: []int{3}}
		for _, c := range s.UnderWay {
			t.rows = append(t.rows, []string{c.SourceSID, c.FriendlyName, c.Stage, c.Messages.String()})
		}
		d.add(heading("Under way, the longest first"), t)
	}
	lines := make([]migrate.FailureLine, len(s.Failures))
	for i, f := range s.Failures {
		lines[i] = f.FailureLine
	}
	most := failuresShown
	if s.All {
		most = len(lines)
	}
	d.failures(lines, most)
	d.add(heading("What to do next"), commands{s.Next})
	return d
}

// What a run is called that ended without saying so.
const (
	dead         = "no longer running; it was killed, and running it again resumes"
	deadOfWorker = "no longer running; a worker resumes it"
	deadUndo     = "not undone yet; the undo was killed, and running it again goes on"
)

// endedEarly says how an undo ended that did not come to its end.
var endedEarly = map[string]string{migrate.InterruptedStatus: "was interrupted", migrate.FailedStatus: "failed"}

func statusVerdict(s Status) string {
	switch {
	case s.Run != nil && s.Run.Status == migrate.UndoneStatus && endedEarly[s.Run.Outcome] == "" && len(s.Services) > 0:
		return "partly undone; what was kept is still in the target."
	case s.Run == nil && s.GoesOn():
		return "nothing is recorded yet."
	case s.Run == nil:
		return "no migration recorded yet."
	case len(s.Failures) > 0:
		return fmt.Sprintf("%s; %s not carried.", runState(s), count(int64(len(s.Failures)), "resource was", "resources were"))
	}
	return runState(s) + "."
}

func runState(s Status) string {
	r := *s.Run
	if r.EndedAt == nil && !r.Alive && s.Work != nil && s.GoesOn() {
		return deadOfWorker
	}
	if r.EndedAt == nil && !r.Alive && r.Command == UndoRun {
		return deadUndo
	}
	if r.EndedAt == nil && !r.Alive {
		return dead
	}
	if r.EndedAt == nil && r.Command == UndoRun {
		return "being undone"
	}
	if early := endedEarly[r.Outcome]; r.Status == migrate.UndoneStatus && early != "" {
		return "not undone yet; the undo " + early + ", and running it again goes on"
	}
	if r.Status == migrate.UndoneStatus {
		return "undone; chatbridge migrate starts from the beginning"
	}
	return r.Status
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
	for _, w := range r.Waits {
		text += " Now: " + WaitText(w) + "."
	}
	if r.Alive && r.lanes() {
		text += fmt.Sprintf(" In the last minute: %s. %s at work.", strings.Join(speed(r), ", "), count(int64(r.Lanes), "channel", "channels"))
	}
	return text
}

// lanes reports whether a run works on channels side by side, and measures how fast it is.
func (r Run) lanes() bool { return r.Command == "" || r.Command == MigrateRun }

// speed is how fast a run is and what holds it up.
func speed(r Run) []string {
	parts := []string{quick(r.Rate) + " a second", portion(r.ThrottledShare) + " of requests throttled"}
	if r.SecondsLeft != nil {
		return append(parts, Duration(*r.SecondsLeft)+" left")
	}
	return append(parts, "time left unknown")
}

// quick is a rate without digits that say nothing.
func quick(perSecond float64) string {
	if perSecond < 10 {
		return strconv.FormatFloat(perSecond, 'f', 1, 64)
	}
	return Number(int64(perSecond))
}

// portion is a share of 1, and never 0% where there is a little.
func portion(share float64) string {
	if share > 0 && share < 0.01 {
		return "below 1%"
	}
	return strconv.Itoa(int(100*share)) + "%"
}

// StatusLine is a status on one line.
func StatusLine(s Status) string {
	if s.Run == nil {
		return strings.Join(append([]string{"no migration recorded yet"}, holdingLine(s)...), ", ")
	}
	r := *s.Run
	at := r.SeenAt
	if r.EndedAt != nil {
		at = *r.EndedAt
	}
	parts := []string{at.UTC().Format("15:04:05") + " " + runState(s)}
	if total := max(r.Done, r.Total); total > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s (%d%%)", Number(r.Done), Number(total), 100*r.Done/total))
	}
	if r.Alive && r.lanes() {
		parts = append(append(parts, speed(r)...), count(int64(r.Lanes), "channel", "channels")+" at work")
	}
	parts = append(parts, holdingLine(s)...)
	if len(r.Waits) > 0 {
		parts = append(parts, WaitText(r.Waits[0]))
	}
	if n := len(s.Failures); n > 0 {
		parts = append(parts, fmt.Sprintf("%s not carried, the last one %s: %s", Number(int64(n)), s.Failures[0].SourceSID, s.Failures[0].Reason))
	}
	return strings.Join(parts, ", ")
}
