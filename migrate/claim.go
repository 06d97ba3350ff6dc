package migrate

import (
	"context"
	"iter"

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
