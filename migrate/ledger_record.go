package migrate

import (
	"context"
	"time"

	"chatbridge/mapping"
)

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
	// ServiceEntity is a service. It has a ServiceRecord, and here only Attempts.
	ServiceEntity EntityKind = 5
)

// Stage is how far a service or a channel has come. The numbers are stored.
type Stage int

// Stages. A service goes from Planned over Open to Done; a channel goes through
// all of them.
const (
	Planned Stage = 0 // known, nothing written
	Open    Stage = 1 // exists in the target; participants or messages are on their way
	Copied  Stage = 2 // every message confirmed
	Checked Stage = 3 // target read back and equal
	Done    Stage = 9 // read horizons and dates set

	// Leaving is a channel or a service whose other side an undo is about to delete: it
	// may be there or not. The ledger forgets it when it is known to be gone.
	Leaving Stage = 10
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
	case Done:
		return "done"
	case Leaving:
		return "leaving"
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
	// Created says that this migration made the target service. Adopted says that
	// it was found by its stamps and not created with this ledger, which knows
	// nothing of what happened in it since.
	Created bool
	Adopted bool
	// Saved is the push configuration that the target had before the run put it
	// off, as JSON, until it is restored; empty where there is nothing to
	// restore.
	Saved []byte
}

// EntityRecord is one role, user, member or muted channel that the target
// confirmed. A user whom the source does not have, only members by their
// identity, has the SID of the target as source SID too, and so has a role that a
// late create made once more.
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
	// says that there is something to be brought up to date. A role has it only if
	// the service stored it otherwise, and a policy let that pass.
	DateUpdated time.Time
	// Digest tells, for a role or a user, whether somebody changed it since it was
	// carried over; 0 if that is not known.
	Digest int64
	// Kept says that it differs from the source, and was left as somebody else made
	// it.
	Kept bool
}

// NotYet is the date of an update that no source has: a user or a role that bears it is
// looked at again by the next pass.
var NotYet = time.Unix(1, 0)

// ChannelRecord is one channel on its way. One that is planned, and has a target
// all the same, has a conversation in which nothing is, and which the service stored
// otherwise than it was sent.
type ChannelRecord struct {
	SourceSID     string
	TargetSID     string // empty until confirmed
	ServiceSID    string // of the source
	FriendlyName  string // for people who read status; never used to match
	Stage         Stage
	Adopted       bool  // found in the target by its stamp, not created by this ledger
	MembersCount  int64 // as the source said when it was planned
	MessagesCount int64
	Messages      int64 // confirmed
	Members       int64 // confirmed
	// Listed is what the source showed when it was read to its end.
	Listed      Listed
	DateUpdated time.Time // of the source channel when its lane was done last
	// Digest tells whether name, unique name or attributes changed since they
	// were carried over; 0 where they were not yet.
	Digest int64
	// BornAt is a moment at which the conversation did not exist yet, by the clock
	// of the service; zero where it is not known. What is dated before it, only
	// REST can have written.
	BornAt time.Time
	// Alone says that nothing but what the ledger has was in the conversation when
	// it was last read whole.
	Alone bool
	// Writing says that a lane began to write, and did not end in good order yet:
	// then a message may have been in flight that is neither confirmed nor in
	// doubt.
	Writing bool
	// Page is the page of the source behind the first that shows the last confirmed
	// message, with one of its messages that is confirmed too. It may be an earlier page,
	// never a later one.
	Page Page
}

// Listed is what the source shows of one channel. The zero value says nothing: it
// was not read to its end yet, or counts otherwise since.
type Listed struct {
	Known                           bool
	Members, Messages               int64
	LeftOutMembers, LeftOutMessages int64 // of those; a policy leaves them out
}

// MessageRecord is one confirmed message.
type MessageRecord struct {
	SourceIndex int64
	TargetIndex int64
	SourceSID   string
	TargetSID   string
	// Others says that somebody else wrote it into the target, with the author and
	// the date of the source. It counts as there and is never removed.
	Others bool
	// Gone says that it was deleted in the target since, as its SID told.
	Gone bool
}

// DoubtRecord is a write without an answer. It may have landed, may land later
// or may never land.
type DoubtRecord struct {
	SourceIndex int64     // of the message, or NewConversation
	After       int64     // index of the target that was confirmed last when it was sent first; below 0 if none was
	Sends       int       // without an answer, and not found since
	At          time.Time // when it was sent last
}

// NewConversation stands in a DoubtRecord for the create of the conversation.
const NewConversation int64 = -1

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

// RunRecord is one run of the command on this ledger.
type RunRecord struct {
	ID          string
	PID         int
	Host        string
	StartedAt   time.Time
	HeartbeatAt time.Time
	EndedAt     time.Time     // zero while it runs, or when it was killed
	Status      string        // running, complete, partial, interrupted, failed
	Settle      time.Duration // that the run gave a write without an answer; zero if nobody noted it
	// Unanswered is when a write of the run, or of one before it, last had no answer and
	// was not kept in doubt either: Settle after it none of them can land any more. Zero
	// if nobody knows, as of a run that was killed or failed.
	Unanswered time.Time
	// Progress and Summary are JSON that the engine writes and status and report
	// read; empty where there is none.
	Progress []byte
	Summary  []byte
}

// SettleAfter is the settle time of whoever goes on after r: its own, or that of r if
// r may have left writes in flight and gave them longer.
func (r RunRecord) SettleAfter(own time.Duration) time.Duration {
	if r.Status == Complete {
		return own
	}
	return max(own, r.Settle)
}

// LedgerIdentity tells a ledger from every other one. A copy has the same ID and
// is another file, and a new file may get the number of one that was removed: only
// both together say that it is the same.
type LedgerIdentity struct {
	ID   string // that of its first run; empty before there was one
	File string // device and number of the file on this host; empty if there is none, or the system does not tell
	// Shared says that File is the same on every host that reaches it.
	Shared bool
}

// Holding says who may write a migration whose ledger several machines share. All
// times and ages are by the clock of what keeps the ledger.
type Holding struct {
	State   HoldState
	Holder  string // what the one who has, or last had, the lease is called
	Host    string
	PID     int
	Since   time.Time // when it took the lease
	Renewed time.Time
	Expires time.Time // when the lease runs out if it is not renewed; or when it ran out or was given back
	// Left is how long the lease lasts from now; below 0 is how long it is over.
	Left time.Duration
	Work *Work // nil if no worker was ever asked, or this role may not see it
}

// HoldState is what became of a lease.
type HoldState string

// States of a lease.
const (
	NeverLeased    HoldState = "none"       // nobody ever took it
	LeaseHeld      HoldState = "held"       // somebody has it
	LeaseGivenBack HoldState = "given_back" // the last one ended in good order
	LeaseExpired   HoldState = "expired"    // the last one is gone, or has no connection
)

// Work is the newest pass of a migration that workers were asked for.
type Work struct {
	Pass       int64 // from 1
	Generation int64 // attempt at the pass, from 1
	Stage      WorkStage
	Worker     string // who took this generation; empty while nobody did
	Reason     string // how the pass ended, or why it cannot be worked
	Asked      time.Time
	Changed    time.Time     // since when it is so
	Seen       time.Time     // when the worker last said that it is at work
	Unseen     time.Duration // how long ago that was
}

// WorkStage is how far a pass is.
type WorkStage string

// Stages of a pass.
const (
	WorkWaiting WorkStage = "waiting" // for a worker
	Working     WorkStage = "working" // a worker took it
	WorkDone    WorkStage = "done"    // whatever its exit status
	WorkFailed  WorkStage = "failed"  // no worker can work it until something is changed
)

// Open reports whether a worker has it, or is to take it.
func (w *Work) Open() bool { return w != nil && (w.Stage == WorkWaiting || w.Stage == Working) }

// NoteLevel remembers what is muted. Nothing is remembered of the rest, which
// is nearly all.
func NoteLevel(ctx context.Context, l Ledger, rec EntityRecord, muted bool) error {
	if muted {
		return Fatal(l.PutEntity(ctx, rec))
	}
	return Fatal(l.ForgetEntity(ctx, rec.Kind, rec.SourceSID))
}

func LevelRecord(user EntityRecord, channel ChannelRecord) EntityRecord {
	return EntityRecord{
		Kind:      UserChannelEntity,
		SourceSID: LevelKey(user.SourceSID, channel.SourceSID),
		TargetSID: LevelKey(user.TargetSID, channel.TargetSID),
		ParentSID: user.SourceSID,
	}
}

func LevelKey(userSID, channelSID string) string { return userSID + "/" + channelSID }

// HeartbeatEvery is how often a run says in the ledger that it lives. Status
// reads it from another process, and a resumed run learns from it how long ago
// the last one died.
const HeartbeatEvery = time.Second

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

// Dropped is the original of what a policy dropped or shortened.
type Dropped struct {
	Code       mapping.Code
	SID        string // of the resource; empty if it has none
	ChannelSID string // that it is in; empty if it is in none
	Field      string // as Chat names it; empty if it is the whole resource
	Original   string // any bytes
}

// DroppedOf are the originals of findings. A finding that stops drops nothing.
func DroppedOf(found []mapping.Finding) (all []Dropped) {
	for _, f := range found {
		if f.Original != "" && f.Severity != mapping.Stop {
			all = append(all, Dropped{Code: f.Code, SID: f.SID, ChannelSID: f.ChannelSID, Field: f.Field, Original: f.Original})
		}
	}
	return all
}
