package audit

import (
	"math"

	"chatbridge/migrate"
)

// Audit is what an audit found: what is there, what a migration would do, how
// long it would take, and what it could not carry.
type Audit struct {
	SchemaVersion int                     `json:"schema_version"`
	Command       string                  `json:"command"`
	Services      []migrate.SourceService `json:"services"`
	Counts        migrate.Counts          `json:"counts"`
	Requests      PlanRequests            `json:"requests"` // a migration would make
	Estimate      Estimate                `json:"estimate"`
	Bill          migrate.Bill            `json:"bill"` // of a copy
	Plan          []PlanRoute             `json:"plan"` // what the channels need, by way
	// Sampled is how many channels of each service were read at most, where the
	// audit did not read all; everything in it is then about these alone.
	Sampled  int                    `json:"sampled,omitempty"`
	Findings []migrate.FindingCount `json:"findings"`
	// NewServices is what counts against the number of services of the account.
	NewServices NewServices `json:"new_services"`
	// Flex are the services that show signs of Twilio Flex.
	Flex []FlexService `json:"flex,omitempty"`
	// SightLost are the public channels that would be made private and that users of
	// the service are no members of, those with most such users first, at most 1,000.
	SightLost []SightLost `json:"sight_lost,omitempty"`
	// There is what the service that everything goes into has otherwise, if there
	// is one: at most 1,000 for each code.
	There []Held `json:"there,omitempty"`
	// Unmatched are the entries of files of settings that had no effect.
	Unmatched []migrate.Unmatched `json:"unmatched,omitempty"`
}

// FlexService is a service that shows signs of Twilio Flex.
type FlexService struct {
	ServiceSID string   `json:"service_sid"`
	Made       bool     `json:"made_by_flex"` // there are two signs at least
	Signs      []string `json:"signs"`        // a line for each
}

// PlanRequests says how many requests a migration would make.
type PlanRequests struct {
	Reads  int64 `json:"reads"`
	Writes int64 `json:"writes"`
}

// Estimate says how long a migration takes under the conditions that it names, and
// which limit decides that. Nobody else writes, and nothing has to be sent again.
type Estimate struct {
	Seconds float64 `json:"seconds"`
	// BoundBy is "gate" (writes that share the limit of a service), "longest
	// lane" (one channel's writes), "concurrency" (all writes over the lanes
	// that run beside each other), "requests in flight" or "bandwidth" (the bytes of
	// files).
	BoundBy     string  `json:"bound_by"`
	Gate        float64 `json:"gate_seconds"`
	LongestLane float64 `json:"longest_lane_seconds"`
	Concurrency float64 `json:"concurrency_seconds"`
	// InFlightSeconds is what all requests take, in as many as are in flight.
	InFlightSeconds float64 `json:"in_flight_seconds"`
	// Before passes before the first channel begins, and After when the last has ended.
	Before float64 `json:"before_seconds"`
	After  float64 `json:"after_seconds"`
	// LongestChannel is the SID of the channel of the longest lane.
	LongestChannel string  `json:"longest_channel,omitempty"`
	APS            float64 `json:"aps"` // writes a second that were assumed; 0 for unpaced
	// LatencySeconds is what a request takes on the wire, and LatencyFrom how that is
	// known: given, measured, rehearsal or assumed.
	LatencySeconds float64 `json:"latency_seconds"`
	LatencyFrom    string  `json:"latency_from"`
	// WriteSeconds is what a write into a conversation takes in the target account, as
	// a rehearsal measured; 0 if nobody knows, or if the limit allows fewer anyway. Then
	// a write is taken to be as long as a read.
	WriteSeconds float64 `json:"write_seconds,omitzero"`
	// What the seconds were made of.
	GateWrites        int64 `json:"gate_writes"`         // of the service that has most
	LongestLaneWrites int64 `json:"longest_lane_writes"` // of that channel
	LaneWrites        int64 `json:"lane_writes"`         // of all channels
	Lanes             int   `json:"lanes"`               // beside each other
	Requests          int64 `json:"requests"`            // in all, without those of files
	InFlight          int   `json:"in_flight"`           // at most; 0 for no limit

	// Of the files that are copied, each read and uploaded at once. Bandwidth is 0
	// if nobody knows it; then the seconds are those of the messages alone.
	Files        int64   `json:"files,omitzero"`
	FileBytes    int64   `json:"file_bytes,omitzero"`
	Bandwidth    float64 `json:"bandwidth,omitzero"` // bytes a second
	Measured     bool    `json:"bandwidth_measured,omitzero"`
	FilesSeconds float64 `json:"files_seconds,omitzero"`
}

// rounded is e to the millisecond, which is more than it knows.
func (e Estimate) rounded() Estimate {
	for _, s := range []*float64{&e.Seconds, &e.Gate, &e.LongestLane, &e.Concurrency, &e.InFlightSeconds, &e.Before, &e.After} {
		*s = math.Round(*s*1000) / 1000
	}
	return e
}
