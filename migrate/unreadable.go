package migrate

import (
	"errors"

	"chatbridge/mapping/chat"
)

// Unreadable reports whether an error is about one record of the source that
// makes no sense. It costs the channel, or the user, that the record belongs to.
func Unreadable(err error) bool {
	_, ok := errors.AsType[*chat.Unreadable](err)
	return ok
}
