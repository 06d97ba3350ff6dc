package mapping

import (
	"fmt"
	"slices"

	"chatbridge/mapping/chat"
)

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

var ranks = map[Severity]int{Info: 1, Loss: 2, Skip: 3, Stop: 4}

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

// Gravity orders severities: the higher, the graver; 0 for none.
func Gravity(s Severity) int { return ranks[s] }

// Worst is the highest severity of the findings, and empty where there are
// none.
func Worst(fs []Finding) Severity {
	var worst Severity
	for _, f := range fs {
		if ranks[f.Severity] > ranks[worst] {
			worst = f.Severity
		}
	}
	return worst
}

// Blocked reports whether the findings keep a resource from being carried.
func Blocked(fs []Finding) bool { return Worst(fs) == Stop }

// Skipped reports whether a policy leaves the resource out.
func Skipped(fs []Finding) bool { return Worst(fs) == Skip }

// Reason is the code that keeps a resource from being carried, and empty if
// none does.
func Reason(fs []Finding) Code {
	for _, f := range fs {
		if f.Severity == Stop || f.Severity == Skip {
			return f.Code
		}
	}
	return ""
}

// notes collects the findings about one resource.
type notes struct {
	policy     Policy
	sid        string
	channelSID string
	found      []Finding
}

func (m Mapper) notes(sid, channelSID string) *notes {
	return &notes{policy: m.Policy, sid: sid, channelSID: channelSID}
}

// add notes a finding and returns the choice that was made for its code.
func (n *notes) add(c Code, field, detail string, args ...any) Choice {
	o := n.policy.option(c)
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = chat.Shorten(s) // what a stranger wrote has any length
		}
	}
	n.found = append(n.found, Finding{
		Code:       c,
		Severity:   o.Severity,
		SID:        n.sid,
		ChannelSID: n.channelSID,
		Field:      field,
		Detail:     fmt.Sprintf(detail, args...),
	})
	return o.Choice
}

// original keeps what the finding added last took away.
func (n *notes) original(text string) {
	n.found[len(n.found)-1].Original = text
}

// stopped reports whether a finding about the field stops the lane.
func (n *notes) stopped(field string) bool {
	return slices.ContainsFunc(n.found, func(f Finding) bool { return f.Field == field && f.Severity == Stop })
}

// keepSkipped gives the findings that leave a resource out the whole of it as
// Original: its raw form, or what the struct holds where there is none.
func (n *notes) keepSkipped(raw []byte, resource any) {
	for i := range n.found {
		if n.found[i].Severity != Skip {
			continue
		}
		if len(raw) == 0 {
			raw = []byte(encode(resource))
		}
		n.found[i].Original = string(raw)
	}
}
