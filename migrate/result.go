package migrate

import (
	"cmp"
	"slices"

	"chatbridge/mapping"
)

// SchemaVersion is that of every JSON object the command prints. It changes
// when a field changes its meaning or goes away, not when one is added.
const SchemaVersion = 1

// SourceService names one service.
type SourceService struct {
	SourceSID    string `json:"source_sid"`
	FriendlyName string `json:"friendly_name"`
}

// Counts says how many there are of each kind.
type Counts struct {
	Services    int64 `json:"services"`
	Roles       int64 `json:"roles"`
	Users       int64 `json:"users"`
	Channels    int64 `json:"channels"`
	Members     int64 `json:"members"`
	Messages    int64 `json:"messages"`
	Invites     int64 `json:"invites"`
	Credentials int64 `json:"credentials"`
	Webhooks    int64 `json:"webhooks,omitzero"` // of channels
	Bindings    int64 `json:"bindings,omitzero"`
	Files       int64 `json:"files,omitzero"`
	FileBytes   int64 `json:"file_bytes,omitzero"`
}

// Unmatched says which entries of a file of settings had no effect, because nothing
// that was read has their name. A migration that goes on reads what is new: of what an
// earlier run carried it knows the messages that were left out, and not the people.
type Unmatched struct {
	Setting string          `json:"setting"` // identities, or skip-messages
	File    string          `json:"file"`    // its name, without the folder
	Entries int             `json:"entries"` // of the file
	Count   int             `json:"count"`   // of those, without effect
	Lines   []UnmatchedLine `json:"lines"`   // at most UnmatchedKept
}

// UnmatchedLine is one entry without effect.
type UnmatchedLine struct {
	Line  int    `json:"line"` // from 1
	Entry string `json:"entry"`
}

// UnmatchedKept is how many lines a result holds for each file.
const UnmatchedKept = 1000

// SamplesKept is how many SIDs a report holds for each code: enough to look one
// up, few enough to read.
const SamplesKept = 5

// FindingCount is how often a finding occurred, with the first SIDs in their
// order, at most SamplesKept.
type FindingCount struct {
	Code     mapping.Code     `json:"code"`
	Severity mapping.Severity `json:"severity"`
	Count    int64            `json:"count"`
	Samples  []string         `json:"samples"`
}

// Status of a finished run.
const (
	Complete          = "complete"
	Partial           = "partial"     // finished, and something was not carried
	InterruptedStatus = "interrupted" // told to stop; running again resumes
	FailedStatus      = "failed"
	RunningStatus     = "running"
	UndoneStatus      = "undone" // an undo came last
)

// SummaryService names one service on both sides.
type SummaryService struct {
	SourceSID    string `json:"source_sid"`
	TargetSID    string `json:"target_sid"`
	FriendlyName string `json:"friendly_name"`
}

// KindCount says what became of the resources of one kind. Source counts what
// the lists of the source show, in channels that were stopped too. Each of those
// is in the target, left out by a policy, or failed; the rest is still to come.
type KindCount struct {
	Source   int64 `json:"source"`
	Written  int64 `json:"written"`  // by this run
	Existing int64 `json:"existing"` // in the target before this run
	LeftOut  int64 `json:"left_out"`
	Failed   int64 `json:"failed"` // not in the target, or not whole
}

// Target is how many are in the target.
func (c KindCount) Target() int64 { return c.Written + c.Existing }

// FailureLine is one thing that was not carried, and why.
type FailureLine struct {
	Kind      string `json:"kind"`
	SourceSID string `json:"source_sid"`
	TargetSID string `json:"target_sid,omitempty"`
	Name      string `json:"name,omitempty"` // of a channel or a role
	Reason    string `json:"reason"`
	Hint      string `json:"hint,omitempty"`
}

// SortFindings puts the gravest first, then orders by code.
func SortFindings(all []FindingCount) {
	slices.SortFunc(all, func(a, b FindingCount) int {
		return cmp.Or(cmp.Compare(mapping.Gravity(b.Severity), mapping.Gravity(a.Severity)), cmp.Compare(a.Code, b.Code))
	})
}

// AddSample keeps the first SamplesKept SIDs in their order, whatever the order
// in which they come.
func (c *FindingCount) AddSample(sid string) {
	at, known := slices.BinarySearch(c.Samples, sid)
	if sid == "" || known {
		return
	}
	c.Samples = slices.Insert(c.Samples, at, sid)
	c.Samples = c.Samples[:min(SamplesKept, len(c.Samples))]
}

// Bill is what Twilio counts of a migration for its bill. Everybody who is added,
// edited or written for is an active user in each calendar month that a run
// touches.
type Bill struct {
	ActiveUsers int64  `json:"active_users"`
	FileBytes   int64  `json:"file_bytes"`  // of files that are copied
	PricesRead  string `json:"prices_read"` // when Twilio's prices were looked up, as a month
}

// PricesRead is the month in which this was read: 200 active users of a month
// are free, the next cost from $0.05 each (twilio.com/conversations/pricing).
const PricesRead = "2026-11"
