package migrate

import "context"

// Promoter makes public channels private, which is what makes Conversations
// show them, under the same SIDs and with everything in them. It is apart from
// Source because it writes to the Chat side, and the one thing that does.
type Promoter interface {
	// Promote makes a channel private. There is no way back. A channel that is
	// private already stays as it is and is no error. The messaging service is
	// attached unless its SID is empty; only conversations with SMS or WhatsApp
	// participants need one.
	Promote(ctx context.Context, serviceSID, channelSID, messagingServiceSID string) error
}
