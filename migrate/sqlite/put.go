package sqlite

import (
	"context"
	"encoding/json"

	"chatbridge/migrate"
)

// PutService records a service and returns when it would survive a crash.
func (l *Ledger) PutService(ctx context.Context, r migrate.ServiceRecord) error {
	var before any
	if r.Before != nil {
		b, err := json.Marshal(r.Before)
		if err != nil {
			return fault("put service", r.SourceSID, err)
		}
		before = string(b)
	}
	return fault("put service", r.SourceSID, l.group.putDurable(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `REPLACE INTO services (sid, target_sid, friendly_name, stage, before, created, saved, adopted) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			packSID(servicePrefix, r.SourceSID), packSID(servicePrefix, r.TargetSID), r.FriendlyName, int64(r.Stage), before, r.Created, r.Saved, r.Adopted)
	}))
}

// PutEntity records a role, user or member.
func (l *Ledger) PutEntity(ctx context.Context, r migrate.EntityRecord) error {
	own, parent := entityPrefixes(r.Kind)
	var horizon any
	if r.Horizon != nil {
		horizon = *r.Horizon
	}
	updated, err := packTime(r.DateUpdated)
	if err != nil {
		return fault("put entity", r.SourceSID, err)
	}
	return fault("put entity", r.SourceSID, l.group.put(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `REPLACE INTO entities (kind, sid, parent_sid, target_sid, existing, horizon, date_updated, digest, kept) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			int64(r.Kind), packSID(own, r.SourceSID), packSID(parent, r.ParentSID), packSID(own, r.TargetSID), r.Existing, horizon, updated, r.Digest, r.Kept)
	}))
}

// ForgetEntity removes the record of an entity.
func (l *Ledger) ForgetEntity(ctx context.Context, kind migrate.EntityKind, sourceSID string) error {
	own, _ := entityPrefixes(kind)
	return fault("forget entity", sourceSID, l.group.put(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `DELETE FROM entities WHERE kind = ? AND sid = ?`, int64(kind), packSID(own, sourceSID))
	}))
}

// ForgetService removes the record of a service.
func (l *Ledger) ForgetService(ctx context.Context, sourceSID string) error {
	return fault("forget service", sourceSID, l.group.put(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `DELETE FROM services WHERE sid = ?`, packSID(servicePrefix, sourceSID))
	}))
}

// PutMessage records that a message was confirmed. The channel need not have
// been put.
func (l *Ledger) PutMessage(ctx context.Context, channelSID string, r migrate.MessageRecord) error {
	return fault("put message", r.SourceSID, l.group.put(ctx, func(ctx context.Context) error {
		channel, err := l.number(ctx, channelSID)
		if err != nil {
			return err
		}
		return l.group.exec(ctx, `REPLACE INTO messages (channel_id, source_index, target_index, source_sid, target_sid, others, gone) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			channel, r.SourceIndex, r.TargetIndex, packSID(messagePrefix, r.SourceSID), packSID(messagePrefix, r.TargetSID), r.Others, r.Gone)
	}))
}

// ForgetMessages removes the records of a channel with source indexes greater
// than after.
func (l *Ledger) ForgetMessages(ctx context.Context, channelSID string, after int64) error {
	return fault("forget messages", channelSID, l.group.put(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `DELETE FROM messages WHERE channel_id = (SELECT id FROM channels WHERE sid = ?) AND source_index > ?`,
			packSID(channelPrefix, channelSID), after)
	}))
}

// PutDoubt notes that a write may still land, and returns when that would
// survive a crash.
func (l *Ledger) PutDoubt(ctx context.Context, channelSID string, d migrate.DoubtRecord) error {
	at, err := packTime(d.At)
	if err != nil {
		return fault("put doubt", channelSID, err)
	}
	return fault("put doubt", channelSID, l.group.putDurable(ctx, func(ctx context.Context) error {
		channel, err := l.number(ctx, channelSID)
		if err != nil {
			return err
		}
		return l.group.exec(ctx, `REPLACE INTO doubts (channel_id, source_index, after, sends, at) VALUES (?, ?, ?, ?, ?)`,
			channel, d.SourceIndex, d.After, d.Sends, at)
	}))
}

// ForgetDoubt removes a doubt.
func (l *Ledger) ForgetDoubt(ctx context.Context, channelSID string, sourceIndex int64) error {
	return fault("forget doubt", channelSID, l.group.put(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `DELETE FROM doubts WHERE channel_id = `+channelNumber+` AND source_index = ?`, packSID(channelPrefix, channelSID), sourceIndex)
	}))
}

// PutFailure records why something was not carried. Its key is the source SID
// and the kind.
func (l *Ledger) PutFailure(ctx context.Context, f migrate.Failure) error {
	at, err := packTime(f.At)
	if err != nil {
		return fault("put failure", f.SourceSID, err)
	}
	return fault("put failure", f.SourceSID, l.group.put(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `REPLACE INTO failures (source_sid, kind, service_sid, target_sid, reason, hint, at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			f.SourceSID, f.Kind, f.ServiceSID, f.TargetSID, f.Reason, f.Hint, at)
	}))
}

// ClearFailures forgets what was said about one source SID.
func (l *Ledger) ClearFailures(ctx context.Context, sourceSID string) error {
	return fault("clear failures", sourceSID, l.group.put(ctx, func(ctx context.Context) error {
		return l.group.exec(ctx, `DELETE FROM failures WHERE source_sid = ?`, sourceSID)
	}))
}

// numbersKept is how many numbers of channels are known without asking, more than lanes
// run at once.
const numbersKept = 1024

// number is the channel's key in the table of messages. It is called under the
// group's lock.
func (l *Ledger) number(ctx context.Context, channelSID string) (int64, error) {
	if n, ok := l.channels[channelSID]; ok {
		return n, nil
	}
	var n int64
	err := l.group.queryRow(ctx, `INSERT INTO channels (sid) VALUES (?) ON CONFLICT (sid) DO UPDATE SET sid = excluded.sid RETURNING id`,
		[]any{packSID(channelPrefix, channelSID)}, &n)
	if err != nil {
		return 0, err
	}
	if len(l.channels) == numbersKept {
		clear(l.channels)
	}
	l.channels[channelSID] = n
	return n, nil
}
