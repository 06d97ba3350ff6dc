package postgres

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/jackc/pgx/v5"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/stored"
)

const serviceColumns = `SELECT sid, target_sid, friendly_name, stage, before, created, saved, adopted FROM chatbridge.services WHERE migration_id = $1`

// Service finds a service by its source SID.
func (r *Reader) Service(ctx context.Context, sourceSID string) (migrate.ServiceRecord, bool, error) {
	s, ok, err := one(ctx, r, serviceColumns+` AND sid = $2`, []any{packText(sourceSID)}, scanService)
	return s, ok, fault("read service", sourceSID, err)
}

// Services lists every service.
func (r *Reader) Services(ctx context.Context) ([]migrate.ServiceRecord, error) {
	s, err := all(ctx, r, serviceColumns+` ORDER BY sid`, nil, scanService)
	return s, fault("read services", "", err)
}

func scanService(rows pgx.Rows) (s migrate.ServiceRecord, err error) {
	var before *string
	err = rows.Scan(scanText(&s.SourceSID), scanText(&s.TargetSID), scanText(&s.FriendlyName), &s.Stage, &before, &s.Created, scanBytes(&s.Saved), &s.Adopted)
	if err == nil && before != nil {
		err = json.Unmarshal([]byte(*before), &s.Before)
	}
	return s, err
}

const entityColumns = `SELECT kind, sid, parent_sid, target_sid, existing, horizon, date_updated, digest, kept FROM chatbridge.entities WHERE migration_id = $1`

// Entity finds a role, user or member by its source SID.
func (r *Reader) Entity(ctx context.Context, kind migrate.EntityKind, sourceSID string) (migrate.EntityRecord, bool, error) {
	own, _ := stored.EntityPrefixes(kind)
	e, ok, err := one(ctx, r, entityColumns+` AND kind = $2 AND sid = $3`, []any{int64(kind), packSID(own, sourceSID)}, scanEntity(kind))
	return e, ok, fault("read entity", sourceSID, err)
}

// Entities yields the records of a kind that belong to a parent.
func (r *Reader) Entities(ctx context.Context, kind migrate.EntityKind, parentSID string) iter.Seq2[migrate.EntityRecord, error] {
	own, parent := stored.EntityPrefixes(kind)
	return pages("read entities", parentSID, func(last *migrate.EntityRecord) ([]migrate.EntityRecord, error) {
		after := []byte{} // before every stored SID: none is empty
		if last != nil {
			after = packSID(own, last.SourceSID)
		}
		return all(ctx, r, entityColumns+` AND kind = $2 AND parent_sid = $3 AND sid > $4 ORDER BY sid LIMIT $5`,
			[]any{int64(kind), packSID(parent, parentSID), after, pageRows}, scanEntity(kind))
	})
}

func scanEntity(kind migrate.EntityKind) func(pgx.Rows) (migrate.EntityRecord, error) {
	own, parent := stored.EntityPrefixes(kind)
	return func(rows pgx.Rows) (e migrate.EntityRecord, err error) {
		err = rows.Scan(&e.Kind, scanSID(own, &e.SourceSID), scanSID(parent, &e.ParentSID), scanSID(own, &e.TargetSID), &e.Existing, &e.Horizon, stored.ScanTime(&e.DateUpdated), &e.Digest, &e.Kept)
		return e, err
	}
}

const channelColumns = `SELECT sid, service_sid, target_sid, friendly_name, stage, adopted,
	members_count, messages_count, messages, members, date_updated, digest, born_at, alone, writing,
	listed, listed_members, listed_messages, left_out_members, left_out_messages, page, page_sid, page_index FROM chatbridge.channels WHERE migration_id = $1`

// Channel finds a channel by its source SID.
func (r *Reader) Channel(ctx context.Context, sourceSID string) (migrate.ChannelRecord, bool, error) {
	c, ok, err := one(ctx, r, channelColumns+` AND sid = $2`, []any{packText(sourceSID)}, scanChannel)
	return c, ok, fault("read channel", sourceSID, err)
}

// Channels yields the channels of a service, in the order of their SIDs.
func (r *Reader) Channels(ctx context.Context, serviceSID string) iter.Seq2[migrate.ChannelRecord, error] {
	return pages("read channels", serviceSID, func(last *migrate.ChannelRecord) ([]migrate.ChannelRecord, error) {
		// A SID can be empty, and then comes first.
		bound, after := ` AND sid >= $3`, ""
		if last != nil {
			bound, after = ` AND sid > $3`, packText(last.SourceSID)
		}
		return all(ctx, r, channelColumns+` AND service_sid = $2`+bound+` ORDER BY sid LIMIT $4`,
			[]any{packText(serviceSID), after, pageRows}, scanChannel)
	})
}

func scanChannel(rows pgx.Rows) (c migrate.ChannelRecord, err error) {
	err = rows.Scan(scanText(&c.SourceSID), scanText(&c.ServiceSID), scanText(&c.TargetSID), scanText(&c.FriendlyName), &c.Stage, &c.Adopted,
		&c.MembersCount, &c.MessagesCount, &c.Messages, &c.Members, stored.ScanTime(&c.DateUpdated), &c.Digest, stored.ScanTime(&c.BornAt), &c.Alone, &c.Writing,
		&c.Listed.Known, &c.Listed.Members, &c.Listed.Messages, &c.Listed.LeftOutMembers, &c.Listed.LeftOutMessages,
		scanText(&c.Page.Address), scanText(&c.Page.SID), &c.Page.Index)
	return c, err
}

// Failures yields what is known not to have been carried.
func (r *Reader) Failures(ctx context.Context) iter.Seq2[migrate.Failure, error] {
	return pages("read failures", "", func(last *migrate.Failure) ([]migrate.Failure, error) {
		bound, after := `>=`, []any{"", ""}
		if last != nil {
			bound, after = `>`, []any{packText(last.SourceSID), packText(last.Kind)}
		}
		return all(ctx, r, `SELECT source_sid, kind, service_sid, target_sid, reason, hint, at FROM chatbridge.failures
			WHERE migration_id = $1 AND (source_sid, kind) `+bound+` ($2, $3) ORDER BY source_sid, kind LIMIT $4`, append(after, pageRows), scanFailure)
	})
}

func scanFailure(rows pgx.Rows) (f migrate.Failure, err error) {
	err = rows.Scan(scanText(&f.SourceSID), scanText(&f.Kind), scanText(&f.ServiceSID), scanText(&f.TargetSID), scanText(&f.Reason), scanText(&f.Hint), stored.ScanTime(&f.At))
	return f, err
}

// LastRun is the run whose first put came last, whatever the clocks said.
func (r *Reader) LastRun(ctx context.Context) (migrate.RunRecord, bool, error) {
	run, ok, err := one(ctx, r, runColumns+` ORDER BY number DESC LIMIT 1`, nil, scanRun)
	return run, ok, fault("read last run", "", err)
}

const runColumns = `SELECT id, pid, host, started_at, heartbeat_at, ended_at, status, progress, summary, settle, unanswered_at FROM chatbridge.runs WHERE migration_id = $1`

func scanRun(rows pgx.Rows) (r migrate.RunRecord, err error) {
	err = rows.Scan(scanText(&r.ID), &r.PID, scanText(&r.Host), stored.ScanTime(&r.StartedAt), stored.ScanTime(&r.HeartbeatAt), stored.ScanTime(&r.EndedAt),
		scanText(&r.Status), scanBytes(&r.Progress), scanBytes(&r.Summary), &r.Settle, stored.ScanTime(&r.Unanswered))
	return r, err
}

// Fingerprint is what the ledger is bound to; empty if it is not bound yet.
func (r *Reader) Fingerprint(ctx context.Context) (migrate.Fingerprint, error) {
	type setting struct{ name, value string }
	bound, err := all(ctx, r, `SELECT name, value FROM chatbridge.fingerprints WHERE migration_id = $1`, nil, func(rows pgx.Rows) (s setting, err error) {
		err = rows.Scan(scanText(&s.name), scanText(&s.value))
		return s, err
	})
	if err != nil {
		return nil, fault("read fingerprint", "", err)
	}
	f := migrate.Fingerprint{}
	for _, s := range bound {
		f[s.name] = s.value
	}
	return f, nil
}
