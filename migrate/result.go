package migrate

import "chatbridge/mapping"

// SchemaVersion is that of every JSON object the command prints. It changes
// when a field changes its meaning or goes away, not when one is added.
const SchemaVersion = 1

// Audit is what an audit found: what is there, what a migration would do, how
// long it would take, and what it could not carry.
type Audit struct {
	SchemaVersion int             `json:"schema_version"`
	Command       string          `json:"command"`
	Services      []SourceService `json:"services"`
	Counts        Counts          `json:"counts"`
	Requests      PlanRequests    `json:"requests"` // a migration would make
	Estimate      Estimate        `json:"estimate"`
	Plan          []PlanWay       `json:"plan"` // what the channels need, by way
	// Sampled is how many channels of each service were read at most, where the
	// audit did not read all; everything in it is then about these alone.
	Sampled  int            `json:"sampled,omitempty"`
	Findings []FindingCount `json:"findings"`
}

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
}

// PlanRequests says how many requests a migration would make.
type PlanRequests struct {
	Reads  int64 `json:"reads"`
	Writes int64 `json:"writes"`
}

// Estimate says how long a migration would take at the least, and which limit
// decides that.
type Estimate struct {
	Seconds float64 `json:"seconds"`
	// BoundBy is "gate" (writes that share the limit of a service), "longest
	// lane" (one channel's writes) or "concurrency" (all writes over the lanes
	// that run beside each other).
	BoundBy     string  `json:"bound_by"`
	Gate        float64 `json:"gate_seconds"`
	LongestLane float64 `json:"longest_lane_seconds"`
	Concurrency float64 `json:"concurrency_seconds"`
	// LongestChannel is the SID of the channel of the longest lane.
	LongestChannel string  `json:"longest_channel,omitempty"`
	APS            float64 `json:"aps"` // writes a second that were assumed; 0 for unpaced
	// What the seconds were made of.
	GateWrites        int64 `json:"gate_writes"`         // of the service that has most
	LongestLaneWrites int64 `json:"longest_lane_writes"` // of that channel
	LaneWrites        int64 `json:"lane_writes"`         // of all channels
	Lanes             int   `json:"lanes"`               // beside each other
}

// FindingCount is how often a finding occurred, with a few of the SIDs.
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
)

// Summary is what a migration did.
type Summary struct {
	SchemaVersion int                  `json:"schema_version"`
	Command       string               `json:"command"`
	Status        string               `json:"status"`
	Services      []SummaryService     `json:"services"`
	Counts        map[string]KindCount `json:"counts"`
	Requests      Traffic              `json:"requests"`
	Findings      []FindingCount       `json:"findings"`
	Failures      []FailureLine        `json:"failures"`
	Originals     *Originals           `json:"originals,omitempty"` // nil where nothing was kept
	Timeline      []Point              `json:"timeline"`            // 241 points at most
	LaneTimes     LaneTimes            `json:"lane_times"`
	Duration      float64              `json:"duration_seconds"`
}

// SummaryService names one service on both sides.
type SummaryService struct {
	SourceSID    string `json:"source_sid"`
	TargetSID    string `json:"target_sid"`
	FriendlyName string `json:"friendly_name"`
}

// KindCount says what became of the resources of one kind. Existing ones were
// in the target before this run.
type KindCount struct {
	Source   int64 `json:"source"`
	Written  int64 `json:"written"`
	Existing int64 `json:"existing"`
	Failed   int64 `json:"failed"`
}

// FailureLine is one thing that was not carried, and why.
type FailureLine struct {
	Kind      string `json:"kind"`
	SourceSID string `json:"source_sid"`
	TargetSID string `json:"target_sid,omitempty"`
	Reason    string `json:"reason"`
	Hint      string `json:"hint,omitempty"`
}
