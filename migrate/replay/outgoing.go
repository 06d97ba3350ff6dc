package replay

import (
	"errors"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/count"
)

// outgoing is a resource on its way, of which the target may refuse the attributes,
// and which it may store otherwise.
type outgoing struct {
	op              string // verb and noun
	sid, channelSID string // of the source
	mapper          mapping.Mapper
	findings        *count.Findings
	// stamp puts the stamp of a conversation on other attributes; nil if there is
	// none.
	stamp func(attributes string) string
}

// send writes something with its attributes. If the target refuses those, they go
// in plain form, and then as the policy of the case says, as if the limit had been
// known before.
func (o outgoing) send(attributes string, write func(attributes string) error) error {
	var r refusal
	for {
		err := write(attributes)
		e, _ := errors.AsType[*migrate.Error](err)
		if !ofTheResource(err) {
			return err
		}
		code := cases[e.Code]
		if code != mapping.AttributesNotJSON && code != mapping.AttributesTooLarge {
			return err
		}
		plain, other := r.plainer(code, attributes)
		if !other {
			if plain, err = o.instead(&r, code, attributes, e); err != nil {
				return err
			}
		}
		attributes = plain
	}
}

// instead is what a policy has for attributes that were refused.
func (o outgoing) instead(r *refusal, code mapping.Code, attributes string, err *migrate.Error) (string, error) {
	bare := attributes
	if o.stamp != nil {
		bare = mapping.Unstamped(attributes)
	}
	if !mapping.EqualAttributes(bare, "") && r.first(code) {
		instead, found := o.mapper.RefusedAttributes(code, o.sid, o.channelSID, bare, err.Err.Error())
		o.findings.Add(found)
		if mapping.Blocked(found) {
			return "", refusedBlocked(o.op, o.sid, err, found)
		}
		if o.stamp != nil {
			instead = o.stamp(instead)
		}
		return instead, nil
	}
	return "", &migrate.Error{
		Op: o.op, Kind: migrate.Refused, SID: o.sid, Code: err.Code, Err: err.Err,
		Hint: "the target refuses every form of these attributes; shorten or remove them in the source, then run the same command again",
	}
}

// asRefused is what was sent, if the target refused the attributes and has what a
// policy sends in their place.
func (o outgoing) asRefused(want, there conversations.Conversation) conversations.Conversation {
	for _, code := range []mapping.Code{mapping.AttributesNotJSON, mapping.AttributesTooLarge} {
		bare := want.Attributes
		if o.stamp != nil {
			bare = mapping.Unstamped(bare)
		}
		instead, found := o.mapper.RefusedAttributes(code, o.sid, o.channelSID, bare, "")
		if o.stamp != nil {
			instead = o.stamp(instead)
		}
		if !mapping.Blocked(found) && mapping.EqualAttributes(instead, there.Attributes) {
			want.Attributes = there.Attributes
		}
	}
	return want
}

// asSent compares what the service stored with what was sent. About what differs a
// policy decides; the error is that of one that stops there.
func asSent[T mapping.Stored](o outgoing, sent, stored T, storedSID string) error {
	differs := mapping.Differences(sent, stored)
	if differs == "" {
		return nil
	}
	_, found := o.mapper.Meets(mapping.StoredOtherwise, mapping.Meeting{
		SID: o.sid, ChannelSID: o.channelSID, Detail: "it is stored as " + storedSID + "," + differs,
	})
	o.findings.Add(found)
	return migrate.BlockedError(o.op, o.sid, found)
}

// notYet is the date of an update that no source has: what bears it in the ledger
// is looked at again by the next pass.
var notYet = time.Unix(1, 0)

func (l *lane) outgoing(op, sid string) outgoing {
	return outgoing{op: op, sid: sid, channelSID: l.Channel.SID, mapper: l.Settings.Mapper, findings: l.Findings}
}

func (s *service) outgoing(op, sid string) outgoing {
	return outgoing{op: op, sid: sid, mapper: s.set.Mapper, findings: s.findings}
}
