package migrate

import "chatbridge/mapping"

// FindingRecord is what was found about one field of one resource. Its key is
// code, SID and field, so that a resource which is mapped again counts once.
type FindingRecord struct {
	Code     mapping.Code
	Severity mapping.Severity
	SID      string // of the resource; empty if it has none
	Owner    string // SID of the channel it is in; of a resource in no channel its own
	Field    string // or what else tells two findings of one resource apart
	Count    int64
}
