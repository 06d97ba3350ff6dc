package archive

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// exportedChannel is what the plan of an export keeps of a channel.
type exportedChannel struct {
	sid      string
	members  int64
	messages int64
}

// channels reads what is in the channels that channels.jsonl lists, the longest
// first. Channels that are gone are taken out of it in the end.
func (x *export) channels(ctx context.Context, serviceSID string) error {
	plan, err := x.plan(serviceSID)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	gone := map[string]bool{}
	x.named = map[string]string{}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(x.at)
	for _, c := range plan {
		if gctx.Err() != nil {
			break
		}
		g.Go(func() error {
			there, err := x.channel(gctx, serviceSID, c)
			if !there && err == nil {
				mu.Lock()
				gone[c.sid] = true
				mu.Unlock()
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := x.leaveOut(ctx, serviceSID, gone); err != nil {
		return err
	}
	if err := x.finishMedia(serviceSID, gone); err != nil {
		return err
	}
	return x.appeared(ctx, serviceSID, plan)
}

func (x *export) plan(serviceSID string) ([]exportedChannel, error) {
	var plan []exportedChannel
	name := ChannelsPath(serviceSID)
	for raw, err := range x.writer.ReadBack(name) {
		if err != nil {
			return nil, err
		}
		var h header
		if err := json.Unmarshal(raw, &h); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		plan = append(plan, exportedChannel{h.SID, h.MembersCount, h.MessagesCount})
		x.expect(migrate.KindMembers, h.MembersCount)
		x.expect(migrate.KindMessages, h.MessagesCount)
	}
	x.expect(migrate.KindChannels, int64(len(plan)))
	slices.SortStableFunc(plan, func(a, b exportedChannel) int { return cmp.Compare(b.messages, a.messages) })
	return plan, nil
}

// channel writes the files of one channel, and reports whether the channel is
// still there. Members come before messages, so that no member has read further
// than the messages go.
func (x *export) channel(ctx context.Context, serviceSID string, c exportedChannel) (there bool, err error) {
	for _, part := range []struct {
		kind, name string
		records    iter.Seq2[json.RawMessage, error]
	}{
		{migrate.KindInvites, InvitesPath(serviceSID, c.sid),
			raws(x.Source.Invites(ctx, serviceSID, c.sid), func(r chat.Invite) json.RawMessage { return r.Raw })},
		{migrate.KindMembers, MembersPath(serviceSID, c.sid),
			raws(x.Source.Members(ctx, serviceSID, c.sid), func(r chat.Member) json.RawMessage { return r.Raw })},
		{migrate.KindMessages, MessagesPath(serviceSID, c.sid),
			raws(x.Source.Messages(ctx, serviceSID, c.sid, migrate.Span{After: migrate.All}), func(r chat.Message) json.RawMessage { return r.Raw })},
		{migrate.KindWebhooks, WebhooksPath(serviceSID, c.sid),
			raws(x.Source.Webhooks(ctx, serviceSID, c.sid), func(r chat.ChannelWebhook) json.RawMessage { return r.Raw })},
	} {
		write := x.file
		if part.kind == migrate.KindWebhooks {
			write = x.fileOfSome
		}
		err := write(ctx, part.kind, part.name, part.records)
		if part.kind == migrate.KindInvites || part.kind == migrate.KindWebhooks {
			err = x.readable(part.kind, part.name, c.sid, err)
		}
		if err == nil {
			continue
		}
		if migrate.KindOf(err) == migrate.NotFound {
			if _, again := x.Source.Channel(ctx, serviceSID, c.sid); migrate.KindOf(again) == migrate.NotFound {
				return false, nil
			}
		}
		return false, err
	}
	return x.media(ctx, serviceSID, c.sid)
}

// leaveOut takes channels out of the archive. Their files go first: a crash in
// between leaves them listed, and then they are found gone once more.
func (x *export) leaveOut(ctx context.Context, serviceSID string, gone map[string]bool) error {
	if len(gone) == 0 {
		return nil
	}
	for sid := range gone {
		x.vanished(migrate.KindChannels, sid)
		for _, name := range []string{InvitesPath(serviceSID, sid), MembersPath(serviceSID, sid), MessagesPath(serviceSID, sid), WebhooksPath(serviceSID, sid)} {
			if err := x.writer.Remove(name); err != nil {
				return err
			}
		}
	}
	l, err := x.writer.Lines(ChannelsPath(serviceSID))
	if err != nil {
		return err
	}
	for raw, err := range x.writer.ReadBack(ChannelsPath(serviceSID)) {
		if err != nil {
			return errors.Join(err, l.Abort())
		}
		var h header
		if err := json.Unmarshal(raw, &h); err != nil {
			return errors.Join(err, l.Abort())
		}
		if gone[h.SID] {
			continue
		}
		if err := l.Write(raw); err != nil {
			return errors.Join(err, l.Abort())
		}
	}
	return l.Close()
}

// appeared names the channels that came after the plan was made.
func (x *export) appeared(ctx context.Context, serviceSID string, plan []exportedChannel) error {
	known := make(map[string]bool, len(plan))
	for _, c := range plan {
		known[c.sid] = true
	}
	for c, err := range x.Source.Channels(ctx, serviceSID) {
		if err != nil {
			return err
		}
		if known[c.SID] {
			continue
		}
		x.result.Appeared = append(x.result.Appeared, Resource{migrate.KindChannels, c.SID})
		x.Observer.Event(migrate.Event{Level: migrate.Notice, Message: "made after the channels were listed, so not in the archive", Fields: []any{migrate.KeyChannel, c.SID}})
	}
	return nil
}
