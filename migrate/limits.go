package migrate

// MaxLimit is the highest that either ceiling of a service can be raised to.
const MaxLimit = 1000

// Limits are the ceilings of a service. What is 0 was not said.
type Limits struct {
	ChannelMembers int // participants of a conversation
	UserChannels   int // conversations and Chat channels, counted together, of one identity
}

// What a new service admits until it is told otherwise.
const (
	DefaultChannelMembers = 100
	DefaultUserChannels   = 250
)
