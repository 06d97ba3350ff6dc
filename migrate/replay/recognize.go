package replay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/origin"
)

// What is looked at to find out whether the migration made a service of the target:
// so many channels of the source, as they are listed, and so many of them together
// with the conversations that look like theirs. One that is adopted is enough.
const (
	channelsCompared = 1000
	channelsTried    = 10
)

// which finds the service of the target that an earlier run made for this source.
// noted says that a create was sent under this ledger: then it is one that came
// since. If the ledger is lost, a conversation that is adopted proves it.
func (s *service) which(ctx context.Context, rec migrate.ServiceRecord, name string, noted bool) (candidates, error) {
	there, bound, err := s.alike(ctx, name)
	if err != nil || noted {
		return candidates{Resource: origin.Service(name, there, origin.Record{Unanswered: true, Before: rec.Before}, bound, nil), there: there}, err
	}
	holdsOurs, vacant, lived := map[string]bool{}, []conversations.Service{}, map[string]bool{}
	var unproved []string
	for _, t := range there {
		if bound[t.SID] {
			continue
		}
		in := &recognition{service: s, target: t}
		if holdsOurs[t.SID], err = in.holdsOurs(ctx); err != nil {
			return candidates{}, err
		}
		if holdsOurs[t.SID] {
			continue
		}
		if err := s.claims.Quiet(ctx, t.SID, s.source.SID); err != nil {
			return candidates{}, err
		}
		switch tenancy, err := in.tenancy(ctx); {
		case err != nil:
			return candidates{}, err
		case tenancy == origin.Vacant:
			vacant, lived[t.SID] = append(vacant, t), in.holds.People > 0
		case tenancy == origin.Unproved:
			unproved = append(unproved, t.SID)
		}
	}
	is := origin.Service(name, there, origin.Record{}, bound, holdsOurs)
	switch {
	case is.Relation != origin.Absent:
	case len(unproved) > 0:
		return candidates{}, s.cannotTell(name, unproved)
	case len(vacant) > 0:
		oldest := vacant[0]
		for _, t := range vacant {
			oldest = origin.Stays(oldest, t)
		}
		return candidates{Resource: origin.Resource{Relation: origin.Others, SID: oldest.SID}, there: there, lost: true, adopted: lived[oldest.SID]}, nil
	}
	return candidates{Resource: is, there: there, lost: true, adopted: true}, nil
}

// lookTwice reads the list of services twice more before a ledger that knows of none
// makes one. If a run has just died and its ledger with it, the service that it made
// may not be listed yet: the last reading comes half a settle time after this
// run began, which waits for that once and not for each service.
func (s *service) lookTwice(ctx context.Context, rec migrate.ServiceRecord, name string, is candidates) (candidates, error) {
	for _, since := range []time.Duration{0, s.set.Settle / 2} {
		if left := since - time.Since(s.started); left > 0 {
			s.event(migrate.Detail, "looking once more for a service that an earlier run may have made", migrate.KeyWait, left)
			if err := drain.Signal(s.Drain).WaitFor(ctx, left, "the list of services may lack one that was just made (--settle)"); err != nil {
				return is, err
			}
		}
		there, _, err := s.alike(ctx, name)
		if err != nil {
			return is, err
		}
		fresh := slices.ContainsFunc(there, func(t conversations.Service) bool { return !is.lists(t.SID) })
		if !fresh {
			continue
		}
		known := is.there
		if is, err = s.which(ctx, rec, name, false); err != nil || is.Relation != origin.Absent {
			return is, err
		}
		for _, t := range known { // a reading that shows fewer takes none away
			if !is.lists(t.SID) {
				is.there = append(is.there, t)
			}
		}
	}
	return is, nil
}

// candidates are the services of the target that bear the name of ours, and the one
// of them that it is, if any.
type candidates struct {
	origin.Resource
	there   []conversations.Service
	lost    bool // it was found without a ledger that knew of it
	adopted bool // things may have happened in it that no ledger knows
}

func (c candidates) lists(sid string) bool {
	return slices.ContainsFunc(c.there, func(t conversations.Service) bool { return t.SID == sid })
}

func (s *service) cannotTell(name string, sids []string) error {
	return &migrate.Error{
		Op: "find target of service", Kind: migrate.Usage, SID: s.source.SID,
		Err: fmt.Errorf("target service %s also has its name %s, and nothing proves whether an earlier migration made it", strings.Join(sids, ", "), chat.Excerpt(name)),
		Hint: "if it did, or if you want the history there: --service " + s.source.SID + " --to-service " + sids[0] +
			"; if not, rename one of the two in the Twilio Console, then run the same command again",
	}
}

// recognition is one service of the target of which nobody knows who made it.
type recognition struct {
	*service
	target conversations.Service
	holds  origin.Inhabited
	unread error // why a channel, or a conversation, could not be read
}

// holdsOurs reports whether a conversation of the service would be adopted by a
// channel of the source.
func (r *recognition) holdsOurs(ctx context.Context) (bool, error) {
	r.holds.Birth = origin.BornAt(r.target.DateCreated)
	var byMark markIndex
	stamped := map[string][]conversations.Conversation{}
	for c, err := range r.Target.Conversations(ctx, r.target.SID) {
		if err != nil {
			return false, err
		}
		r.holds.Conversations++
		if r.holds.Birth.Past(c.DateCreated) {
			r.holds.Past++
		}
		if stamp, ok := mapping.ReadStamp(c.Attributes); ok && stamp.ServiceSID == r.source.SID {
			r.holds.Alike++
			if len(stamped) < channelsTried || stamped[stamp.SID] != nil {
				stamped[stamp.SID] = append(stamped[stamp.SID], c)
			}
		}
		byMark.add(c)
	}
	if r.holds.Conversations == 0 {
		return false, nil
	}
	tried := 0
	for _, sid := range slices.Sorted(maps.Keys(stamped)) {
		ours, err := r.adopts(ctx, sid, stamped[sid])
		if err != nil || ours {
			return ours, err
		}
		tried++
	}
	compared := 0
	for c, err := range r.Source.Channels(ctx, r.source.SID) {
		if err != nil {
			return false, err
		}
		want, _ := r.set.Mapper.Channel(c)
		sids := slices.Sorted(slices.Values(byMark.marked(want)))
		if len(sids) > 0 {
			r.holds.Alike++
		}
		if len(sids) > 0 && stamped[c.SID] == nil && tried < channelsTried {
			there, err := r.conversations(ctx, sids)
			if err != nil {
				return false, err
			}
			ours, err := r.adopts(ctx, c.SID, there)
			if err != nil || ours {
				return ours, err
			}
			tried++
		}
		if compared++; compared == channelsCompared {
			break
		}
	}
	return false, r.unread
}

// conversations reads conversations again, of which the list left the SIDs alone: they may be any
// number, and few are tried. What is gone meanwhile proves nothing.
func (r *recognition) conversations(ctx context.Context, sids []string) (all []conversations.Conversation, err error) {
	for _, sid := range sids {
		c, err := r.Target.Conversation(ctx, r.target.SID, sid)
		if migrate.KindOf(err) == migrate.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// adopts reports whether a channel would adopt one of these conversations.
func (r *recognition) adopts(ctx context.Context, channelSID string, there []conversations.Conversation) (bool, error) {
	full, err := r.Source.Channel(ctx, r.source.SID, channelSID)
	if err != nil {
		return false, r.pass(ctx, err)
	}
	want, _ := r.set.Mapper.Channel(full)
	j := r.job(full, migrate.ChannelRecord{})
	j.TargetService, j.Roles = r.target.SID, mapping.Roles{}
	watched, dog := migrate.NewWatchdog(ctx, j.Settings.Watchdog, full.SID)
	defer dog.Stop()
	l := &lane{Job: *j, dog: dog}
	is, err := l.adopt(watched, want, r.holds.Birth, there)
	return is.SID != "", r.pass(ctx, err)
}

// pass goes on to the next channel, which may prove what this one does not. If none
// does, what could not be read is said.
func (r *recognition) pass(ctx context.Context, err error) error {
	_, unclear := errors.AsType[*origin.Unclear](err)
	switch {
	case err == nil || unclear || migrate.KindOf(err) == migrate.NotFound: // a stamp may name anything
		return nil
	case migrate.EndsRun(ctx, err):
		return err
	}
	r.unread = err
	return nil
}

// tenancy says what can be said of a service that holds nothing of ours.
func (r *recognition) tenancy(ctx context.Context) (origin.Tenancy, error) {
	if r.holds.Conversations > 0 {
		return r.holds.Tenancy(), nil
	}
	if err := r.countStrangers(ctx); err != nil {
		return origin.Unproved, err
	}
	return r.holds.Tenancy(), nil
}

// bornWith are the roles that every new service has.
var bornWith = []string{"service admin", "service user", "channel admin", "channel user"}

// countStrangers looks for what the source does not have, and stops at the first.
func (r *recognition) countStrangers(ctx context.Context) error {
	roles := map[string]bool{}
	for _, name := range bornWith {
		roles[name] = true
	}
	for role, err := range r.Source.Roles(ctx, r.source.SID) {
		if err != nil {
			return err
		}
		want, _ := r.set.Mapper.Role(role)
		roles[origin.Body(want.FriendlyName)] = true
	}
	for role, err := range r.Target.Roles(ctx, r.target.SID) {
		if err != nil {
			return err
		}
		if !roles[origin.Body(role.FriendlyName)] {
			r.holds.Strangers++
			return nil
		}
	}
	people := map[string]bool{}
	for u, err := range r.Source.Users(ctx, r.source.SID) {
		if err != nil {
			return err
		}
		people[r.set.Mapper.Identity(u.Identity)] = true
	}
	for u, err := range r.Target.Users(ctx, r.target.SID) {
		if err != nil {
			return err
		}
		if r.holds.People++; !people[u.Identity] {
			r.holds.Strangers++
			return nil
		}
	}
	have, err := r.Target.Configuration(ctx, r.target.SID)
	if err != nil {
		return err
	}
	want, _ := r.set.Mapper.Configuration(r.source, mapping.Roles{})
	if !have.Webhooks.Off() && have.Webhooks.PostWebhookURL+have.Webhooks.PreWebhookURL != want.Webhooks.PostWebhookURL+want.Webhooks.PreWebhookURL ||
		!have.Notifications.Off() && have.Notifications != want.Notifications {
		r.holds.Strangers++
	}
	return nil
}
