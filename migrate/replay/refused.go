package replay

import (
	"context"
	"errors"
	"fmt"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/files"
)

// refusedInARow is how many messages a lane leaves out, one after the other, for
// a reason that no policy knows. More than that are not refused for what they say.
const refusedInARow = 10

// refusal is what was tried to bring something over that the target refuses.
type refusal struct {
	tried map[mapping.Code]bool
	plain bool // its attributes were sent in their plainest form
}

// cases are the refusals that a policy is about.
var cases = map[int]mapping.Code{
	migrate.CodeBodyTooLong:       mapping.BodyTooLong,
	migrate.CodeBodyMissing:       mapping.BodyEmpty,
	migrate.CodeAttributesNotJSON: mapping.AttributesNotJSON,
	migrate.CodeAttributesTooLong: mapping.AttributesTooLarge,
}

// plainer is the plainest form of attributes that were refused as no JSON. It is
// sent once, if it is another, before a policy is asked.
func (r *refusal) plainer(code mapping.Code, attributes string) (plain string, send bool) {
	if code != mapping.AttributesNotJSON || r.plain {
		return attributes, false
	}
	r.plain = true
	plain = mapping.PlainAttributes(attributes)
	return plain, plain != attributes
}

// first reports whether a policy is asked for the first time.
func (r *refusal) first(code mapping.Code) bool {
	if r.tried[code] {
		return false
	}
	if r.tried == nil {
		r.tried = map[mapping.Code]bool{}
	}
	r.tried[code] = true
	return true
}

// refusedBlocked is a refusal, with the policy that would say how to go on.
func refusedBlocked(op, sid string, err *migrate.Error, found []mapping.Finding) error {
	return &migrate.Error{Op: op, Kind: migrate.Refused, SID: sid, Code: err.Code, Err: err.Err, Hint: migrate.HintOf(migrate.BlockedError(op, sid, found))}
}

// ofTheResource reports whether an error is a refusal of what was sent, and not of
// everything that the account or the key asks for, or that goes into the
// conversation.
func ofTheResource(err error) bool {
	e, ok := errors.AsType[*migrate.Error](err)
	if !ok || e.Kind != migrate.Refused {
		return false
	}
	switch e.Code {
	case migrate.CodeNoPermission, migrate.CodeKeyRestricted, migrate.CodeNoChatService, migrate.CodeConversationClosed, migrate.CodeParticipantLimit:
		return false
	}
	return true
}

// refusedMember is the refusal of a participant.
type refusedMember struct{ err *migrate.Error }

func (r *refusedMember) Error() string { return r.err.Error() }
func (r *refusedMember) Unwrap() error { return r.err }

// asMember makes the error of a participant what decides about it. Refused attributes have
// their own policies.
func asMember(err error) error {
	e, ok := errors.AsType[*migrate.Error](err)
	if !ok || e.Kind != migrate.Refused || e.Code == 0 || cases[e.Code] != "" || e.Code != migrate.CodeParticipantLimit && !ofTheResource(err) {
		return err
	}
	return &refusedMember{e}
}

// leavesOut asks the policy about a member whom the target refuses, and is nil if it
// leaves them out. It is err otherwise, or if it is of anything else.
func (l *lane) leavesOut(m chat.Member, err error) error {
	r, ok := errors.AsType[*refusedMember](err)
	if !ok {
		return err
	}
	found := l.Settings.Mapper.MemberRefused(m, r.err.Code == migrate.CodeParticipantLimit, r.err.Err.Error())
	l.Findings.Add(found)
	if mapping.Blocked(found) {
		return refusedBlocked("create participant", m.SID, r.err, found)
	}
	if l.strangers++; l.strangers > refusedInARow && !migrate.NoRoom(r) {
		return &migrate.Error{
			Op: "create participant", Kind: migrate.Refused, SID: l.Record.TargetSID, Code: r.err.Code, Err: fmt.Errorf("%d members in a row, the last one: %w", l.strangers, r.err.Err),
			Hint: "it is nothing about the people; look at conversation " + l.Record.TargetSID + " in the Twilio Console",
		}
	}
	return l.Findings.Err()
}

// refused decides what to send in place of a message that the target refused:
// its attributes in plain form, then what the policy of the case says, as if the
// limit had been known before.
func (l *lane) refused(r *refusal, m *mapped, want conversations.Message, err *migrate.Error) (instead conversations.Message, skip bool, failed error) {
	code, known := cases[err.Code]
	if plain, other := r.plainer(code, want.Attributes); other {
		want.Attributes = plain
		return want, false, nil
	}
	if !known || r.tried[code] {
		code = mapping.MessageRefused
	}
	if !r.first(code) {
		return want, false, l.refusedForGood(err)
	}
	instead, found := l.Settings.Mapper.Refused(code, m.source, want, err.Err.Error())
	l.Findings.Add(found)
	if mapping.Blocked(found) {
		return want, false, refusedBlocked(err.Op, err.SID, err, found)
	}
	if code == mapping.MessageRefused {
		if l.refusals++; l.refusals > refusedInARow {
			return want, false, l.refusedForGood(fmt.Errorf("%d messages in a row, the last one: %w", l.refusals, err))
		}
	}
	return instead, mapping.Skipped(found), nil
}

func (l *lane) refusedForGood(err error) error {
	return &migrate.Error{
		Op: "append message", Kind: migrate.Refused, SID: l.Record.TargetSID, Err: err,
		Hint: "the target refuses any text in its place, so the text is not the cause; look at conversation " + l.Record.TargetSID + " in the Twilio Console",
	}
}

// leaveOut takes a message that a policy leaves out because it was refused.
func (l *lane) leaveOut(f *feed) {
	f.take()
	f.skipped()
}

// send writes a message, or what the policies have instead of it. sent is that as
// it should be in the target.
func (l *lane) send(ctx context.Context, m *mapped) (sent, got conversations.Message, skip bool, err error) {
	var r refusal
	sent = m.want
	for {
		if sent.Media.SID != "" {
			var with conversations.Message
			with, got, err = l.sendWithFile(ctx, m, sent)
			if err == nil {
				return sent, got, false, l.hasItsFile(m, with, got)
			}
			if lost, ok := errors.AsType[*files.LostError](err); ok {
				if err := l.stillThere(ctx, m, lost.Err); err != nil {
					return sent, got, false, err
				}
				if sent, skip, err = l.withoutFile(m, sent, lost.Err); err != nil || skip {
					return sent, got, skip, err
				}
				continue
			}
		} else {
			if err := l.proceed(ctx); err != nil {
				return sent, got, false, err
			}
			l.wrote = true
			got, err = l.Target.AppendMessage(ctx, l.TargetService, l.Record.TargetSID, sent)
		}
		l.dog.Progress()
		e, _ := errors.AsType[*migrate.Error](err)
		if !ofTheResource(err) {
			return sent, got, false, err
		}
		if sent, skip, err = l.refused(&r, m, sent, e); err != nil || skip {
			return sent, got, skip, err
		}
	}
}
