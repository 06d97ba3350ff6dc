package migrate

import (
	"context"
	"iter"
	"slices"
	"sync"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate/internal/drain"
)

// Auditor reads a source whole and says what a migration would do. It has no
// Target and no Ledger, so it cannot write.
type Auditor struct {
	Source   Source
	Observer Observer
	Settings Settings

	// Traffic reads the request counters of the transport; nil counts nothing.
	Traffic func() Traffic

	// Target is looked at for unique names that are taken, where everything
	// goes into one service; nil looks at the source alone.
	Target TargetReader

	// Rows is given each channel as it was read, one at a time. May be nil.
	Rows func(ChannelRow)
}

// Run audits what the settings select.
func (a *Auditor) Run(ctx context.Context) (Audit, error) {
	set := a.Settings.withDefaults()
	t := &audit{
		Auditor: a, set: set, tally: newTally(a.Observer), findings: newFindings(),
	}
	selected, err := ReadServices(ctx, a.Source, set.Services)
	if err != nil {
		return Audit{}, err
	}
	if err := t.namesThere(ctx); err != nil {
		return Audit{}, err
	}
	for c, err := range unlessWithheld(a.Source.Credentials(ctx), func() { t.findings.add(set.Mapper.NotShown(KindCredentials, "", "")) }) {
		if err != nil {
			return Audit{}, err
		}
		t.count(KindCredentials, 1)
		t.findings.add(set.Mapper.Credential(c))
	}
	result := Audit{SchemaVersion: SchemaVersion, Command: "audit"}
	var loads []serviceLoad
	for _, s := range selected {
		t.count(KindServices, 1)
		result.Services = append(result.Services, SourceService{SourceSID: s.SID, FriendlyName: s.FriendlyName})
		load, err := t.service(ctx, s)
		if err != nil {
			return Audit{}, err
		}
		loads = append(loads, load)
	}
	result.Counts = t.counts()
	result.Findings = t.findings.list()
	result.Plan = plan(t.rows, estimate(loads, set.APS, set.Concurrency), set.APS, writes(loads))
	result.Estimate = estimate(loads, set.APS, set.Concurrency)
	result.Requests = PlanRequests{Writes: writes(loads), Reads: targetReads(loads)}
	if a.Traffic != nil {
		// A migration reads the source just as the audit did.
		result.Requests.Reads += a.Traffic().Reads
	}
	return result, nil
}

// audit is the state of one Auditor.Run.
type audit struct {
	*Auditor
	set      Settings
	tally    *tally
	findings *findings

	mu    sync.Mutex
	taken map[string]bool // unique names of the service that everything goes into
	rows  []ChannelRow    // with nothing in them that a plan does not sum up
}

// namesThere lists the unique names that the target service has already, of
// conversations that no migration made.
func (t *audit) namesThere(ctx context.Context) error {
	t.taken = map[string]bool{}
	if t.Target == nil || t.set.ToService == "" {
		return nil
	}
	for c, err := range t.Target.Conversations(ctx, t.set.ToService) {
		if err != nil {
			return err
		}
		if _, ours := mapping.ReadStamp(c.Attributes); !ours && c.UniqueName != "" {
			t.taken[c.UniqueName] = true
		}
	}
	return nil
}

// nameTaken finds unique names that another channel, or a conversation of the
// target, has, where everything goes into one service.
func (t *audit) nameTaken(c chat.Channel, uniqueName string) []mapping.Finding {
	if t.set.ToService == "" || uniqueName == "" {
		return nil
	}
	t.mu.Lock()
	taken := t.taken[uniqueName]
	t.taken[uniqueName] = true
	t.mu.Unlock()
	if !taken {
		return nil
	}
	_, found := t.set.Mapper.NameTaken(c)
	return found
}

// row passes a channel on.
func (t *audit) row(r ChannelRow) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Rows != nil {
		t.Rows(r)
	}
	t.rows = append(t.rows, ChannelRow{Way: r.Way, Reason: r.Reason, Messages: r.Messages, Writes: r.Writes})
}

// count notes that resources are there and were read.
func (t *audit) count(kind string, n int64) {
	t.tally.expect(kind, n)
	t.done(kind, n)
}

// done notes that resources that were expected already were read.
func (t *audit) done(kind string, n int64) {
	t.tally.seen(kind, n)
	t.tally.observer.Done(kind, n)
}

func (t *audit) counts() Counts {
	c, _ := t.tally.snapshot()
	return Counts{
		Services: c[KindServices].Source, Roles: c[KindRoles].Source, Users: c[KindUsers].Source,
		Channels: c[KindChannels].Source, Members: c[KindMembers].Source, Messages: c[KindMessages].Source,
		Invites: c[KindInvites].Source, Credentials: c[KindCredentials].Source,
	}
}

func (t *audit) service(ctx context.Context, s chat.Service) (serviceLoad, error) {
	load := serviceLoad{sid: s.SID, settings: 4} // create, roles and reachability, notifications, webhooks
	_, found := t.set.Mapper.Service(s)
	t.findings.add(found)
	roles := mapping.Roles{}
	for r, err := range t.Source.Roles(ctx, s.SID) {
		if err != nil {
			return load, err
		}
		t.count(KindRoles, 1)
		_, found := t.set.Mapper.Role(r)
		t.findings.add(found)
		if !mapping.Blocked(found) && !mapping.Skipped(found) {
			roles[r.SID] = mapping.Role{Source: r, TargetSID: r.SID}
			load.roles++
		}
	}
	_, found = t.set.Mapper.Configuration(s, roles)
	t.findings.add(found)
	known, err := t.users(ctx, s, roles)
	if err != nil {
		return load, err
	}
	load.users = int64(len(known))
	load.channels, err = t.channels(ctx, s, roles, &people{ids: known})
	if slices.ContainsFunc(load.channels, func(c channelLoad) bool { return len(c.members) > defaultChannelMembers }) {
		load.settings++ // the limit is raised first
	}
	if err != nil {
		return load, err
	}
	load.levels, err = t.levels(ctx, s, load.channels)
	return load, err
}

// users reads every user and numbers them by identity.
func (t *audit) users(ctx context.Context, s chat.Service, roles mapping.Roles) (map[string]int32, error) {
	known, first := map[string]int32{}, map[string]chat.User{}
	listed := func(ctx context.Context) iter.Seq2[chat.User, error] { return t.Source.Users(ctx, s.SID) }
	err := drain.Each(ctx, t.set.Concurrency, listed, func(u chat.User) drain.Job {
		t.tally.expect(KindUsers, 1)
		if before, twice := first[u.Identity]; twice && u.Identity != "" {
			return func(context.Context) error {
				t.findings.add(t.set.Mapper.UserTwice(u, before))
				t.done(KindUsers, 1)
				return nil
			}
		}
		first[u.Identity] = chat.User{SID: u.SID, RoleSID: u.RoleSID}
		known[u.Identity] = int32(len(known))
		return func(ctx context.Context) error {
			if u.Attributes == nil {
				whole, err := t.Source.User(ctx, s.SID, u.SID)
				if unreadable(err) {
					t.leaveOut(KindUsers, u.SID, err)
					t.done(KindUsers, 1)
					return nil
				}
				if err != nil {
					return err
				}
				u = whole
			}
			_, found := t.set.Mapper.User(u, roles)
			t.findings.add(found)
			t.done(KindUsers, 1)
			return nil
		}
	})
	return known, err
}

// people numbers identities, and knows which of them have no user.
type people struct {
	mu  sync.Mutex
	ids map[string]int32
}

// id is the number of an identity; fresh says that it had none before, which
// means that the source has no such user.
func (p *people) id(identity string) (id int32, fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, ok := p.ids[identity]
	if !ok {
		id = int32(len(p.ids))
		p.ids[identity] = id
	}
	return id, !ok
}
