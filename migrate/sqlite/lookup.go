package sqlite

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"chatbridge/migrate"
)

// Lookup finds what has a SID on either side, of any kind. More than one thing
// may: services that were migrated into one, and what they share. Roles and users
// are found at once, and services, channels and members by their source SID. By
// target SID these are looked for among all of their kind, and messages by either:
// a million takes about a second.
func (r *Reader) Lookup(ctx context.Context, sid string) ([]migrate.Pair, error) {
	prefix := ""
	if len(sid) > 2 {
		prefix = sid[:2]
	}
	var found []migrate.Pair
	var err error
	switch prefix {
	case servicePrefix:
		found, err = all(ctx, r, r.serviceColumns()+` WHERE sid = ? OR target_sid = ? ORDER BY sid`, twice(prefix, sid), scanServicePair)
	case channelPrefix:
		found, err = all(ctx, r, r.channelColumns()+` WHERE (sid = ? OR target_sid = ?) AND service_sid IS NOT NULL`, twice(prefix, sid), scanChannelPair)
	case messagePrefix:
		found, err = all(ctx, r, `SELECT m.source_index, m.target_index, m.source_sid, m.target_sid, c.sid, coalesce(c.service_sid, '')
			FROM messages m JOIN channels c ON c.id = m.channel_id WHERE m.source_sid = ? OR m.target_sid = ?`, twice(prefix, sid), scanMessagePair)
	default:
		for _, kind := range []migrate.EntityKind{migrate.RoleEntity, migrate.UserEntity, migrate.MemberEntity} {
			own, _ := entityPrefixes(kind)
			if err == nil && strings.HasPrefix(sid, own) {
				found, err = r.lookupEntity(ctx, kind, sid)
			}
		}
	}
	found = slices.DeleteFunc(found, func(p migrate.Pair) bool { return p.TargetSID == "" })
	return found, fault("look up", sid, err)
}

func twice(prefix, sid string) []any { return []any{packSID(prefix, sid), packSID(prefix, sid)} }

func (r *Reader) lookupEntity(ctx context.Context, kind migrate.EntityKind, sid string) ([]migrate.Pair, error) {
	own, _ := entityPrefixes(kind)
	records, err := all(ctx, r, r.entityColumns()+` WHERE kind = ? AND sid = ?`, []any{int64(kind), packSID(own, sid)}, scanEntity(kind))
	if err != nil {
		return nil, err
	}
	byTarget := ` WHERE kind = ? AND target_sid = ? AND sid <> ?`
	if kind != migrate.MemberEntity {
		byTarget += indexedByTarget
	}
	others, err := all(ctx, r, r.entityColumns()+byTarget, append([]any{int64(kind)}, twice(own, sid)...), scanEntity(kind))
	if err != nil {
		return nil, err
	}
	var found []migrate.Pair
	for _, e := range append(records, others...) {
		service := e.ParentSID
		if kind == migrate.MemberEntity {
			c, _, err := r.Channel(ctx, e.ParentSID)
			if err != nil {
				return nil, err
			}
			service = c.ServiceSID
		}
		found = append(found, e.Pair(service))
	}
	return found, nil
}

// indexedByTarget is what the index on roles and users is limited to.
const indexedByTarget = ` AND kind IN (1, 2)`

func scanServicePair(rows *sql.Rows) (migrate.Pair, error) {
	s, err := scanService(rows)
	return s.Pair(), err
}

func scanChannelPair(rows *sql.Rows) (migrate.Pair, error) {
	c, err := scanChannel(rows)
	return c.Pair(), err
}

func scanMessagePair(rows *sql.Rows) (migrate.Pair, error) {
	var m migrate.MessageRecord
	var channel, service string
	err := rows.Scan(&m.SourceIndex, &m.TargetIndex, packedSID{messagePrefix, &m.SourceSID}, packedSID{messagePrefix, &m.TargetSID},
		packedSID{channelPrefix, &channel}, packedSID{servicePrefix, &service})
	return m.Pair(channel, service), err
}
