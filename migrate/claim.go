package migrate

import (
	"context"
	"iter"
	"time"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// ClaimName is the unique name of the conversation by which a run says that it
// writes into a service. It is part of no workspace.
const ClaimName = "chatbridge-claim"

// WithoutClaim is a target whose lists leave claims out: what is counted, compared
// or deleted is never one. By its name a claim can still be read.
func WithoutClaim(t TargetReader) TargetReader {
	if t == nil {
		return nil
	}
	return unclaimedTarget{t}
}

type unclaimedTarget struct{ TargetReader }

func (t unclaimedTarget) Conversations(ctx context.Context, serviceSID string) iter.Seq2[conversations.Conversation, error] {
	return leaveOut(t.TargetReader.Conversations(ctx, serviceSID), func(c conversations.Conversation) bool { return c.UniqueName == ClaimName })
}

// WithoutClaimChannels is a source whose lists leave claims out. Within one
// account Chat shows the conversations of a service as its channels, and a service
// that is migrated from may be one that was migrated into. A channel of that name
// that has members or messages is somebody's, and stays.
func WithoutClaimChannels(s Source) Source { return unclaimedSource{s} }

type unclaimedSource struct{ Source }

func (s unclaimedSource) Channels(ctx context.Context, serviceSID string) iter.Seq2[chat.Channel, error] {
	return leaveOut(s.Source.Channels(ctx, serviceSID), func(c chat.Channel) bool {
		return c.UniqueName == ClaimName && c.MembersCount == 0 && c.MessagesCount == 0
	})
}

func leaveOut[T any](list iter.Seq2[T, error], claim func(T) bool) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for one, err := range list {
			if err == nil && claim(one) {
				continue
			}
			if !yield(one, err) {
				return
			}
		}
	}
}

// Leased is a ledger that several machines reach. One of them writes it at a time,
// for as long as it renews a lease, and only that one may write into the target.
type Leased interface {
	Ledger
	Lease() Lease

	// PutStray notes what landed in the target although the lease was over. It
	// needs none, and survives a crash when it returns. Strays lists them; forgetting
	// one that is not there is no error.
	PutStray(ctx context.Context, s Stray) error
	Strays(ctx context.Context) ([]Stray, error)
	ForgetStray(ctx context.Context, s Stray) error
}

// Lease says whether this process may write. All methods may be called by any
// number of goroutines.
type Lease interface {
	// Permit is asked right before each write is sent. It fails if the lease is
	// over by any clock of this machine, with Kind Conflict if another process has
	// it, for good, and with Kind Unavailable if it could not be renewed in time.
	Permit() error
	// Ready waits until a write may be begun: a lease that could not be renewed may
	// still be ours when the ledger answers again.
	Ready(ctx context.Context) error
	// During returns a context that ends when the lease is over, for what must not
	// arrive later. stop frees it.
	During(ctx context.Context) (_ context.Context, stop func())
	// Lost is closed when another process has the lease.
	Lost() <-chan struct{}
	// Before says how the holder before lost it.
	Before() Handover
}

// Handover is how a lease came from one process to the next.
type Handover struct {
	// At is when the lease of the one before was over, by the clock of this process,
	// whatever those of the others say; zero if there was none.
	At time.Time
	// Expired says that it was not given back: what was sent may still land.
	Expired bool
	// Length is how long that lease lasted without a renewal.
	Length time.Duration
}

// Stray is a message that was sent under a lease and answered after it. Without a
// conversation it says that a process was lost, so that for a while a conversation may
// land which it was about to create.
type Stray struct {
	TargetService, Conversation, Message string    // SIDs
	At                                   time.Time // in UTC and whole seconds
}
