package undo

import "chatbridge/migrate"

// Fate is what becomes of something that a migration made, or replaced.
type Fate string

// Fates.
const (
	Delete Fate = "delete" // it goes, or would go
	Keep   Fate = "keep"
	Gone   Fate = "gone" // somebody has deleted it already
	// Restore: it was there before, and gets back, or would, what it was.
	Restore Fate = "restore"
)

// Removal is one thing that a migration made and what becomes of it.
type Removal struct {
	Fate      Fate   `json:"fate"`
	Kind      string `json:"kind"`
	SourceSID string `json:"source_sid,omitempty"` // empty where the source has none
	TargetSID string `json:"target_sid"`
	Name      string `json:"name,omitempty"`     // of a service or a channel
	Messages  int64  `json:"messages,omitempty"` // of a channel, that the migration brought
	// Files are those of these messages, which go with them.
	Files     int64  `json:"files,omitempty"`
	FileBytes int64  `json:"file_bytes,omitempty"`
	Done      bool   `json:"done"`
	Reason    string `json:"reason,omitempty"` // why it is kept or given back, or why that failed
}

// Undone is what an undo did.
type Undone struct {
	SchemaVersion int    `json:"schema_version"`
	Command       string `json:"command"`
	Executed      bool   `json:"executed"`
	// Status is how it ended: migrate.Complete, Partial if something stays or would,
	// InterruptedStatus or FailedStatus.
	Status   string           `json:"status"`
	Counts   map[string]Count `json:"counts"` // by kind
	Duration float64          `json:"duration_seconds"`
}

// Kept is how many things stay in the target, or would.
func (u Undone) Kept() (n int64) {
	for _, c := range u.Counts {
		n += c.Keep
	}
	return n
}

// ended says how an undo ended that did this, and returned err.
func (u Undone) ended(err error) string {
	switch {
	case err != nil && migrate.KindOf(err) == migrate.Interrupted:
		return migrate.InterruptedStatus
	case err != nil:
		return migrate.FailedStatus
	case u.Kept() > 0:
		return migrate.Partial
	}
	return migrate.Complete
}

// Count says what became of the things of one kind.
type Count struct {
	Delete int64 `json:"delete"` // go, or would go
	Done   int64 `json:"done"`   // of these, and of those to be restored, are done
	Keep   int64 `json:"keep"`
	Gone   int64 `json:"gone"`
	// Restore is how many that were there before get back, or would, what they were.
	Restore int64 `json:"restore"`
}
