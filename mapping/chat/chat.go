// Package chat is the vocabulary of the source: the resources of Twilio
// Programmable Chat v1 as plain structs, named as Chat names them.
//
// A struct holds what one resource says about itself. Pointers are used where
// Chat tells "absent" from "zero" and the difference matters: a null
// last_consumed_message_index means that nobody ever reported one, 0 means that
// the first message was read.
//
// Fields that only Chat v2 shows (media, member attributes, last_updated_by)
// are here too, because the same workspace can be read through v2; a v1 read
// leaves them empty.
//
// The package does no I/O and converts nothing: package mapping does that.
package chat

// Resource is any of the structs of this package that a single fetch can return.
type Resource interface {
	Service | Role | User | Channel | Member | Message | Invite | Credential | UserChannel | ChannelWebhook | Binding
}

// Decode reads one resource from the JSON that a fetch, or one element of a
// list, holds. The bytes themselves are kept in Raw, so that fields without a
// place in the struct are not lost. What is no text stays visible in the strings:
// see Unmarshal. An error is an *Unreadable.
func Decode[T Resource](raw []byte) (T, error) {
	var r T
	if m, ok := any(&r).(*Message); ok { // of these there are the most, by far
		if quickMessage(raw, m) {
			m.Raw = raw
			return r, nil
		}
		*m = Message{}
	}
	if err := Unmarshal(raw, &r); err != nil {
		return r, &Unreadable{SID: headerOf(raw).SID, Err: err}
	}
	switch p := any(&r).(type) {
	case *Service:
		p.Raw = raw
	case *Role:
		p.Raw = raw
	case *User:
		p.Raw = raw
	case *Channel:
		p.Raw = raw
	case *Member:
		p.Raw = raw
	case *Message:
		p.Raw = raw
	case *Invite:
		p.Raw = raw
	case *Credential:
		p.Raw = raw
	case *UserChannel:
		p.Raw = raw
	case *ChannelWebhook:
		p.Raw = raw
	case *Binding:
		p.Raw = raw
	}
	return r, nil
}
