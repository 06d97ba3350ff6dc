package reports

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"chatbridge/migrate"
)

// Fleet is what one command did for many accounts.
type Fleet struct {
	SchemaVersion int         `json:"schema_version"`
	Command       string      `json:"command"` // "fleet"
	Verb          string      `json:"verb"`    // the command that ran for each account
	Status        string      `json:"status"`
	Totals        FleetTotals `json:"totals"`
	Duration      float64     `json:"duration_seconds"` // 0 if it only read ledgers
	Next          string      `json:"next"`             // the command to run next for all; empty if an account is not whole
	// Accounts are in the order in which they were listed. JSON writes them last.
	Accounts []FleetAccount `json:"-"`

	InPlace bool `json:"-"` // channels are made private where they are
	Preview bool `json:"-"` // nothing was changed; only with InPlace
}

// FleetTotals are sums over all accounts.
type FleetTotals struct {
	Accounts   int64            `json:"accounts"`
	Whole      int64            `json:"whole"`
	NotWhole   int64            `json:"not_whole"`
	States     map[string]int64 `json:"states"` // accounts, by state
	Channels   Part             `json:"channels"`
	Messages   Part             `json:"messages"`
	NotCarried int64            `json:"not_carried"`
}

// FleetAccount is one account, and what the command did for it.
type FleetAccount struct {
	Name         string `json:"name"`
	FriendlyName string `json:"friendly_name,omitempty"` // as its owner calls it
	SourceSID    string `json:"source_account_sid"`      // empty if nobody knows it
	TargetSID    string `json:"target_account_sid"`
	Ledger       string `json:"ledger"`
	State        string `json:"state"`
	ExitStatus   *int   `json:"exit_status"` // of the command by itself; null if it did not begin
	FleetFigures
	Error string   `json:"error,omitempty"`
	Hint  string   `json:"hint,omitempty"`
	Next  string   `json:"next"`            // the command to run next, for this account alone; empty if nothing is wrong
	Files []string `json:"files,omitempty"` // that hold its result, each in one form

	// Result reads what the command prints for the account as JSON; nil if it printed
	// nothing.
	Result func() ([]byte, error) `json:"-"`
	// Link leads from the page to that of the account; empty if there is none.
	Link string `json:"-"`
}

// States of an account in a fleet.
const (
	FleetWhole       = "whole"
	FleetNotWhole    = "not_whole" // finished, but something was not carried or differs
	FleetFailed      = "failed"
	FleetNoAccess    = "no_access" // its credentials are missing or refused
	FleetInterrupted = "interrupted"
	FleetRunning     = "running"   // another process works for it, or was killed
	FleetNotBegun    = "not_begun" // nothing was done for it yet
	FleetEmpty       = "empty"     // it has no Chat services, so nothing is missing
	FleetSuspended   = "suspended" // by Twilio or its owner; it was not touched
	FleetClosed      = "closed"    // for good; it was not touched
)

// Whole reports whether nothing of the account is missing.
func (a FleetAccount) Whole() bool { return a.State == FleetWhole || a.State == FleetEmpty }

// NewFleet sums up accounts. interrupted says that not all of them had their turn
// because somebody stopped the command.
func NewFleet(verb string, accounts []FleetAccount, interrupted bool) Fleet {
	f := Fleet{SchemaVersion: migrate.SchemaVersion, Command: "fleet", Verb: verb, Accounts: accounts}
	f.Totals.States = map[string]int64{}
	for _, a := range accounts {
		t := &f.Totals
		t.Accounts++
		t.States[a.State]++
		if a.Whole() {
			t.Whole++
		} else {
			t.NotWhole++
		}
		t.Channels = t.Channels.plus(a.Channels)
		t.Messages = t.Messages.plus(a.Messages)
		t.NotCarried += a.NotCarried
	}
	switch t := f.Totals; {
	case interrupted:
		f.Status = migrate.InterruptedStatus
	case t.NotWhole == 0:
		f.Status = migrate.Complete
	case t.States[FleetNoAccess] == t.Accounts:
		f.Status = migrate.FailedStatus
	default:
		f.Status = migrate.Partial
	}
	return f
}

func (p Part) plus(q Part) Part { return Part{p.Done + q.Done, p.Total + q.Total} }

// WriteFleet renders a fleet in any of the formats. The JSON holds one account's result
// in memory at a time.
func WriteFleet(w io.Writer, form Format, f Fleet, options ...Option) error {
	switch form {
	case JSON:
		return f.json(w)
	case CSV:
		return encodeCSV(w, f.rows())
	}
	return f.document(form).with(options).render(w, form)
}

// keys name the accounts in JSON: by the SID of the source account, or by their names if
// nobody knows it or several have it, to write into several targets.
func (f Fleet) keys() []string {
	entries := map[string]int{}
	for _, a := range f.Accounts {
		entries[a.SourceSID]++
	}
	keys := make([]string, len(f.Accounts))
	for i, a := range f.Accounts {
		if keys[i] = a.SourceSID; a.SourceSID == "" || entries[a.SourceSID] > 1 {
			keys[i] = a.Name
		}
	}
	return keys
}

// json writes the accounts one by one, behind the other fields.
func (f Fleet) json(w io.Writer) error {
	var head strings.Builder
	if err := encodeJSON(&head, f); err != nil {
		return err
	}
	text := strings.TrimSuffix(head.String(), "\n}\n") + ",\n  \"accounts\": {"
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	keys := f.keys()
	for i, a := range f.Accounts {
		key, err := json.Marshal(keys[i])
		if err != nil {
			return err
		}
		raw, err := a.encoded()
		if err != nil {
			return err
		}
		separator := ",\n    "
		if i == 0 {
			separator = "\n    "
		}
		if _, err := io.WriteString(w, separator+string(key)+": "+raw); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "\n  }\n}\n")
	return err
}

func (a FleetAccount) encoded() (string, error) {
	one := struct {
		FleetAccount
		Result json.RawMessage `json:"result"`
	}{FleetAccount: a}
	if a.Result != nil {
		raw, err := a.Result()
		if err != nil {
			return "", fmt.Errorf("read result of %s: %w", a.Name, err)
		}
		one.Result = raw
	}
	var b strings.Builder
	if err := encodeJSON(&b, one); err != nil {
		return "", err
	}
	return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\n", "\n    "), nil
}

// stateWords are the states in words.
var stateWords = map[string]string{
	FleetWhole: "whole", FleetNotWhole: "not whole", FleetFailed: "failed", FleetNoAccess: "no access", FleetInterrupted: "interrupted",
	FleetRunning: "running", FleetNotBegun: "not begun", FleetEmpty: "no Chat", FleetSuspended: "suspended", FleetClosed: "closed",
}

// fleetTitles are those of a report, by the command that ran for each account.
var fleetTitles = map[string]string{
	"audit": "Audit of many accounts", "migrate": "Migration of many accounts", "verify": "Comparison of many accounts",
	"status": "Status of many accounts", "report": "Migration of many accounts",
}

func (f Fleet) title() string {
	switch {
	case f.InPlace && f.Preview:
		return "Channels to make visible in place, in many accounts"
	case f.InPlace:
		return "Channels made visible in place, in many accounts"
	}
	return fleetTitles[f.Verb]
}

func (f Fleet) document(form Format) *document {
	d := &document{title: f.title(), verdict: f.verdict(), tone: good}
	switch {
	case f.Status == migrate.FailedStatus:
		d.tone = bad
	case f.Totals.NotWhole > 0 || f.Status == migrate.InterruptedStatus:
		d.tone = warn
	}
	d.figures = []figure{
		{"accounts", Number(f.Totals.Accounts)},
		{"whole", Number(f.Totals.Whole)},
		{"channels", f.part(f.Totals.Channels)},
		{"messages", f.part(f.Totals.Messages)},
		{f.missing(), Number(f.Totals.NotCarried)},
	}
	t := tableBlock{
		header:  []string{"account", "state", "channels", "messages", f.missing(), "next command"},
		numbers: []int{2, 3, 4},
	}
	var reasons tableBlock
	reasons.header = []string{"account", "what happened", "what to do"}
	for _, a := range f.Accounts {
		row := []string{a.Label(), stateWords[a.State], f.part(a.Channels), f.part(a.Messages), Number(a.NotCarried), a.Next}
		t.rows, t.links = append(t.rows, row), append(t.links, a.Link)
		if a.Error != "" {
			reasons.rows = append(reasons.rows, []string{a.Label(), a.Error, a.Hint})
		}
	}
	t.rows = append(t.rows, []string{"all", fmt.Sprintf("%s of %s whole", Number(f.Totals.Whole), Number(f.Totals.Accounts)),
		f.part(f.Totals.Channels), f.part(f.Totals.Messages), Number(f.Totals.NotCarried), ""})
	t.links = append(t.links, "")
	d.add(heading("Accounts"), t)
	if len(reasons.rows) > 0 {
		d.add(heading("What happened, and what to do"), reasons)
	}
	if f.Next != "" {
		d.add(heading("What to do next"), commands{f.Next})
	}
	return d
}

// Label is how a person is told which account it is.
func (a FleetAccount) Label() string {
	if a.FriendlyName == "" || a.FriendlyName == a.Name {
		return a.Name
	}
	return a.Name + " " + shortName(a.FriendlyName)
}

// part is how much is done; an audit does nothing, and knows how much there is.
func (f Fleet) part(p Part) string {
	if f.Verb == "audit" {
		return Number(p.Total)
	}
	return p.String()
}

// missing is what NotCarried counts.
func (f Fleet) missing() string {
	switch f.Verb {
	case "audit":
		return "stopped or left out"
	case "verify":
		return "differences"
	}
	return "not carried"
}

// Lacking says how many accounts are not whole.
func (t FleetTotals) Lacking() string {
	verb := "are"
	if t.NotWhole == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%s of %s %s not whole", Number(t.NotWhole), count(t.Accounts, "account", "accounts"), verb)
}

func (f Fleet) verdict() string {
	t := f.Totals
	took := ""
	if f.Duration > 0 {
		took = ", after " + Duration(f.Duration)
	}
	if f.Preview {
		took += "; nothing was changed"
	}
	switch {
	case f.Status == migrate.InterruptedStatus:
		return fmt.Sprintf("interrupted%s: %s of %s whole; running it again resumes.", took, Number(t.Whole), count(t.Accounts, "account is", "accounts are"))
	case t.NotWhole == 0:
		return fmt.Sprintf("%s whole%s.", count(t.Accounts, "account is", "accounts are"), took)
	}
	return t.Lacking() + took + "."
}

// fleetColumns are those of the accounts as CSV.
var fleetColumns = []string{"name", "source_account_sid", "target_account_sid", "state", "exit_status", "channels_done", "channels", "messages_done", "messages", "not_carried", "error", "hint", "next", "ledger"}

func (f Fleet) rows() [][]string {
	rows := [][]string{fleetColumns}
	for _, a := range f.Accounts {
		status := ""
		if a.ExitStatus != nil {
			status = strconv.Itoa(*a.ExitStatus)
		}
		rows = append(rows, []string{a.Name, a.SourceSID, a.TargetSID, a.State, status,
			whole(a.Channels.Done), whole(a.Channels.Total), whole(a.Messages.Done), whole(a.Messages.Total), whole(a.NotCarried), a.Error, a.Hint, a.Next, a.Ledger})
	}
	return rows
}
