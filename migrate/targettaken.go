package migrate

import "fmt"

// TargetTaken is what a Ledger answers to the record of a channel whose target
// is the conversation of another channel. Two channels in one conversation would
// take each other's messages for their own.
func TargetTaken(channelSID, conversationSID, otherSID string) error {
	return &Error{
		Op: "put channel", Kind: Conflict, SID: channelSID,
		Err:  fmt.Errorf("conversation %s is that of channel %s already", conversationSID, otherSID),
		Hint: "run the same command again: the channel gets a conversation of its own; to see whose this one is: chatbridge sids " + conversationSID,
	}
}
