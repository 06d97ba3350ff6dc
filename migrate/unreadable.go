package migrate

import (
	"errors"

	"chatbridge/mapping/chat"
)

// ErrShort means that a list ended although there is more: its other end, or a
// second reading, showed what did not come.
var ErrShort = errors.New("the list ends early")

// Unreadable reports whether an error is about one record of the source that
// makes no sense, or about a list that ends early. It costs the channel, or the
// user, that the record or the list belongs to.
func Unreadable(err error) bool {
	_, ok := errors.AsType[*chat.Unreadable](err)
	return ok || errors.Is(err, ErrShort)
}
