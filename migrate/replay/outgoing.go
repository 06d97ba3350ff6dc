package replay

import (
	"context"
	"errors"
	"fmt"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/count"
	"chatbridge/migrate/internal/files"
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

// sendWithFile uploads the file of a message and sends it. sent has the SID of the
// file that was uploaded.
func (l *lane) sendWithFile(ctx context.Context, m *mapped, want conversations.Message) (sent, got conversations.Message, err error) {
	return l.Files.Send(ctx, files.Message{
		Job: files.Job{
			Source: l.Source, SourceService: l.Service.SID, Target: l.Target, TargetService: l.TargetService,
			Moved: l.dog.Progress, Wait: l.wait,
		},
		Ledger: l.Ledger, Channel: l.Channel.SID, Index: m.source.Index, Conversation: l.Record.TargetSID, Settle: l.Settings.Settle,
		Proceed: func(ctx context.Context) error {
			if err := l.proceed(ctx); err != nil {
				return err
			}
			l.wrote = true
			return nil
		},
		Doubt: func(ctx context.Context) error { return l.doubt(ctx, m.source.Index) },
		Find:  l.messageWith,
	}, want)
}

// hasItsFile stops the lane if the answer to a message does not show the file that
// was uploaded: what is attached cannot be changed. The message is there all the
// same, so this is no refusal that has another one sent in its place.
func (l *lane) hasItsFile(m *mapped, sent, got conversations.Message) error {
	if got.Media.SID == sent.Media.SID {
		return nil
	}
	return &migrate.Error{
		Op: "append message", Kind: migrate.Refused, SID: m.source.SID,
		Err:  fmt.Errorf("the service stored it with file %q instead of %s (message %s in %s)", got.Media.SID, sent.Media.SID, got.SID, l.Record.TargetSID),
		Hint: "the target does not attach files as documented; nothing more was written into this conversation",
	}
}

// arrivedWithFile takes a message out of doubt: however often it was sent, with one
// file it is there once.
func (l *lane) arrivedWithFile(ctx context.Context, sourceIndex int64) error {
	l.Counters.Expect(migrate.KindFiles, 1)
	l.Counters.Seen(migrate.KindFiles, 1)
	l.Counters.Written(migrate.KindFiles, 1)
	at := l.doubtOf(sourceIndex)
	if at < 0 {
		return nil
	}
	l.doubts[at].Sends = 1
	return l.found(ctx, sourceIndex)
}

// messageWith looks among the messages that the ledger does not have yet for the one
// that has a file.
func (l *lane) messageWith(ctx context.Context, mediaSID string) (conversations.Message, bool, error) {
	for got, err := range l.Target.Messages(ctx, l.TargetService, l.Record.TargetSID, true) {
		switch {
		case err != nil:
			return got, false, err
		case got.Media.SID == mediaSID:
			return got, true, nil
		case got.Index <= l.last:
			return got, false, nil
		}
	}
	return conversations.Message{}, false, nil
}

// withoutFile decides what to send in place of a message whose file cannot be
// copied.
func (l *lane) withoutFile(m *mapped, want conversations.Message, err *migrate.Error) (instead conversations.Message, skip bool, failed error) {
	instead, found := l.Settings.Mapper.WithoutFile(m.source, want, err.Err.Error())
	l.Findings.Add(found)
	l.Counters.Expect(migrate.KindFiles, 1)
	l.Counters.Seen(migrate.KindFiles, 1)
	if mapping.Blocked(found) {
		l.Counters.Failed(migrate.KindFiles, 1)
		return want, false, refusedBlocked(err.Op, err.SID, err, found)
	}
	l.Counters.Skipped(migrate.KindFiles, 1)
	return instead, mapping.Skipped(found), nil
}

// errDeletedMeanwhile means that a message is not in the source any more.
var errDeletedMeanwhile = errors.New("the message was deleted in the source since it was read")

// stillThere tells a file that is gone from one that went with its message, after
// that was read: nobody misses either then.
func (l *lane) stillThere(ctx context.Context, m *mapped, lost *migrate.Error) error {
	if lost.Kind != migrate.NotFound {
		return nil
	}
	span := migrate.Span{After: m.source.Index - 1, Listed: true, From: l.Record.Page}
	for now, err := range l.Source.Messages(ctx, l.Service.SID, l.Channel.SID, span) {
		if err != nil {
			return err
		}
		if now.SID == m.source.SID {
			return nil
		}
		break
	}
	l.event(migrate.Notice, "message was deleted while it was read", migrate.KeyChannel, l.Channel.SID, migrate.KeyIndex, m.source.Index)
	return errDeletedMeanwhile
}

// noteFile has the ledger know the file of a message that was found in the target,
// unless it does. Nothing tells what passed.
func (l *lane) noteFile(ctx context.Context, p pairing) error {
	if !p.held || p.want.message.Media.SID == "" || p.have.Media.SID == "" {
		return nil
	}
	if _, known, err := l.Ledger.File(ctx, l.Channel.SID, p.want.Index); known || err != nil {
		return migrate.Fatal(err)
	}
	return migrate.Fatal(l.Ledger.PutFile(ctx, l.Channel.SID, migrate.FileRecord{
		SourceIndex: p.want.Index, SourceSID: p.want.message.Media.SID, TargetSID: p.have.Media.SID, Size: p.have.Media.Size,
	}))
}

func (l *lane) outgoing(op, sid string) outgoing {
	return outgoing{op: op, sid: sid, channelSID: l.Channel.SID, mapper: l.Settings.Mapper, findings: l.Findings}
}

func (s *service) outgoing(op, sid string) outgoing {
	return outgoing{op: op, sid: sid, mapper: s.set.Mapper, findings: s.findings}
}
