package migrate

import (
	"context"
	"iter"
	"time"
)

// Ledger remembers what the target confirmed. One process writes a ledger at a
// time; any number may read it meanwhile.
//
// A Put is seen by every later read of the same Ledger at once, and survives a
// crash after the next Sync or within about a quarter of a second, whichever
// comes first; what a crash loses is always the latest. PutService, PutRun and
// Suspect return only when they would survive. A Put of a record with the same
// key replaces it.
//
// The ledger holds SIDs, indexes, counts and reasons. It never holds a body, an
// attribute or a credential. Errors are of type *Error.
type Ledger interface {
	// Bind ties an empty ledger to a fingerprint and checks a used one against
	// it: where they differ the error has Kind Conflict and names the settings.
	Bind(ctx context.Context, f Fingerprint) error

	Service(ctx context.Context, sourceSID string) (ServiceRecord, bool, error)
	Services(ctx context.Context) ([]ServiceRecord, error)
	PutService(ctx context.Context, r ServiceRecord) error
	// ForgetService removes the record of a service, and no other; one that is
	// not there is no error.
	ForgetService(ctx context.Context, sourceSID string) error

	// Entity finds a role, user or member by its source SID.
	Entity(ctx context.Context, kind EntityKind, sourceSID string) (EntityRecord, bool, error)
	// Entities yields the records of a kind that belong to a parent: roles and
	// users to a service, members to a channel (by source SID).
	Entities(ctx context.Context, kind EntityKind, parentSID string) iter.Seq2[EntityRecord, error]
	PutEntity(ctx context.Context, r EntityRecord) error
	// ForgetEntity removes the record of an entity; one that is not there is no
	// error.
	ForgetEntity(ctx context.Context, kind EntityKind, sourceSID string) error

	Channel(ctx context.Context, sourceSID string) (ChannelRecord, bool, error)
	// Channels yields the channels of a service, in the order of their SIDs.
	Channels(ctx context.Context, serviceSID string) iter.Seq2[ChannelRecord, error]
	// PutChannel records a channel. A target that another channel has, of
	// whatever service, is refused: the error is TargetTaken, nothing is changed
	// and the ledger goes on.
	PutChannel(ctx context.Context, r ChannelRecord) error

	// PutMessage records that a message was confirmed.
	PutMessage(ctx context.Context, channelSID string, r MessageRecord) error
	// Messages yields the confirmed messages of a channel with source indexes
	// greater than after, in their order.
	Messages(ctx context.Context, channelSID string, after int64) iter.Seq2[MessageRecord, error]
	// Newest is the confirmed message with the greatest source index.
	Newest(ctx context.Context, channelSID string) (MessageRecord, bool, error)
	// AtOrBelow is the confirmed message with the greatest source index that is
	// not above index.
	AtOrBelow(ctx context.Context, channelSID string, index int64) (MessageRecord, bool, error)
	// ForgetMessages removes the records of a channel with source indexes
	// greater than after.
	ForgetMessages(ctx context.Context, channelSID string, after int64) error

	// Suspect notes, before a message is written again, that an earlier write
	// of it had an unknown outcome and may still land.
	Suspect(ctx context.Context, channelSID string, sourceIndex int64) error
	Suspects(ctx context.Context, channelSID string) ([]int64, error)

	// PutFailure records why something was not carried; ClearFailures forgets
	// what was said about one source SID.
	PutFailure(ctx context.Context, f Failure) error
	ClearFailures(ctx context.Context, sourceSID string) error
	Failures(ctx context.Context) iter.Seq2[Failure, error]

	// PutRun records a run under its ID.
	PutRun(ctx context.Context, r RunRecord) error
	// LastRun is the run whose first put came last, whatever the clocks of the
	// runs said. Putting an older run again does not make it the last.
	LastRun(ctx context.Context) (RunRecord, bool, error)

	// Sync makes everything put so far survive a crash.
	Sync(ctx context.Context) error
	// Close syncs and lets another process in.
	Close() error
}

// Fingerprint is what a ledger is bound to: names of settings and their values.
// Runs with other values would not continue the same migration.
type Fingerprint map[string]string

// EntityKind is a kind of EntityRecord.
type EntityKind int

// Kinds of entities. The numbers are stored.
const (
	RoleEntity   EntityKind = 1
	UserEntity   EntityKind = 2
	MemberEntity EntityKind = 3
	// UserChannelEntity is a channel that a user muted. Its SIDs are two, that
	// of the user and that of the channel, with a slash between them.
	UserChannelEntity EntityKind = 4
)

// Stage is how far a service or a channel has come. The numbers are stored.
type Stage int

// Stages. A service goes from Planned over Open to Done; a channel goes through
// all of them.
const (
	Planned  Stage = 0 // known, nothing written
	Open     Stage = 1 // exists in the target; participants or messages are on their way
	Copied   Stage = 2 // every message confirmed
	Checked  Stage = 3 // target read back and equal
	Horizons Stage = 4 // read horizons set
	Done     Stage = 9
)

func (s Stage) String() string {
	switch s {
	case Planned:
		return "planned"
	case Open:
		return "open"
	case Copied:
		return "copied"
	case Checked:
		return "checked"
	case Horizons:
		return "horizons"
	case Done:
		return "done"
	}
	return "unknown"
}

// ServiceRecord is one service on its way.
type ServiceRecord struct {
	SourceSID    string
	TargetSID    string // empty until confirmed
	FriendlyName string
	Stage        Stage
	// Before lists the services of that name that the target had before ours was
	// created. It is stored before the create, so that after a crash the one
	// that is not in it can be recognized.
	Before []string
	// Created says that this migration made the target service.
	Created bool
	// Saved is the push configuration that the target had before the run put it
	// off, as JSON, until it is restored; empty where there is nothing to
	// restore.
	Saved []byte
}

// EntityRecord is one role, user, member or muted channel that the target
// confirmed. A user whom the source does not have, only members by their
// identity, has the SID of the target as source SID too.
type EntityRecord struct {
	Kind      EntityKind
	SourceSID string
	TargetSID string
	ParentSID string // source SID of the service (roles, users), channel (members) or user (muted channels)
	Existing  bool   // it was in the target before
	// Horizon is, for a member, the source index that was carried over as read
	// horizon; nil where none was.
	Horizon *int64
	// DateUpdated is that of the source when it was carried over. Another one
	// says that there is something to be brought up to date.
	DateUpdated time.Time
}

// ChannelRecord is one channel on its way.
type ChannelRecord struct {
	SourceSID     string
	TargetSID     string // empty until confirmed
	ServiceSID    string // of the source
	FriendlyName  string // for people who read status; never used to match
	Stage         Stage
	Adopted       bool  // found in the target by its stamp, not created by this ledger
	MembersCount  int64 // as the source said when it was planned
	MessagesCount int64
	Messages      int64     // confirmed
	Members       int64     // confirmed
	DateUpdated   time.Time // of the source channel when its lane was done last
	// Digest tells whether name, unique name or attributes changed since they
	// were carried over; 0 where they were not yet.
	Digest int64
}

// MessageRecord is one confirmed message.
type MessageRecord struct {
	SourceIndex int64
	TargetIndex int64
	SourceSID   string
	TargetSID   string
}

// Failure says why something was not carried.
type Failure struct {
	Kind       string // channel, user, role, ...
	SourceSID  string
	ServiceSID string
	TargetSID  string
	Reason     string
	Hint       string
	At         time.Time
}

// RunRecord is one run of the command on this ledger.
type RunRecord struct {
	ID          string
	PID         int
	Host        string
	StartedAt   time.Time
	HeartbeatAt time.Time
	EndedAt     time.Time // zero while it runs, or when it was killed
	Status      string    // running, complete, partial, interrupted, failed
	// Progress and Summary are JSON that the engine writes and status and report
	// read; empty where there is none.
	Progress []byte
	Summary  []byte
}
