package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/stored"
)

// PutChannel records a channel. A target that another channel has is refused
// with Kind Conflict, and nothing is changed.
func (l *Ledger) PutChannel(ctx context.Context, r migrate.ChannelRecord) error {
	updated, err := stored.PackTime(r.DateUpdated)
	if err != nil {
		return fault("put channel", r.SourceSID, err)
	}
	born, err := stored.PackTime(r.BornAt)
	if err != nil {
		return fault("put channel", r.SourceSID, err)
	}
	row := []any{packText(r.SourceSID), packText(r.ServiceSID), packText(r.TargetSID), packText(r.FriendlyName), int64(r.Stage), r.Adopted,
		r.MembersCount, r.MessagesCount, r.Messages, r.Members, updated, r.Digest, born, r.Alone, r.Writing,
		r.Listed.Known, r.Listed.Members, r.Listed.Messages, r.Listed.LeftOutMembers, r.Listed.LeftOutMessages,
		packText(r.Page.Address), packText(r.Page.SID), r.Page.Index}
	if r.TargetSID == "" {
		return fault("put channel", r.SourceSID, l.put(ctx, channels, row))
	}
	refused, err := l.group.putUnlessTaken(ctx, r, row)
	if err != nil {
		return fault("put channel", r.SourceSID, err)
	}
	return refused
}

// putUnlessTaken puts a channel unless another one has its target, in one turn.
func (g *group) putUnlessTaken(ctx context.Context, r migrate.ChannelRecord, row []any) (refused, err error) {
	if err := g.enter(ctx); err != nil {
		return nil, err
	}
	defer g.leave()
	if g.failed != nil {
		return nil, g.failed
	}
	var other string
	err = g.persist(ctx, func(ctx context.Context) error {
		other = ""
		if err := g.send(ctx); err != nil {
			return err
		}
		err := g.conn.QueryRow(ctx, `SELECT 'x' || sid FROM chatbridge.channels WHERE migration_id = $1 AND target_sid = $2 AND target_sid <> '' AND sid <> $3`,
			g.migration, packText(r.TargetSID), packText(r.SourceSID)).Scan(&other)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if other != "" {
		var sid string
		if err := scanText(&sid).Scan(other[1:]); err != nil {
			return nil, err
		}
		return migrate.TargetTaken(r.SourceSID, r.TargetSID, sid), nil
	}
	return nil, g.accept(ctx, false, func(g *group) { g.putRows(channels, [][]any{row}) })
}
