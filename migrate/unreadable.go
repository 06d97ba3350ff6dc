package migrate

import (
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"

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

// CostsItself reports whether what a key may not read, as PermissionOf names it, costs
// that alone. Any other permission that is missing ends the run that needs it: what
// the target does not show too, since nobody could say then that both sides are equal.
func CostsItself(permission string) bool {
	switch permission {
	case "list Credentials", "list Channels/Invites", "list Users/Channels":
		return true
	}
	return false
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

// PermissionOf is what a key needs for a request, in the words of Twilio's policies for
// restricted keys: the action (list, read, create, update or delete) and the
// collections of the path, without the service that they are in, such as
// "list Channels/Members".
func PermissionOf(method, path string) string {
	const single = "Configuration" // which has no SID, nor has what is in it
	var nouns []string
	keyed := true
	_, path, _ = strings.Cut(strings.Trim(path, "/"), "/") // behind the version
	for segment := range strings.SplitSeq(path, "/") {
		if keyed = !keyed; keyed && !slices.Contains(nouns, single) {
			continue
		}
		keyed = false
		nouns = append(nouns, segment)
	}
	if len(nouns) > 1 && nouns[0] == "Services" && nouns[1] != single {
		nouns = nouns[1:]
	}
	of := " " + strings.Join(nouns, "/")
	one := keyed || slices.Contains(nouns, single)
	switch {
	case method == http.MethodDelete:
		return "delete" + of
	case method == http.MethodPost && one:
		return "update" + of
	case method == http.MethodPost:
		return "create" + of
	case one:
		return "read" + of
	}
	return "list" + of
}
