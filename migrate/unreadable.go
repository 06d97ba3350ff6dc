package migrate

import (
	"errors"
	"iter"

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

// ErrOtherAccount means that the credentials open another account than the one
// that the settings name. Its Kind is Credentials.
var ErrOtherAccount = errors.New("the credentials are of another account")

// Withheld reports whether a read failed because the key may not make it. A
// restricted key may read a workspace and be refused the push credentials of the
// account, the invites or webhooks of a channel, the bindings of a service, or what
// users have to do with channels; each costs itself alone. Any other read that is refused ends the run.
func Withheld(err error) bool {
	return err != nil && KindOf(err) == Credentials && !errors.Is(err, ErrOtherAccount)
}

// UnlessWithheld is a sequence that ends, after tell was called, where the key may
// not read on.
func UnlessWithheld[T any](seq iter.Seq2[T, error], tell func()) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for one, err := range seq {
			if Withheld(err) {
				tell()
				return
			}
			if !yield(one, err) {
				return
			}
		}
	}
}
