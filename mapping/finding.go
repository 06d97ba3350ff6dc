package mapping

// Code names one way in which a resource cannot be carried unchanged.
type Code string

// Severity says what a finding means for the resource it is about.
type Severity string

// Severities, from least to most.
const (
	Info Severity = "info" // changed its form, kept its meaning
	Loss Severity = "loss" // part of it is not carried; the rest goes on
	Skip Severity = "skip" // the resource is not carried; what is beside it goes on
	Stop Severity = "stop" // its lane stops until a policy says what to do
)

// Finding is one thing that mapping could not carry unchanged.
type Finding struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	// SID is the resource the finding is about, ChannelSID the channel it is in;
	// empty where there is none.
	SID        string `json:"sid"`
	ChannelSID string `json:"channel_sid,omitempty"`
	Field      string `json:"field,omitempty"`  // as Chat names it
	Detail     string `json:"detail,omitempty"` // one line for a person
	// Original is what a policy dropped or shortened, whole. It goes to a
	// sidecar file and into no report.
	Original string `json:"-"`
}
