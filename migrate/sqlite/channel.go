package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"chatbridge/migrate"
)

// PutChannel records a channel. A target that another channel has is refused
// with Kind Conflict, and nothing is changed.
func (l *Ledger) PutChannel(ctx context.Context, r migrate.ChannelRecord) error {
	updated, err := packTime(r.DateUpdated)
	if err != nil {
		return fault("put channel", r.SourceSID, err)
	}
	born, err := packTime(r.BornAt)
	if err != nil {
		return fault("put channel", r.SourceSID, err)
	}
	// A refusal must not reach the group as an error: it would give up every put
	// that is still open.
	var refused error
	err = l.group.put(ctx, func(ctx context.Context) (err error) {
		if refused, err = l.targetTaken(ctx, r); refused != nil || err != nil {
			return err
		}
		// The number of the channel must stay: its messages bear it.
		return l.group.exec(ctx, `INSERT INTO channels
			(sid, service_sid, target_sid, friendly_name, stage, adopted, members_count, messages_count, messages, members, date_updated, digest, born_at, alone, writing,
			listed, listed_members, listed_messages, left_out_members, left_out_messages, page, page_sid, page_index)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (sid) DO UPDATE SET
			service_sid = excluded.service_sid, target_sid = excluded.target_sid, friendly_name = excluded.friendly_name,
			stage = excluded.stage, adopted = excluded.adopted, members_count = excluded.members_count,
			messages_count = excluded.messages_count, messages = excluded.messages, members = excluded.members,
			date_updated = excluded.date_updated, digest = excluded.digest,
			born_at = excluded.born_at, alone = excluded.alone, writing = excluded.writing,
			listed = excluded.listed, listed_members = excluded.listed_members, listed_messages = excluded.listed_messages,
			left_out_members = excluded.left_out_members, left_out_messages = excluded.left_out_messages,
			page = excluded.page, page_sid = excluded.page_sid, page_index = excluded.page_index`,
			packSID(channelPrefix, r.SourceSID), packSID(servicePrefix, r.ServiceSID), packSID(channelPrefix, r.TargetSID),
			r.FriendlyName, int64(r.Stage), r.Adopted, r.MembersCount, r.MessagesCount, r.Messages, r.Members, updated, r.Digest, born, r.Alone, r.Writing,
			r.Listed.Known, r.Listed.Members, r.Listed.Messages, r.Listed.LeftOutMembers, r.Listed.LeftOutMessages,
			r.Page.Address, packSID(messagePrefix, r.Page.SID), r.Page.Index)
	})
	if err != nil {
		return fault("put channel", r.SourceSID, err)
	}
	return refused
}

// targetTaken refuses the record of a channel whose target another channel has.
// It is called under the group's lock.
func (l *Ledger) targetTaken(ctx context.Context, r migrate.ChannelRecord) (refused, err error) {
	if r.TargetSID == "" {
		return nil, nil
	}
	var other string
	err = l.group.queryRow(ctx, `SELECT sid FROM channels WHERE target_sid = ? AND target_sid <> '' AND sid <> ?`,
		[]any{packSID(channelPrefix, r.TargetSID), packSID(channelPrefix, r.SourceSID)}, packedSID{channelPrefix, &other})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return migrate.TargetTaken(r.SourceSID, r.TargetSID, other), nil
}

// sharedTarget refuses a ledger of before the target of a channel was unique, if
// two channels have one. r sees the file before it is brought up to date.
func sharedTarget(ctx context.Context, r *Reader) error {
	var sid, one, other string
	err := r.db.QueryRowContext(ctx, `SELECT a.target_sid, a.sid, b.sid FROM
		(SELECT target_sid, min(id) AS first, max(id) AS last FROM channels WHERE target_sid <> ''
			GROUP BY target_sid HAVING count(*) > 1 ORDER BY first LIMIT 1) pair
		JOIN channels a ON a.id = pair.first JOIN channels b ON b.id = pair.last`).
		Scan(packedSID{channelPrefix, &sid}, packedSID{channelPrefix, &one}, packedSID{channelPrefix, &other})
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return refuseFile(err)
	}
	return &migrate.Error{
		Op: "open ledger", Kind: migrate.Conflict, SID: sid, Hint: sharedHint,
		Err: fmt.Errorf("channels %s and %s both claim it as their conversation; messages of one may be missing", one, other),
	}
}

const sharedHint = "keep the file for inspection and start with another --ledger: the conversation is matched to the channel it came from, and the other gets its own"
