package migrate

import (
	"context"
	"iter"
	"slices"
)

// Pair is one thing under both its SIDs.
type Pair struct {
	Kind       string // as KindServices and so on name it
	SourceSID  string // empty for a user or a role that the source does not have
	TargetSID  string
	ServiceSID string // of the source
	ChannelSID string // of the source, for members and messages
	// SourceIndex and TargetIndex are those of a message, and nil for the rest.
	SourceIndex *int64
	TargetIndex *int64
}

// Pair is the service under both its SIDs.
func (r ServiceRecord) Pair() Pair {
	return Pair{Kind: KindServices, SourceSID: r.SourceSID, TargetSID: r.TargetSID, ServiceSID: r.SourceSID}
}

// Pair is the channel under both its SIDs.
func (r ChannelRecord) Pair() Pair {
	return Pair{Kind: KindChannels, SourceSID: r.SourceSID, TargetSID: r.TargetSID, ServiceSID: r.ServiceSID}
}

// Pair is the role, user or member under both its SIDs; serviceSID is that of
// its service.
func (r EntityRecord) Pair(serviceSID string) Pair {
	p := Pair{Kind: entityKinds[r.Kind], SourceSID: r.SourceSID, TargetSID: r.TargetSID, ServiceSID: serviceSID}
	if r.Kind == MemberEntity {
		p.ChannelSID = r.ParentSID
	}
	if r.Kind != MemberEntity && p.SourceSID == p.TargetSID {
		p.SourceSID = ""
	}
	return p
}

// Pair is the message under both its SIDs, with those of its channel and
// service in the source.
func (r MessageRecord) Pair(channelSID, serviceSID string) Pair {
	return Pair{
		Kind: KindMessages, SourceSID: r.SourceSID, TargetSID: r.TargetSID, ServiceSID: serviceSID, ChannelSID: channelSID,
		SourceIndex: &r.SourceIndex, TargetIndex: &r.TargetIndex,
	}
}

// PairKinds are the kinds of which there are pairs, in the order of Pairs.
var PairKinds = []string{
	KindServices, KindRoles, KindUsers, KindChannels, KindMembers, KindMessages,
}

// Selection says which pairs are wanted. Empty fields select all.
type Selection struct {
	Kinds    []string
	Services []string // by SID, of the source or the target
	Channels []string // by SID, of either side; it selects no services, roles or users
}

// Pairs yields what has arrived under both its SIDs: service by service, and
// within one roles, users, and then channel by channel. It holds as few of them
// as the ledger's own iterators do.
func Pairs(ctx context.Context, r LedgerReader, sel Selection) iter.Seq2[Pair, error] {
	return func(yield func(Pair, error) bool) {
		p := &pairing{LedgerReader: r, sel: sel, yield: func(p Pair) bool { return yield(p, nil) }}
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
	LedgerReader
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

func (p *pairing) service(ctx context.Context, s ServiceRecord) error {
	if !selects(p.sel.Services, s.SourceSID, s.TargetSID) {
		return nil
	}
	if len(p.sel.Channels) == 0 {
		if !p.pass(s.Pair()) {
			return nil
		}
		for _, kind := range []EntityKind{RoleEntity, UserEntity} {
			if err := p.entities(ctx, kind, s.SourceSID, s.SourceSID); err != nil || p.ended {
				return err
			}
		}
	}
	if !p.wants(KindChannels) && !p.wants(KindMembers) && !p.wants(KindMessages) {
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

func (p *pairing) channel(ctx context.Context, c ChannelRecord) error {
	if !p.pass(c.Pair()) {
		return nil
	}
	if err := p.entities(ctx, MemberEntity, c.SourceSID, c.ServiceSID); err != nil || p.ended || !p.wants(KindMessages) {
		return err
	}
	for m, err := range p.Messages(ctx, c.SourceSID, All) {
		if err != nil {
			return err
		}
		if !p.pass(m.Pair(c.SourceSID, c.ServiceSID)) {
			return nil
		}
	}
	return nil
}

var entityKinds = map[EntityKind]string{
	RoleEntity: KindRoles, UserEntity: KindUsers, MemberEntity: KindMembers,
}

func (p *pairing) entities(ctx context.Context, kind EntityKind, parent, service string) error {
	if !p.wants(entityKinds[kind]) {
		return nil
	}
	for e, err := range p.Entities(ctx, kind, parent) {
		if err != nil {
			return err
		}
		if !p.pass(e.Pair(service)) {
			return nil
		}
	}
	return nil
}
