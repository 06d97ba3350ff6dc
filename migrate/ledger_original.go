package migrate

// Original is what a role or a user of the target was before the migration
// replaced it, so that an undo can give it back.
type Original struct {
	Kind      EntityKind // RoleEntity or ServiceEntity or UserEntity
	TargetSID string
	ParentSID string // source SID of the service that replaced it
	Before    []byte // JSON of the resource of the target
	// Wrote tells whether somebody changed it since: it is the digest of what
	// was written.
	Wrote int64
}

// Attempt is the create of a role or a service that was sent, or is about to be. It is stored
// before the create, so that after a crash, or when no answer came, the one that
// it made can be told from those that were there.
type Attempt struct {
	Kind      EntityKind // RoleEntity or ServiceEntity
	SourceSID string
	ParentSID string   // source SID of the service; of a service its own
	Before    []string // SIDs of those that the target had
	Sent      int64    // digest of what was sent
	// Unanswered is how many creates had no answer yet, and were not found: each
	// may still take effect.
	Unanswered int
}
