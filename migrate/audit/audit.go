package audit

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/count"
	"chatbridge/migrate/internal/drain"
)

// Auditor reads a source whole and says what a migration would do. It has no
// Target and no Ledger, so it cannot write.
type Auditor struct {
	Source   migrate.Source
	Observer migrate.Observer // may be nil
	Settings migrate.Settings

	// Traffic reads the request counters of the transport; nil counts nothing.
	Traffic func() migrate.Traffic

	// Latency is how long a read took on the wire, and false if there was none. It
	// serves the estimate, unless the settings say how long a request takes. Nil knows
	// nothing.
	Latency func() (time.Duration, bool)

	// Target is looked at if everything goes into one service: for unique names
	// that are taken, roles and users that it has otherwise, and how far people
	// have read in what an earlier migration brought. Nil looks at the source
	// alone.
	Target migrate.TargetReader

	// Bandwidth is how many bytes of files pass in a second. Zero has it measured
	// with some of the files, below 0 has nothing said of it.
	Bandwidth float64

	// Rows is given each channel as it was read, one at a time. May be nil.
	Rows func(ChannelRow)
}

// Run audits what the settings select.
func (a *Auditor) Run(ctx context.Context) (Audit, error) {
	set := a.Settings.WithDefaults()
	own := *a
	own.Target = migrate.WithoutClaim(a.Target)
	t := &audit{
		Auditor: &own, set: set, tally: count.NewCounters(a.Observer), findings: count.NewFindings(),
	}
	ctx = migrate.Noting(ctx, a.Observer, t.findings.Add)
	selected, err := migrate.ReadServices(ctx, a.Source, set.Services)
	if err != nil {
		return Audit{}, err
	}
	if err := t.readTarget(ctx); err != nil {
		return Audit{}, err
	}
	for c, err := range migrate.UnlessWithheld(a.Source.Credentials(ctx), func() { t.findings.Add(set.Mapper.NotShown(migrate.KindCredentials, "", "")) }) {
		if err != nil {
			return Audit{}, err
		}
		t.count(migrate.KindCredentials, 1)
		t.findings.Add(set.Mapper.Credential(c))
	}
	result := Audit{SchemaVersion: migrate.SchemaVersion, Command: "audit"}
	if set.CopyAlways != "" && set.ToService == "" {
		if result.NewServices.Made = int64(len(selected)); len(selected) > 1 {
			t.merge = newMerging()
		}
	}
	t.crowd = crowd{}
	var loads []serviceLoad
	for _, s := range selected {
		t.count(migrate.KindServices, 1)
		result.Services = append(result.Services, migrate.SourceService{SourceSID: s.SID, FriendlyName: s.FriendlyName})
		load, err := t.service(ctx, s)
		if err != nil {
			return Audit{}, err
		}
		loads = append(loads, load)
		if signs := t.flex.Signs(); len(signs) > 0 {
			t.findings.Add(set.Mapper.Flex(s.SID, t.flex))
			result.Flex = append(result.Flex, FlexService{s.SID, t.flex.Made(), signs})
		}
	}
	if set.ToService != "" {
		if err := t.crowded(ctx, t.crowd, selected...); err != nil {
			return Audit{}, err
		}
	}
	result.NewServices.Merge = t.merge.done()
	result.Counts = t.counts()
	result.Findings = t.findings.List()
	result.There = t.there.list()
	result.SightLost = t.sightLost()
	result.Unmatched = a.Settings.WithoutEffect()
	at, from := t.conditions(loads)
	result.Estimate = estimate(loads, at).rounded()
	result.Estimate.LatencyFrom = from
	result.Plan = plan(t.rows, result.Estimate, set.APS, writes(loads))
	result.Requests = PlanRequests{Writes: writes(loads), Reads: at.reads + targetReads(loads)}
	t.files(&result, loads)
	result.Bill.PricesRead = migrate.PricesRead
	for _, l := range loads {
		result.Bill.ActiveUsers += l.people
	}
	return result, nil
}

// audit is the state of one Auditor.Run.
type audit struct {
	*Auditor
	set      migrate.Settings
	tally    *count.Counters
	findings *count.Findings

	mu    sync.Mutex
	taken map[string]bool // unique names of the service that everything goes into
	there *target         // what else is in that service; nil if there is none
	merge *merging        // nil unless several services would be made
	flex  mapping.Flex    // what the service at work shows of it
	crowd crowd           // of the service that everything goes into, or of the one at work
	rows  []ChannelRow    // with nothing in them that a plan does not sum up

	sight []SightLost // see Audit.SightLost; guarded by mu

	fileBytes atomic.Int64 // of all files
	measured  measurement
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
	t.rows = append(t.rows, ChannelRow{Route: r.Route, Reason: r.Reason, Messages: r.Messages, Writes: r.Writes})
}

// count notes that resources are there and were read.
func (t *audit) count(kind string, n int64) {
	t.tally.Expect(kind, n)
	t.done(kind, n)
}

// done notes that resources that were expected already were read.
func (t *audit) done(kind string, n int64) {
	t.tally.Seen(kind, n)
	t.tally.Observer.Done(kind, n)
}

func (t *audit) counts() migrate.Counts {
	c, _ := t.tally.Snapshot()
	return migrate.Counts{
		Services: c[migrate.KindServices].Source, Roles: c[migrate.KindRoles].Source, Users: c[migrate.KindUsers].Source,
		Channels: c[migrate.KindChannels].Source, Members: c[migrate.KindMembers].Source, Messages: c[migrate.KindMessages].Source,
		Invites: c[migrate.KindInvites].Source, Credentials: c[migrate.KindCredentials].Source,
		Webhooks: c[migrate.KindWebhooks].Source, Bindings: c[migrate.KindBindings].Source,
		Files: c[migrate.KindFiles].Source, FileBytes: t.fileBytes.Load(),
	}
}

func (t *audit) service(ctx context.Context, s chat.Service) (serviceLoad, error) {
	load := serviceLoad{sid: s.SID, settings: 4} // create, roles and reachability, notifications, webhooks
	t.flex = mapping.Flex{}
	t.flex.Service(s)
	t.merge.service(s)
	_, found := t.set.Mapper.Service(s)
	t.findings.Add(found)
	var wanted []wantedRole
	for r, err := range t.Source.Roles(ctx, s.SID) {
		if err != nil {
			return load, err
		}
		t.count(migrate.KindRoles, 1)
		want, found := t.set.Mapper.Role(r)
		t.findings.Add(found)
		if !mapping.Blocked(found) && !mapping.Skipped(found) {
			wanted = append(wanted, wantedRole{r, want})
			t.merge.role(r.SID, want)
			load.roles++
		}
	}
	roles := t.rolesThere(s, wanted)
	_, found = t.set.Mapper.Configuration(s, roles)
	t.findings.Add(found)
	known, hidden, err := t.users(ctx, s, roles)
	if err != nil {
		return load, err
	}
	load.users, load.hidden = int64(len(known)), hidden
	if err := t.bindings(ctx, s); err != nil {
		return load, err
	}
	load.channels, err = t.channels(ctx, s, roles, &people{ids: known, users: int32(len(known))})
	load.people = int64(len(known)) // and whoever only members name
	if err == nil && t.replays() {
		if t.set.ToService == "" {
			t.crowd = crowd{}
		}
		t.joined(t.crowd, known, load.channels)
		if t.set.ToService == "" {
			err = t.crowded(ctx, t.crowd, s)
		}
	}
	if slices.ContainsFunc(load.channels, func(c channelLoad) bool { return len(c.members) > migrate.DefaultChannelMembers }) {
		load.settings++ // the limit is raised first
	}
	if err != nil {
		return load, err
	}
	if t.set.UserChannels {
		load.asked = load.users + int64(len(load.channels))
	}
	load.levels, err = t.levels(ctx, s, load.channels)
	return load, err
}

// users reads every user and numbers them by identity. It counts those whose attributes
// the list does not show.
func (t *audit) users(ctx context.Context, s chat.Service, roles mapping.Roles) (_ map[string]int32, hidden int64, _ error) {
	known, first := map[string]int32{}, map[string]chat.User{}
	listed := func(ctx context.Context) iter.Seq2[chat.User, error] { return t.Source.Users(ctx, s.SID) }
	err := drain.Each(ctx, t.set.Concurrency, listed, func(u chat.User) drain.Job {
		t.tally.Expect(migrate.KindUsers, 1)
		if before, twice := first[u.Identity]; twice && u.Identity != "" {
			return func(context.Context) error {
				t.findings.Add(t.set.Mapper.UserTwice(u, before))
				t.done(migrate.KindUsers, 1)
				return nil
			}
		}
		first[u.Identity] = chat.User{SID: u.SID, RoleSID: u.RoleSID}
		known[u.Identity] = int32(len(known))
		if u.Attributes == nil {
			hidden++
		}
		return func(ctx context.Context) error {
			if u.Attributes == nil {
				whole, err := t.Source.User(ctx, s.SID, u.SID)
				if migrate.Unreadable(err) {
					t.leaveOut(migrate.KindUsers, u.SID, err)
					t.done(migrate.KindUsers, 1)
					return nil
				}
				if err != nil {
					return err
				}
				u = whole
			}
			want, found := t.set.Mapper.User(u, roles)
			t.findings.Add(found)
			if !mapping.Blocked(found) && !mapping.Skipped(found) {
				t.userThere(s, u, want)
				t.merge.user(s.SID, u.SID, want, roles, u.RoleSID)
			}
			t.done(migrate.KindUsers, 1)
			return nil
		}
	})
	return known, hidden, err
}

// bindings counts the devices that are registered for push notifications.
func (t *audit) bindings(ctx context.Context, s chat.Service) error {
	withheld := func() { t.findings.Add(t.set.Mapper.NotShown(migrate.KindBindings, s.SID, "")) }
	for b, err := range migrate.UnlessWithheld(t.Source.Bindings(ctx, s.SID), withheld) {
		if migrate.Unreadable(err) {
			t.leaveOut(migrate.KindBindings, s.SID, err)
			return nil
		}
		if err != nil {
			return err
		}
		t.count(migrate.KindBindings, 1)
		t.findings.Add(t.set.Mapper.Binding(b))
	}
	return nil
}

// people numbers identities, and knows which of them have no user.
type people struct {
	users int32 // those of the source; their numbers are below this

	mu  sync.Mutex
	ids map[string]int32
}

// isUser reports whether the source has a user with an identity.
func (p *people) isUser(identity string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	id, ok := p.ids[identity]
	return ok && id < p.users
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
