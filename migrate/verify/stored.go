package verify

import (
	"encoding/json"
	"slices"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate/origin"
)

// agreed knows what policies let differ: what went in the place of attributes that
// the target refused, and text that it stored otherwise.
type agreed struct {
	mapping.Mapper
	keep  bool // what was stored otherwise counts
	found func(mapping.Code, string) bool
}

// agreedBy asks found whether a migration had a finding about a resource of the
// source.
func agreedBy(m mapping.Mapper, found func(code mapping.Code, sid string) bool) agreed {
	return agreed{m, m.Policy[mapping.StoredOtherwise] == "keep", found}
}

// attributes reports whether those of a user, a participant or a conversation are
// as they were sent, or as a policy has them. stamp puts the stamp of a conversation
// on others; nil if there is none. Attributes that are gone are nothing that a policy
// left unless the ledger knows that one did: anybody may have removed them.
func (a agreed) attributes(sid, channelSID, want, have string, stamp func(string) string) bool {
	if a.sameAttributes(want, have) {
		return true
	}
	if stamp != nil {
		want = mapping.Unstamped(want)
	}
	if mapping.EqualAttributes(want, "") {
		return false // nothing was refused
	}
	for _, code := range []mapping.Code{mapping.AttributesNotJSON, mapping.AttributesTooLarge} {
		instead, found := a.RefusedAttributes(code, sid, channelSID, want, "")
		if mapping.EqualAttributes(instead, "") && !a.found(code, sid) {
			continue
		}
		if stamp != nil {
			instead = stamp(instead)
		}
		if !mapping.Blocked(found) && a.sameAttributes(instead, have) {
			return true
		}
	}
	return false
}

func (a agreed) sameAttributes(want, have string) bool {
	return mapping.EqualAttributes(want, have) || a.keep && looseAttributes(want) == looseAttributes(have)
}

// text reports whether a name is as it was sent, or is kept as it was stored.
func (a agreed) text(want, have string) bool {
	return want == have || a.keep && origin.SameName(want, have)
}

// withoutFile is a message as a policy has it whose file could not be copied, if the
// ledger knows that one was not.
func (a agreed) withoutFile(m chat.Message, want conversations.Message) (conversations.Message, bool) {
	if want.Media.SID == "" {
		return want, false
	}
	instead, found := a.WithoutFile(m, want, "")
	return instead, !mapping.Blocked(found) && a.found(mapping.MediaMissing, m.SID)
}

// withoutMember reports whether a policy leaves out a member whom the target refuses, and
// the ledger knows that it refused this one.
func (a agreed) withoutMember(m chat.Member) bool {
	found := a.MemberRefused(m, true, "")
	return mapping.Skipped(found) && a.found(mapping.MemberRefused, m.SID)
}

// withoutMessage reports whether a policy leaves out a message that the target refuses, or
// whose file it does, and the ledger knows that it did.
func (a agreed) withoutMessage(sid string) bool {
	return slices.ContainsFunc(a.LeavesOutRefused(), func(code mapping.Code) bool { return a.found(code, sid) })
}

// message is one in the form in which messages are compared.
func (a agreed) message(m conversations.Message) conversations.Message {
	if a.keep {
		m.Body, m.Attributes = origin.Body(m.Body), looseAttributes(m.Attributes)
	}
	return m
}

// looseAttributes is the normal form of package origin, with numbers as a service
// has them that keeps doubles. Such a service loses digits, and not by chance.
func looseAttributes(text string) string {
	var v any
	if _, halves, err := chat.Mark([]byte(text)); err != nil || halves != "" || json.Unmarshal([]byte(text), &v) != nil {
		return origin.Attributes(text)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return origin.Attributes(text)
	}
	return origin.Attributes(string(raw))
}
