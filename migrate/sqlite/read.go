package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"iter"

	"chatbridge/migrate"
)

func (r *Reader) serviceColumns() string {
	return `SELECT sid, target_sid, friendly_name, stage, before, created, saved, ` + r.newer("adopted") + ` FROM services`
}

// Service finds a service by its source SID.
func (r *Reader) Service(ctx context.Context, sourceSID string) (migrate.ServiceRecord, bool, error) {
	s, ok, err := one(ctx, r, r.serviceColumns()+` WHERE sid = ?`, []any{packSID(servicePrefix, sourceSID)}, scanService)
	return s, ok, fault("read service", sourceSID, err)
}

// Services lists every service.
func (r *Reader) Services(ctx context.Context) ([]migrate.ServiceRecord, error) {
	s, err := all(ctx, r, r.serviceColumns()+` ORDER BY sid`, nil, scanService)
	return s, fault("read services", "", err)
}

func scanService(rows *sql.Rows) (s migrate.ServiceRecord, err error) {
	var before sql.NullString
	err = rows.Scan(packedSID{servicePrefix, &s.SourceSID}, packedSID{servicePrefix, &s.TargetSID}, &s.FriendlyName, &s.Stage, &before, &s.Created, &s.Saved, &s.Adopted)
	if err == nil && before.Valid {
		err = json.Unmarshal([]byte(before.String), &s.Before)
	}
	return s, err
}

func (r *Reader) entityColumns() string {
	return `SELECT kind, sid, parent_sid, target_sid, existing, horizon, date_updated, ` + r.newer("digest") + `, ` + r.newer("kept") + ` FROM entities`
}

// Entity finds a role, user or member by its source SID.
func (r *Reader) Entity(ctx context.Context, kind migrate.EntityKind, sourceSID string) (migrate.EntityRecord, bool, error) {
	own, _ := entityPrefixes(kind)
	e, ok, err := one(ctx, r, r.entityColumns()+` WHERE kind = ? AND sid = ?`, []any{int64(kind), packSID(own, sourceSID)}, scanEntity(kind))
	return e, ok, fault("read entity", sourceSID, err)
}

// Entities yields the records of a kind that belong to a parent.
func (r *Reader) Entities(ctx context.Context, kind migrate.EntityKind, parentSID string) iter.Seq2[migrate.EntityRecord, error] {
	own, parent := entityPrefixes(kind)
	return pages("read entities", parentSID, func(last *migrate.EntityRecord) ([]migrate.EntityRecord, error) {
		var after any = beforeAll
		if last != nil {
			after = packSID(own, last.SourceSID)
		}
		return all(ctx, r, r.entityColumns()+` INDEXED BY entities_by_parent WHERE kind = ? AND parent_sid = ? AND sid > ? ORDER BY sid LIMIT ?`,
			[]any{int64(kind), packSID(parent, parentSID), after, pageRows}, scanEntity(kind))
	})
}

func scanEntity(kind migrate.EntityKind) func(*sql.Rows) (migrate.EntityRecord, error) {
	own, parent := entityPrefixes(kind)
	return func(rows *sql.Rows) (e migrate.EntityRecord, err error) {
		var horizon sql.NullInt64
		err = rows.Scan(&e.Kind, packedSID{own, &e.SourceSID}, packedSID{parent, &e.ParentSID}, packedSID{own, &e.TargetSID}, &e.Existing, &horizon, packedTime{&e.DateUpdated}, &e.Digest, &e.Kept)
		if horizon.Valid {
			e.Horizon = &horizon.Int64
		}
		return e, err
	}
}

const (
	channelColumns = `SELECT sid, service_sid, target_sid, friendly_name, stage, adopted,
		members_count, messages_count, messages, members, date_updated, digest, `
	// channelOrder is the expression that the index is on.
	channelOrder = `CASE typeof(sid) WHEN 'blob' THEN 'CH' || lower(hex(sid)) ELSE sid END`
)

// channelColumns reads a ledger also if it was not brought up to date yet.
func (r *Reader) channelColumns() string {
	const (
		noted  = `born_at, alone, writing, `
		listed = `listed, listed_members, listed_messages, left_out_members, left_out_messages, `
		from   = ` FROM channels`
	)
	switch {
	case r.version < doubtsKept:
		return channelColumns + `NULL, 0, stage NOT IN (0, 9), 0, 0, 0, 0, 0, '', '', 0` + from
	case r.version < keepsFindings:
		return channelColumns + noted + `0, 0, 0, 0, 0, '', '', 0` + from
	case r.version < keepsPages:
		return channelColumns + noted + listed + `'', '', 0` + from
	}
	return channelColumns + noted + listed + `page, page_sid, page_index` + from
}

// Channel finds a channel by its source SID.
func (r *Reader) Channel(ctx context.Context, sourceSID string) (migrate.ChannelRecord, bool, error) {
	c, ok, err := one(ctx, r, r.channelColumns()+` WHERE sid = ? AND service_sid IS NOT NULL`, []any{packSID(channelPrefix, sourceSID)}, scanChannel)
	return c, ok, fault("read channel", sourceSID, err)
}

// Channels yields the channels of a service, in the order of their SIDs.
func (r *Reader) Channels(ctx context.Context, serviceSID string) iter.Seq2[migrate.ChannelRecord, error] {
	return pages("read channels", serviceSID, func(last *migrate.ChannelRecord) ([]migrate.ChannelRecord, error) {
		var after any = beforeAll
		if last != nil {
			after = last.SourceSID
		}
		return all(ctx, r, r.channelColumns()+` WHERE service_sid = ? AND `+channelOrder+` > ? ORDER BY `+channelOrder+` LIMIT ?`,
			[]any{packSID(servicePrefix, serviceSID), after, pageRows}, scanChannel)
	})
}

func scanChannel(rows *sql.Rows) (c migrate.ChannelRecord, err error) {
	err = rows.Scan(packedSID{channelPrefix, &c.SourceSID}, packedSID{servicePrefix, &c.ServiceSID}, packedSID{channelPrefix, &c.TargetSID},
		&c.FriendlyName, &c.Stage, &c.Adopted, &c.MembersCount, &c.MessagesCount, &c.Messages, &c.Members, packedTime{&c.DateUpdated}, &c.Digest, packedTime{&c.BornAt}, &c.Alone, &c.Writing,
		&c.Listed.Known, &c.Listed.Members, &c.Listed.Messages, &c.Listed.LeftOutMembers, &c.Listed.LeftOutMessages,
		&c.Page.Address, packedSID{messagePrefix, &c.Page.SID}, &c.Page.Index)
	return c, err
}

// Failures yields what is known not to have been carried.
func (r *Reader) Failures(ctx context.Context) iter.Seq2[migrate.Failure, error] {
	return pages("read failures", "", func(last *migrate.Failure) ([]migrate.Failure, error) {
		after := []any{beforeAll, beforeAll}
		if last != nil {
			after = []any{last.SourceSID, last.Kind}
		}
		return all(ctx, r, `SELECT source_sid, kind, service_sid, target_sid, reason, hint, at FROM failures
			WHERE (source_sid, kind) > (?, ?) ORDER BY source_sid, kind LIMIT ?`, append(after, pageRows), scanFailure)
	})
}

func scanFailure(rows *sql.Rows) (f migrate.Failure, err error) {
	err = rows.Scan(&f.SourceSID, &f.Kind, &f.ServiceSID, &f.TargetSID, &f.Reason, &f.Hint, packedTime{&f.At})
	return f, err
}
