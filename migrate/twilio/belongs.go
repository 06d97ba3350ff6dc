package twilio

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/tidwall/gjson"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// parents are the fields by which a resource names what it is in, by the
// collection that this is of. Services have two names.
var parents = map[string][]string{
	"Services":      {"service_sid", "chat_service_sid"},
	"Channels":      {"channel_sid"},
	"Conversations": {"conversation_sid"},
	"Users":         {"user_sid"},
}

// prefixes are those of the SIDs that a create is answered with, by collection.
var prefixes = map[string]string{
	"Services": "IS", "Roles": "RL", "Users": "US", "Conversations": "CH",
	"Participants": "MB", "Messages": "IM", "Credentials": "CR", "Media": "ME",
}

var sidForm = regexp.MustCompile(`^[A-Z]{2}[0-9a-f]{32}$`)

// bearing is what a request says of the resources that answer it. It follows
// from the address alone, in which collections and keys take turns.
type bearing struct {
	account string
	fields  map[string]string // which must have these values, unless they are null
	created string            // prefix of the SID that is to be new; empty unless something is created
}

// bearing is that of the request as it was sent. A key that is no SID, such as an
// identity, says nothing; nor does one that was read by another name than its SID.
func (c *call) bearing() bearing {
	b := bearing{account: c.accountSID, fields: map[string]string{}}
	path, _, _ := strings.Cut(c.target, "?")
	segments := strings.Split(strings.Trim(path, "/"), "/")[1:]
	for ; len(segments) > 1; segments = segments[2:] {
		key, err := url.PathUnescape(segments[1])
		if err != nil || !sidForm.MatchString(key) {
			continue
		}
		_, ofUser := b.fields["user_sid"]
		switch last := len(segments) == 2; {
		case !last || ofUser:
			for _, name := range parents[segments[0]] {
				b.fields[name] = key
			}
		case c.method == http.MethodPost || key == c.sid:
			b.fields["sid"] = key
		}
	}
	if len(segments) == 1 && c.method == http.MethodPost {
		b.created = prefixes[segments[0]]
	}
	return b
}

// belongs makes sure that a resource is what was asked for, and is in what it was
// asked for in: a cache that mixes up answers, or a service that does, would have
// one conversation's messages written into another. raw is valid JSON.
func (c *call) belongs(b bearing, raw []byte) error {
	r, ok := bornBy(gjson.ParseBytes(raw))
	if !ok {
		return nil // whoever decodes it says what is wrong
	}
	if r.Account != nil {
		if !strings.EqualFold(*r.Account, b.account) {
			c.other = &otherAccount{asked: b.account, shown: *r.Account}
			return nil
		}
		c.accountShown.Store(true)
	}
	for _, f := range []struct {
		name string
		got  *string
	}{
		{"service_sid", r.Service}, {"chat_service_sid", r.ChatService}, {"channel_sid", r.Channel},
		{"conversation_sid", r.Conversation}, {"user_sid", r.User}, {"sid", r.SID},
	} {
		if want, asked := b.fields[f.name]; asked && f.got != nil && *f.got != want {
			return &misplaced{field: f.name, want: want, got: *f.got}
		}
	}
	if sid := value(r.SID); b.created != "" && (!sidForm.MatchString(sid) || !strings.HasPrefix(sid, b.created)) {
		return &misplaced{field: "sid", want: "a new one, which begins with " + b.created, got: sid}
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
		if sidForm.MatchString(want) && sidForm.MatchString(got[i]) && got[i] != want {
			return &misplaced{field: "the list of", want: want, got: got[i]}
		}
	}
	return nil
}

// borne is what a resource says of itself and of what it is in.
type borne struct {
	SID, Account, Service, ChatService, Channel, Conversation, User *string
}

// bornBy scans a resource for these fields alone: every record of every list comes
// through here, beside being decoded.
func bornBy(resource gjson.Result) (r borne, ok bool) {
	ok = resource.IsObject()
	resource.ForEach(func(key, value gjson.Result) bool {
		var field **string
		switch key.String() {
		case "sid":
			field = &r.SID
		case "account_sid":
			field = &r.Account
		case "service_sid":
			field = &r.Service
		case "chat_service_sid":
			field = &r.ChatService
		case "channel_sid":
			field = &r.Channel
		case "conversation_sid":
			field = &r.Conversation
		case "user_sid":
			field = &r.User
		default:
			return true
		}
		switch value.Type {
		case gjson.String:
			text := value.String()
			*field = &text
		case gjson.Null:
			*field = nil
		default:
			ok = false
		}
		return ok
	})
	return r, ok
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
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
