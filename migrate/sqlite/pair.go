package sqlite

import (
	"context"
	"database/sql"
	"iter"
	"slices"
	"strings"

	"chatbridge/migrate"
)

// Pair is one thing under both its SIDs.
type Pair struct {
	Kind       string // as migrate.KindServices and so on name it
	SourceSID  string // empty for a user whom the source does not have
	TargetSID  string
	ServiceSID string // of the source
	ChannelSID string // of the source, for members and messages
	// SourceIndex and TargetIndex are those of a message, and nil for the rest.
	SourceIndex *int64
	TargetIndex *int64
}

// PairKinds are the kinds of which there are pairs, in the order of Pairs.
var PairKinds = []string{
	migrate.KindServices, migrate.KindRoles, migrate.KindUsers, migrate.KindChannels, migrate.KindMembers, migrate.KindMessages,
}

// Selection says which pairs are wanted. Empty fields select all.
type Selection struct {
	Kinds    []string
	Services []string // by SID, of the source or the target
	Channels []string // by SID, of either side; it selects no services, roles or users
}

// Pairs yields what has arrived under both its SIDs: service by service, and
// within one roles, users, and then channel by channel. It holds a page of them.
func (r *Reader) Pairs(ctx context.Context, sel Selection) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		p := &pairing{Reader: r, sel: sel, yield: func(p Pair) bool { return yield(p, nil) }}
		services, err := r.Services(ctx)
		for i := 0; err == nil && i < len(services) && !p.ended; i++ {
			err = p.service(ctx, services[i])
		}
		if err != nil && !p.ended {
			yield(Pair{}, err)
		}
	}
}

// pairing is one walk over a ledger.
type pairing struct {
	*Reader
	sel   Selection
	yield func(Pair) bool
	ended bool // nobody listens any more
}

func (p *pairing) wants(kind string) bool {
	return len(p.sel.Kinds) == 0 || slices.Contains(p.sel.Kinds, kind)
}

func selects(sids []string, source, target string) bool {
	return len(sids) == 0 || slices.Contains(sids, source) || target != "" && slices.Contains(sids, target)
}

func (p *pairing) pass(pair Pair) bool {
	if pair.TargetSID != "" && p.wants(pair.Kind) && !p.yield(pair) {
		p.ended = true
	}
	return !p.ended
}

func (p *pairing) service(ctx context.Context, s migrate.ServiceRecord) error {
	if !selects(p.sel.Services, s.SourceSID, s.TargetSID) {
		return nil
	}
	if len(p.sel.Channels) == 0 {
		if !p.pass(Pair{Kind: migrate.KindServices, SourceSID: s.SourceSID, TargetSID: s.TargetSID, ServiceSID: s.SourceSID}) {
			return nil
		}
		for _, kind := range []migrate.EntityKind{migrate.RoleEntity, migrate.UserEntity} {
			if err := p.entities(ctx, kind, s.SourceSID, s.SourceSID, ""); err != nil || p.ended {
				return err
			}
		}
	}
	if !p.wants(migrate.KindChannels) && !p.wants(migrate.KindMembers) && !p.wants(migrate.KindMessages) {
		return nil
	}
	for c, err := range p.Channels(ctx, s.SourceSID) {
		if err == nil && selects(p.sel.Channels, c.SourceSID, c.TargetSID) {
			err = p.channel(ctx, c)
		}
		if err != nil || p.ended {
			return err
		}
	}
	return nil
}

func (p *pairing) channel(ctx context.Context, c migrate.ChannelRecord) error {
	if !p.pass(Pair{Kind: migrate.KindChannels, SourceSID: c.SourceSID, TargetSID: c.TargetSID, ServiceSID: c.ServiceSID}) {
		return nil
	}
	if err := p.entities(ctx, migrate.MemberEntity, c.SourceSID, c.ServiceSID, c.SourceSID); err != nil || p.ended || !p.wants(migrate.KindMessages) {
		return err
	}
	for m, err := range p.Messages(ctx, c.SourceSID, migrate.All) {
		if err != nil {
			return err
		}
		if !p.pass(Pair{
			Kind: migrate.KindMessages, SourceSID: m.SourceSID, TargetSID: m.TargetSID, ServiceSID: c.ServiceSID, ChannelSID: c.SourceSID,
			SourceIndex: &m.SourceIndex, TargetIndex: &m.TargetIndex,
		}) {
			return nil
		}
	}
	return nil
}

var entityKinds = map[migrate.EntityKind]string{
	migrate.RoleEntity: migrate.KindRoles, migrate.UserEntity: migrate.KindUsers, migrate.MemberEntity: migrate.KindMembers,
}

func (p *pairing) entities(ctx context.Context, kind migrate.EntityKind, parent, service, channel string) error {
	if !p.wants(entityKinds[kind]) {
		return nil
	}
	for e, err := range p.Entities(ctx, kind, parent) {
		if err != nil {
			return err
		}
		if !p.pass(entityPair(e, service, channel)) {
			return nil
		}
	}
	return nil
}

func entityPair(e migrate.EntityRecord, service, channel string) Pair {
	p := Pair{Kind: entityKinds[e.Kind], SourceSID: e.SourceSID, TargetSID: e.TargetSID, ServiceSID: service, ChannelSID: channel}
	if e.Kind == migrate.UserEntity && p.SourceSID == p.TargetSID {
		p.SourceSID = ""
	}
	return p
}

// Lookup finds what has a SID on either side, of any kind. More than one thing
// may: services that were migrated into one. Services, roles, users, channels
// and members are found by their source SID at once. By target SID they are
// looked for among all of their kind, and messages by either: a million takes
// about a second.
func (r *Reader) Lookup(ctx context.Context, sid string) ([]Pair, error) {
	prefix := ""
	if len(sid) > 2 {
		prefix = sid[:2]
	}
	var found []Pair
	var err error
	switch prefix {
	case servicePrefix:
		found, err = all(ctx, r, serviceColumns+` WHERE sid = ? OR target_sid = ? ORDER BY sid`, twice(prefix, sid), scanServicePair)
	case channelPrefix:
		found, err = all(ctx, r, channelColumns+` WHERE (sid = ? OR target_sid = ?) AND service_sid IS NOT NULL`, twice(prefix, sid), scanChannelPair)
	case messagePrefix:
		found, err = all(ctx, r, `SELECT m.source_index, m.target_index, m.source_sid, m.target_sid, c.sid, coalesce(c.service_sid, '')
			FROM messages m JOIN channels c ON c.id = m.channel_id WHERE m.source_sid = ? OR m.target_sid = ?`, twice(prefix, sid), scanMessagePair)
	default:
		for kind := range entityKinds {
			own, _ := entityPrefixes(kind)
			if err == nil && strings.HasPrefix(sid, own) {
				found, err = r.lookupEntity(ctx, kind, sid)
			}
		}
	}
	found = slices.DeleteFunc(found, func(p Pair) bool { return p.TargetSID == "" })
	return found, fault("look up", sid, err)
}

func twice(prefix, sid string) []any { return []any{packSID(prefix, sid), packSID(prefix, sid)} }

func (r *Reader) lookupEntity(ctx context.Context, kind migrate.EntityKind, sid string) ([]Pair, error) {
	own, _ := entityPrefixes(kind)
	records, err := all(ctx, r, entityColumns+` WHERE kind = ? AND (sid = ? OR target_sid = ?)`,
		append([]any{int64(kind)}, twice(own, sid)...), scanEntity(kind))
	if err != nil {
		return nil, err
	}
	var found []Pair
	for _, e := range records {
		service, channel := e.ParentSID, ""
		if kind == migrate.MemberEntity {
			c, _, err := r.Channel(ctx, e.ParentSID)
			if err != nil {
				return nil, err
			}
			service, channel = c.ServiceSID, e.ParentSID
		}
		found = append(found, entityPair(e, service, channel))
	}
	return found, nil
}

func scanServicePair(rows *sql.Rows) (Pair, error) {
	s, err := scanService(rows)
	return Pair{Kind: migrate.KindServices, SourceSID: s.SourceSID, TargetSID: s.TargetSID, ServiceSID: s.SourceSID}, err
}

func scanChannelPair(rows *sql.Rows) (Pair, error) {
	c, err := scanChannel(rows)
	return Pair{Kind: migrate.KindChannels, SourceSID: c.SourceSID, TargetSID: c.TargetSID, ServiceSID: c.ServiceSID}, err
}

func scanMessagePair(rows *sql.Rows) (Pair, error) {
	p := Pair{Kind: migrate.KindMessages, SourceIndex: new(int64), TargetIndex: new(int64)}
	err := rows.Scan(p.SourceIndex, p.TargetIndex, packedSID{messagePrefix, &p.SourceSID}, packedSID{messagePrefix, &p.TargetSID},
		packedSID{channelPrefix, &p.ChannelSID}, packedSID{servicePrefix, &p.ServiceSID})
	return p, err
}
