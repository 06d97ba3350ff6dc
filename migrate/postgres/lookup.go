package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/stored"
)

// Lookup finds what has a SID on either side, of any kind.
func (r *Reader) Lookup(ctx context.Context, sid string) ([]migrate.Pair, error) {
	prefix := ""
	if len(sid) > 2 {
		prefix = sid[:2]
	}
	var found []migrate.Pair
	var err error
	switch prefix {
	case stored.ServicePrefix:
		found, err = all(ctx, r, serviceColumns+` AND (sid = $2 OR target_sid = $2) ORDER BY sid`, []any{packText(sid)}, func(rows pgx.Rows) (migrate.Pair, error) {
			s, err := scanService(rows)
			return s.Pair(), err
		})
	case stored.ChannelPrefix:
		found, err = all(ctx, r, channelColumns+` AND (sid = $2 OR target_sid = $2) ORDER BY sid`, []any{packText(sid)}, func(rows pgx.Rows) (migrate.Pair, error) {
			c, err := scanChannel(rows)
			return c.Pair(), err
		})
	case stored.MessagePrefix:
		found, err = r.lookupMessage(ctx, sid)
	default:
		for _, kind := range []migrate.EntityKind{migrate.RoleEntity, migrate.UserEntity, migrate.MemberEntity} {
			own, _ := stored.EntityPrefixes(kind)
			if err == nil && strings.HasPrefix(sid, own) {
				found, err = r.lookupEntity(ctx, kind, sid)
			}
		}
	}
	found = slices.DeleteFunc(found, func(p migrate.Pair) bool { return p.TargetSID == "" })
	return found, fault("look up", sid, err)
}

func (r *Reader) lookupMessage(ctx context.Context, sid string) ([]migrate.Pair, error) {
	type placed struct {
		migrate.MessageRecord
		channel string
	}
	messages, err := all(ctx, r, `SELECT source_index, target_index, source_sid, target_sid, channel_sid FROM chatbridge.messages
		WHERE migration_id = $1 AND (source_sid = $2 OR target_sid = $2)`, []any{packSID(stored.MessagePrefix, sid)}, func(rows pgx.Rows) (m placed, err error) {
		err = rows.Scan(&m.SourceIndex, &m.TargetIndex, scanSID(stored.MessagePrefix, &m.SourceSID), scanSID(stored.MessagePrefix, &m.TargetSID), scanSID(stored.ChannelPrefix, &m.channel))
		return m, err
	})
	var found []migrate.Pair
	for _, m := range messages {
		c, _, cerr := r.Channel(ctx, m.channel)
		if cerr != nil {
			return nil, cerr
		}
		found = append(found, m.Pair(m.channel, c.ServiceSID))
	}
	return found, err
}

// indexedByTarget is what the index on roles and users is limited to.
const indexedByTarget = ` AND kind IN (1, 2)`

func (r *Reader) lookupEntity(ctx context.Context, kind migrate.EntityKind, sid string) ([]migrate.Pair, error) {
	own, _ := stored.EntityPrefixes(kind)
	args := []any{int64(kind), packSID(own, sid)}
	records, err := all(ctx, r, entityColumns+` AND kind = $2 AND sid = $3`, args, scanEntity(kind))
	if err != nil {
		return nil, err
	}
	byTarget := ` AND kind = $2 AND target_sid = $3 AND sid <> $3`
	if kind != migrate.MemberEntity {
		byTarget += indexedByTarget
	}
	others, err := all(ctx, r, entityColumns+byTarget, args, scanEntity(kind))
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
