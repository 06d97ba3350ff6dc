package migrate

import (
	"context"
	"iter"

	"chatbridge/mapping"
)

// LedgerReader is what can be asked of a ledger, also while another process
// writes it: then it answers with what that process has committed. The iterators
// hold a bounded number of records, and answer with what is there when they come
// to it; the body of a loop may call the ledger. Times come back in UTC. All
// methods may be called by any number of goroutines. Errors are of type *Error.
type LedgerReader interface {
	// Fingerprint is what the ledger is bound to; empty if it is not bound yet.
	Fingerprint(ctx context.Context) (Fingerprint, error)

	Service(ctx context.Context, sourceSID string) (ServiceRecord, bool, error)
	Services(ctx context.Context) ([]ServiceRecord, error)

	// Entity finds a role, user or member by its source SID.
	Entity(ctx context.Context, kind EntityKind, sourceSID string) (EntityRecord, bool, error)
	// Entities yields the records of a kind that belong to a parent: roles and
	// users to a service, members to a channel (by source SID).
	Entities(ctx context.Context, kind EntityKind, parentSID string) iter.Seq2[EntityRecord, error]

	// Original finds what a role or a user of the target was before it was
	// replaced. Originals yields those that a service replaced.
	Original(ctx context.Context, kind EntityKind, targetSID string) (Original, bool, error)
	Originals(ctx context.Context, serviceSID string) iter.Seq2[Original, error]

	// Attempt finds the create of a role or a service that was sent for a source SID and is
	// not done with. Attempts yields those of a service, itself included.
	Attempt(ctx context.Context, kind EntityKind, sourceSID string) (Attempt, bool, error)
	Attempts(ctx context.Context, serviceSID string) iter.Seq2[Attempt, error]

	Channel(ctx context.Context, sourceSID string) (ChannelRecord, bool, error)
	// Channels yields the channels of a service, in the order of their SIDs.
	Channels(ctx context.Context, serviceSID string) iter.Seq2[ChannelRecord, error]

	// Messages yields the confirmed messages of a channel with source indexes
	// greater than after, in their order.
	Messages(ctx context.Context, channelSID string, after int64) iter.Seq2[MessageRecord, error]
	// Newest is the confirmed message with the greatest source index.
	Newest(ctx context.Context, channelSID string) (MessageRecord, bool, error)
	// AtOrBelow is the confirmed message with the greatest source index that is
	// not above index.
	AtOrBelow(ctx context.Context, channelSID string, index int64) (MessageRecord, bool, error)
	// CountMessages counts the confirmed messages of a channel. The count in the
	// channel's own record is that of its last stage.
	CountMessages(ctx context.Context, channelSID string) (int64, error)
	// Doubts lists the writes of a channel that may still land, by source index.
	Doubts(ctx context.Context, channelSID string) ([]DoubtRecord, error)

	// Lookup finds what arrived under a SID of either side: services, roles,
	// users, channels, members and messages. Services that were migrated into one
	// are found together by its SID. Nothing found is no error. A role or a user is
	// found at once, and so is anything but a message by its source SID; the rest
	// may take a walk over all records of the kind, about a second for a million.
	Lookup(ctx context.Context, sid string) ([]Pair, error)

	// File finds the file that was uploaded for a message. Files yields those of a
	// channel, by source index.
	File(ctx context.Context, channelSID string, sourceIndex int64) (FileRecord, bool, error)
	Files(ctx context.Context, channelSID string) iter.Seq2[FileRecord, error]

	// CountFiles counts the files of confirmed messages that were not deleted since,
	// and their bytes.
	CountFiles(ctx context.Context) (files, bytes int64, err error)

	// Failures yields what is known not to have been carried.
	Failures(ctx context.Context) iter.Seq2[Failure, error]

	// Findings says how often each code was found, over all runs, with the first
	// SamplesKept of the SIDs in their order: the gravest code first, then by code.
	Findings(ctx context.Context) ([]FindingCount, error)
	// Found reports whether a code was found, in any run, about a resource of the
	// source.
	Found(ctx context.Context, code mapping.Code, sid string) (bool, error)
	// LeftOut counts the resources of an owner that a finding leaves out, and whose
	// SIDs begin with prefix. A message that was deleted in the target is one if this
	// ledger never had it.
	LeftOut(ctx context.Context, owner, prefix string) (int64, error)

	// LastRun is the run whose first put came last, whatever the clocks of the
	// runs said. Putting an older run again does not make it the last.
	LastRun(ctx context.Context) (RunRecord, bool, error)

	// Identity is what tells this ledger from every other, copies of it included.
	Identity(ctx context.Context) (LedgerIdentity, error)

	// Close lets go of the ledger.
	Close() error
}

// Ledger remembers what the target confirmed. One process writes a ledger at a
// time; any number may read it meanwhile.
//
// A Put is seen by every later read of the same Ledger at once, and survives a
// crash after the next Sync or within about a quarter of a second, whichever
// comes first; what a crash loses is always the latest. Bind, Rebind, PutService,
// PutRun, PutDoubt, PutFile, PutOriginal and PutAttempt return only when they would
// survive. A Put of a record with the same key replaces it.
//
// The ledger holds SIDs, indexes, counts, addresses of pages and reasons. It never
// holds a credential. Of names and attributes it holds only those of an Original: what
// a person asked to replace in the target. It holds a body only if it is a DroppedLedger
// and a policy dropped or shortened that body. Package ledgertest holds an
// implementation to all of this.
type Ledger interface {
	LedgerReader

	// Bind ties an empty ledger to a fingerprint and checks a used one against
	// it, as Fingerprint.Agree does.
	Bind(ctx context.Context, f Fingerprint) error
	// Rebind ties the ledger to another fingerprint; what it knows stays as it is,
	// but that channels were listed: under other settings they would have been listed
	// otherwise. If one of the fixed settings differs it changes nothing, and the
	// error is that of Agree about those.
	Rebind(ctx context.Context, f Fingerprint, fixed ...string) error

	PutService(ctx context.Context, r ServiceRecord) error
	// ForgetService removes the record of a service, and no other; one that is
	// not there is no error.
	ForgetService(ctx context.Context, sourceSID string) error

	PutEntity(ctx context.Context, r EntityRecord) error
	// ForgetEntity removes the record of an entity; one that is not there is no
	// error.
	ForgetEntity(ctx context.Context, kind EntityKind, sourceSID string) error

	// PutOriginal keeps what was there, before it is replaced. Forgetting one that
	// is not there is no error.
	PutOriginal(ctx context.Context, o Original) error
	ForgetOriginal(ctx context.Context, kind EntityKind, targetSID string) error

	// PutAttempt notes a create, before it is sent. Forgetting one that is not
	// there is no error.
	PutAttempt(ctx context.Context, a Attempt) error
	ForgetAttempt(ctx context.Context, kind EntityKind, sourceSID string) error

	// PutChannel records a channel. A target that another channel has, of
	// whatever service, is refused: the error is TargetTaken, nothing is changed
	// and the ledger goes on.
	PutChannel(ctx context.Context, r ChannelRecord) error

	// PutMessage records that a message was confirmed.
	PutMessage(ctx context.Context, channelSID string, r MessageRecord) error
	// ForgetMessages removes the records of a channel with source indexes
	// greater than after.
	ForgetMessages(ctx context.Context, channelSID string, after int64) error

	// PutDoubt notes, before anything else is written, that a write is in doubt
	// and may still land.
	PutDoubt(ctx context.Context, channelSID string, d DoubtRecord) error
	// ForgetDoubt removes a doubt; one that is not there is no error.
	ForgetDoubt(ctx context.Context, channelSID string, sourceIndex int64) error

	// PutFile notes a file that was uploaded, before its message is sent.
	PutFile(ctx context.Context, channelSID string, r FileRecord) error
	// ForgetFile removes the record of a file; one that is not there is no error.
	ForgetFile(ctx context.Context, channelSID string, sourceIndex int64) error

	// PutFailure records why something was not carried; ClearFailures forgets
	// what was said about one source SID.
	PutFailure(ctx context.Context, f Failure) error
	ClearFailures(ctx context.Context, sourceSID string) error

	// PutFindings records findings; ForgetFindings forgets those of an owner that
	// have a severity, or any if it is empty.
	PutFindings(ctx context.Context, found []FindingRecord) error
	ForgetFindings(ctx context.Context, owner string, severity mapping.Severity) error

	// PutRun records a run under its ID.
	PutRun(ctx context.Context, r RunRecord) error

	// Sync makes everything put so far survive a crash.
	Sync(ctx context.Context) error
	// Close syncs and lets another process in.
	Close() error
}

// LedgerContents is a ledger that yields everything it has, so that it can be copied.
type LedgerContents interface {
	LedgerReader

	// Contents yields each record once, while nobody writes the ledger: first a
	// Fingerprint if it is bound, then every RunRecord in the order of their first puts,
	// then the rest. Put into an empty ledger in this order they make an equal one.
	Contents(ctx context.Context) iter.Seq2[LedgerContent, error]
}

// LedgerContent is one record of a ledger.
type LedgerContent struct {
	ChannelSID string // of a MessageRecord, a DoubtRecord and a FileRecord
	// Record is a Fingerprint, RunRecord, ServiceRecord, EntityRecord, Original, Attempt,
	// ChannelRecord, MessageRecord, DoubtRecord, FileRecord, Failure or FindingRecord.
	Record any
}

// Whole is an empty ledger that comes into being with Keep, and not at all without.
type Whole interface {
	Ledger
	LedgerContents

	// Keep makes everything that was put survive, and closes the ledger. If Close comes
	// first, or the process dies, nothing is left of it.
	Keep(ctx context.Context) error
}

// DroppedReader is a ledger that has in itself what policies dropped or shortened,
// because several machines share it. What policies dropped of a migration with any
// other ledger is in a file beside that ledger: see package sidecar.
type DroppedReader interface {
	// Dropped yields the originals in the order in which they were first put.
	Dropped(ctx context.Context) iter.Seq2[Dropped, error]
	// CountDropped says how many there are, and how many bytes they have.
	CountDropped(ctx context.Context) (originals, bytes int64, err error)
}

// DroppedLedger is a DroppedReader that is open for writing.
type DroppedLedger interface {
	Ledger
	DroppedReader

	// PutDropped keeps originals and returns when they would survive a crash. One that
	// is there, equal in every field, is not put twice.
	PutDropped(ctx context.Context, all []Dropped) error
}

// Sidecar keeps, whole, what policies drop or shorten, before the rest is written.
// Its methods may be called by any number of goroutines.
type Sidecar interface {
	// Keep keeps the originals of findings and returns when they would survive a crash.
	// Findings without an original are passed over, and those that stop: nothing of what
	// they are about is written. Its error ends the run.
	Keep(ctx context.Context, found []mapping.Finding) error
	// Kept says what was kept since the Sidecar was made; nil if nothing was.
	Kept() *Kept
	// Close lets go of what keeps it. Called again it does nothing.
	Close() error
}

// Kept says where the originals are that a run kept.
type Kept struct {
	Path     string `json:"path"`                // of the file, or the name of the ledger that has them
	Lines    int64  `json:"lines"`               // of this run
	Bytes    int64  `json:"bytes"`               // of this run
	InLedger bool   `json:"in_ledger,omitempty"` // the ledger has them itself
}
