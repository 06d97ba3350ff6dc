package replay

import (
	"context"
	"errors"
	"fmt"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// refusedInARow is how many messages a lane leaves out, one after the other, for
// a reason that no policy knows. More than that are not refused for what they say.
const refusedInARow = 10

// refusal is what was tried to bring a message over that the target refuses.
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

// ofTheMessage reports whether an error is a refusal of the message itself, and
// not of everything that the account or the key asks for, or that goes into the
// conversation.
func ofTheMessage(err error) bool {
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

// refused decides what to send in place of a message that the target refused:
// its attributes in plain form, then what the policy of the case says, as if the
// limit had been known before.
func (l *lane) refused(r *refusal, m *mapped, want conversations.Message, err *migrate.Error) (instead conversations.Message, skip bool, failed error) {
	code, known := cases[err.Code]
	if code == mapping.AttributesNotJSON && !r.plain {
		r.plain = true
		if plain := mapping.PlainAttributes(want.Attributes); plain != want.Attributes {
			want.Attributes = plain
			return want, false, nil
		}
	}
	if !known || r.tried[code] {
		code = mapping.MessageRefused
	}
	if r.tried[code] {
		return want, false, l.refusedForGood(err)
	}
	if r.tried == nil {
		r.tried = map[mapping.Code]bool{}
	}
	r.tried[code] = true
	instead, found := l.Settings.Mapper.Refused(code, m.source, want, err.Err.Error())
	l.Findings.Add(found)
	if mapping.Blocked(found) {
		blocked := migrate.BlockedError("append message", m.source.SID, found)
		return want, false, &migrate.Error{Op: err.Op, Kind: migrate.Refused, SID: err.SID, Code: err.Code, Err: err.Err, Hint: migrate.HintOf(blocked)}
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
		Hint: "the target refuses whatever is sent in its place, so it is not about what it says; look at conversation " + l.Record.TargetSID + " in the Twilio Console",
	}
}

// leaveOut takes a message that a policy leaves out because it was refused.
func (l *lane) leaveOut(f *feed) {
	f.take()
	f.skipped()
}

// send writes a message, or what the policies have instead of it.
func (l *lane) send(ctx context.Context, m *mapped) (sent, got conversations.Message, skip bool, err error) {
	var r refusal
	sent = m.want
	for {
		if err := l.proceed(ctx); err != nil {
			return sent, got, false, err
		}
		l.wrote = true
		got, err = l.Target.AppendMessage(ctx, l.TargetService, l.Record.TargetSID, sent)
		l.dog.Progress()
		e, _ := errors.AsType[*migrate.Error](err)
		if err == nil || !ofTheMessage(err) {
			return sent, got, false, err
		}
		if sent, skip, err = l.refused(&r, m, sent, e); err != nil || skip {
			return sent, got, skip, err
		}
	}
}
