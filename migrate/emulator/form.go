package emulator

import (
	"encoding/json"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of Conversations, in bytes.
const (
	maxAttributes        = 16 << 10 // of a conversation or a user
	maxMessageAttributes = 4 << 10  // of a message or a participant
	maxBody              = 32 << 10
	maxIdentity          = 256
	maxFriendlyName      = 256
	maxUniqueName        = 256
	maxRoleName          = 64
)

// form reads parameters and keeps the first error.
type form struct {
	values url.Values
	err    error
}

func (f *form) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

func (f *form) has(name string) bool { _, ok := f.values[name]; return ok }

// some requires at least one of the parameters of an update.
func (f *form) some(names ...string) {
	for _, name := range names {
		if f.has(name) {
			return
		}
	}
	f.fail(invalid(20161, "At least one parameter is required"))
}

// text sets dst to the parameter, if it was sent. The limit is in characters,
// which is what Twilio's documents say of names. The copy does not keep the
// whole form in memory.
func (f *form) text(name string, dst *string, limit, code int) {
	if !f.has(name) {
		return
	}
	v := f.values.Get(name)
	if utf8.RuneCountInString(v) > limit {
		f.fail(invalid(code, "%s is longer than %d characters", name, limit))
		return
	}
	*dst = strings.Clone(v)
}

// attributes sets dst to the attributes, if they were sent.
func (f *form) attributes(dst *string, limit int) {
	if !f.has("Attributes") {
		return
	}
	v := f.values.Get("Attributes")
	switch {
	case len(v) > limit:
		f.fail(invalid(50303, "Attributes are longer than %d bytes", limit))
	case !json.Valid([]byte(v)) || !strings.HasPrefix(strings.TrimLeft(v, " \t\r\n"), "{"):
		f.fail(invalid(50304, "Attributes are not a valid JSON object"))
	default:
		*dst = strings.Clone(v)
	}
}

// date is seconds since 1970.
type date int64

// noDate is the date of what has none.
const noDate date = math.MinInt64

func (d date) MarshalJSON() ([]byte, error) {
	if d == noDate {
		return []byte("null"), nil
	}
	return time.Unix(int64(d), 0).UTC().AppendFormat(nil, `"2006-01-02T15:04:05Z"`), nil
}

func dateOf(t time.Time) date { return date(t.Unix()) }

// date sets dst to the parameter, to the second, if it was sent.
func (f *form) date(name string, dst *date) {
	if !f.has(name) {
		return
	}
	at, err := time.Parse(time.RFC3339Nano, f.values.Get(name))
	if err != nil {
		code := map[string]int{"DateCreated": 50308, "DateUpdated": 50309}[name]
		if code == 0 {
			code = 20001
		}
		f.fail(invalid(code, "%s %q is not an ISO 8601 date", name, f.values.Get(name)))
		return
	}
	*dst = dateOf(at)
}

// bool sets dst to the parameter, if it was sent.
func (f *form) bool(name string, dst *bool) {
	if !f.has(name) {
		return
	}
	v, err := strconv.ParseBool(f.values.Get(name))
	if err != nil {
		f.fail(invalid(20001, "%s is neither true nor false", name))
		return
	}
	*dst = v
}

// horizon sets dst to LastReadMessageIndex, if it was sent.
func (f *form) horizon(dst **int64) {
	const name = "LastReadMessageIndex"
	if !f.has(name) {
		return
	}
	if v := f.values.Get(name); v == "" || v == "null" {
		*dst = nil
		return
	}
	n, err := strconv.ParseInt(f.values.Get(name), 10, 64)
	if err != nil || n < 0 {
		f.fail(invalid(50421, "%s is not a message index", name))
		return
	}
	*dst = &n
}

// optional shows empty text as null.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// attributesOr shows attributes that were never set as Twilio does.
func attributesOr(s string) string {
	if s == "" {
		return "{}"
	}
	return s
}

// timestamp sets dst to a date as text, to the second, if it was sent.
func (f *form) timestamp(name string, dst *string) {
	if !f.has(name) || f.values.Get(name) == "" {
		return
	}
	at, err := time.Parse(time.RFC3339Nano, f.values.Get(name))
	if err != nil {
		f.fail(invalid(20001, "%s %q is not an ISO 8601 date", name, f.values.Get(name)))
		return
	}
	*dst = at.UTC().Format("2006-01-02T15:04:05Z")
}
