package migrate

import (
	"context"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
)

// Tail is the end of a channel that its conversation lacks.
type Tail struct {
	Service       chat.Service // of the source
	Channel       chat.Channel
	Roles         mapping.Roles
	TargetService string    // SID
	Conversation  string    // SID
	Born          time.Time // a moment before the conversation was made, by a clock that no request can set; zero if unknown
	After         int64     // index in the source of the last message that is there, or All

	Target Target                      // through which everything is written
	Mute   func(context.Context) error // turns push notifications off; called before the first write
}

// BringTail writes what a conversation lacks at its end, in order and one in
// flight, as a migration does. It stops at the first message that it cannot
// bring.
type BringTail func(ctx context.Context, t Tail) error
