package twilio

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// Fields by which a resource names itself, the account, and what it is in.
const (
	accountField = iota
	serviceField
	chatServiceField
	channelField
	conversationField
	userField
	sidField
	bearings
)

var fieldNames = [bearings]string{"account_sid", "service_sid", "chat_service_sid", "channel_sid", "conversation_sid", "user_sid", "sid"}

// parents are the fields of what a resource is in, by the collection that this is
// of. Services have two names.
var parents = map[string][]int{
	"Services":      {serviceField, chatServiceField},
	"Channels":      {channelField},
	"Conversations": {conversationField},
	"Users":         {userField},
}

// prefixes are those of the SIDs that a create is answered with, by collection.
var prefixes = map[string]string{
	"Services": "IS", "Roles": "RL", "Users": "US", "Conversations": "CH",
	"Participants": "MB", "Messages": "IM", "Credentials": "CR", "Media": "ME",
}

// isSID reports whether s has the form of one: two capitals and 32 hexadecimal digits
// in lower case.
func isSID(s string) bool {
	if len(s) != 34 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case i < 2 && (c < 'A' || c > 'Z'):
			return false
		case i >= 2 && (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return false
		}
	}
	return true
}

// bearing is what a request says of the resources that answer it. It follows
// from the address alone, in which collections and keys take turns.
type bearing struct {
	account string
	fields  [bearings]string // which must have these values, unless they are null; empty may have any
	created string           // prefix of the SID that is to be new; empty unless something is created
}

// bearing is that of the request as it was sent. A key that is no SID, such as an
// identity, says nothing; nor does one that was read by another name than its SID.
func (c *call) bearing() bearing {
	b := bearing{account: c.accountSID}
	path, _, _ := strings.Cut(c.target, "?")
	_, path, more := strings.Cut(strings.Trim(path, "/"), "/") // after the version
	for more {
		var collection, key string
		collection, path, more = strings.Cut(path, "/")
		if !more {
			if c.method == http.MethodPost {
				b.created = prefixes[collection]
			}
			break
		}
		key, path, more = strings.Cut(path, "/")
		key, err := url.PathUnescape(key)
		if err != nil || !isSID(key) {
			continue
		}
		switch {
		case more || b.fields[userField] != "":
			for _, field := range parents[collection] {
				b.fields[field] = key
			}
		case c.method == http.MethodPost || key == c.sid:
			b.fields[sidField] = key
		}
	}
	return b
}

// belongs makes sure that a resource is what was asked for, and is in what it was
// asked for in: a cache that mixes up answers, or a service that does, would have
// one conversation's messages written into another.
func (c *call) belongs(b bearing, raw []byte) error {
	r, ok := bornBy(raw)
	if !ok {
		return nil // whoever decodes it says what is wrong
	}
	if shown := r[accountField]; shown != nil {
		if string(shown) != b.account && !strings.EqualFold(string(shown), b.account) {
			c.other = &otherAccount{asked: b.account, shown: string(shown)}
			return nil
		}
		if !c.accountShown.Load() {
			c.accountShown.Store(true)
		}
	}
	for field, want := range b.fields {
		if got := r[field]; want != "" && got != nil && string(got) != want {
			return &misplaced{field: fieldNames[field], want: want, got: string(got)}
		}
	}
	if b.created == "" {
		return nil
	}
	if sid := string(r[sidField]); !isSID(sid) || !strings.HasPrefix(sid, b.created) {
		return &misplaced{field: fieldNames[sidField], want: "a new one, which begins with " + b.created, got: sid}
	}
	return nil
}

// answers makes sure that a list which gives itself an address is the one that was
// asked for. A record names its parents, and an empty list has none. Only SIDs are
// compared: what was asked for by another name may show its SID.
func (c *call) answers(shown string) error {
	at, err := url.Parse(shown)
	if shown == "" || err != nil {
		return nil
	}
	path, _, _ := strings.Cut(c.target, "?")
	asked, got := strings.Split(path, "/"), strings.Split(at.EscapedPath(), "/")
	if len(asked) != len(got) {
		return nil
	}
	for i, want := range asked {
		if isSID(want) && isSID(got[i]) && got[i] != want {
			return &misplaced{field: "the list of", want: want, got: got[i]}
		}
	}
	return nil
}

// borne is what a resource says of itself and of what it is in. nil is null, or not
// there.
type borne [bearings][]byte

// bornBy scans a resource for these fields alone: every record of every list comes
// through here, beside being decoded. ok is false if one of them is no text, or if raw
// is no object.
func bornBy(raw []byte) (r borne, ok bool) {
	o := chat.ObjectOf(raw)
	for m, more := o.Next(); more; m, more = o.Next() {
		field := slices.Index(fieldNames[:], string(m.Key))
		if m.Escaped {
			field = slices.Index(fieldNames[:], m.Name())
		}
		switch {
		case field < 0:
		case string(m.Value) == "null":
			r[field] = nil
		case m.Value[0] != '"':
			return r, false
		case bytes.IndexByte(m.Value, '\\') < 0:
			r[field] = m.Value[1 : len(m.Value)-1]
		default:
			r[field] = []byte(spelled(m.Value))
		}
	}
	return r, o.Whole()
}

// misplaced is a resource that is not what was asked for.
type misplaced struct{ field, want, got string }

func (m *misplaced) Error() string {
	return fmt.Sprintf("a reply shows %s %s instead of %s", m.field, chat.Excerpt(m.got), m.want)
}

// otherAccount is a resource of an account that the credentials are not of.
type otherAccount struct{ asked, shown string }

func (o *otherAccount) Error() string {
	return fmt.Sprintf("the credentials are for account %s, but the settings name %s", chat.Shorten(o.shown), o.asked)
}

func (*otherAccount) Is(target error) bool { return target == migrate.ErrOtherAccount }

// strayed explains a reply that is of something else, and is nil for any other
// error.
func (c *call) strayed(err error) error {
	if other, ok := errors.AsType[*otherAccount](err); ok {
		e := c.fail(migrate.Credentials, other)
		e.Hint = fmt.Sprintf("if that is the account you mean, set %s to %s; if not, use a key of %s", c.hints.account, chat.Shorten(other.shown), other.asked)
		return e
	}
	if m, ok := errors.AsType[*misplaced](err); ok {
		e := c.fail(c.lost(), m)
		e.Hint = fmt.Sprintf("run again; if it happens again, something between here and %s mixes up replies", c.base.Host)
		return e
	}
	return nil
}
