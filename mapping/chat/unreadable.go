package chat

import "encoding/json"

// Unreadable is the error for a record that is not what Chat documents: a body
// that is a number, a date that is none. It is about that record alone.
type Unreadable struct {
	SID string // of the record, if that much can be read
	Err error
}

func (u *Unreadable) Error() string {
	if u.SID == "" {
		return u.Err.Error()
	}
	return "cannot read " + u.SID + ": " + u.Err.Error()
}

func (u *Unreadable) Unwrap() error { return u.Err }

type header struct {
	SID      string `json:"sid"`
	Identity string `json:"identity"`
}

// headerOf reads what names a record, each field by itself, so that one that is
// wrong does not hide the other.
func headerOf(raw []byte) header {
	var fields struct {
		SID      json.RawMessage `json:"sid"`
		Identity json.RawMessage `json:"identity"`
	}
	var h header
	if json.Unmarshal(raw, &fields) == nil {
		_ = Unmarshal(fields.SID, &h.SID)
		_ = Unmarshal(fields.Identity, &h.Identity)
	}
	return h
}

// DecodeListed reads an element of a list whose resources can be fetched by
// themselves. One that is unreadable has its SID, and its identity if it is a
// user, and nothing else: no attributes, which tells the reader to fetch it, and
// so to meet the error for this one alone. Without a SID it is an *Unreadable.
func DecodeListed[T User | Channel](raw []byte) (T, error) {
	r, err := Decode[T](raw)
	if err == nil {
		return r, nil
	}
	h := headerOf(raw)
	if h.SID == "" {
		return r, err
	}
	var bare T
	switch p := any(&bare).(type) {
	case *User:
		p.SID, p.Identity = h.SID, h.Identity
	case *Channel:
		p.SID = h.SID
	}
	return bare, nil
}
