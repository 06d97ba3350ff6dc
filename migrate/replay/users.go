package replay

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
)

// users brings the users of a service over, each when the first lane needs it,
// so that no lane waits for users it does not have.
type users struct {
	service *service

	sids   migrate.SIDList // of those who were listed
	common map[string]*chat.User

	mu      sync.Mutex
	byName  map[string]*user // by source identity
	inOrder []*user
}

// user is one user on their way. The first that asks does the work; the others
// wait for it.
type user struct {
	identity string      // in the source
	listed   *listedUser // until they arrived; nil if the source has a member of that identity and no user
	place    int32       // in users.sids
	gone     bool        // the source has a member of that identity and no user

	// The rest is guarded by users.mu.
	done  bool
	latch *drain.Latch // of who does the work; nil before and after
	err   error
}

// listedUser is a user as listed, in less than half of the memory: a service may have as
// many users as channels, and they are all listed before the first lane begins.
type listedUser struct {
	common       *chat.User // what most of them share
	friendlyName string
	attributes   *string
	joined       int64
	created      int64 // Unix time
	updated      int64
	createdNanos int32 // of that second
	updatedNanos int32
	unknown      []mapping.Finding // what they said that the source has and mapping does not know
}

func newUsers(s *service) *users {
	return &users{service: s, common: map[string]*chat.User{}, byName: map[string]*user{}}
}

// list reads which users there are.
func (u *users) list(ctx context.Context) error {
	s := u.service
	for src, err := range s.early.users.Or(func() iter.Seq2[chat.User, error] { return s.Source.Users(ctx, s.source.SID) }) {
		if err != nil {
			return err
		}
		s.tally.Expect(migrate.KindUsers, 1)
		s.tally.Seen(migrate.KindUsers, 1)
		if first, twice := u.byName[src.Identity]; twice && src.Identity != "" {
			s.findings.Add(s.set.Mapper.UserTwice(src, u.asListed(first)))
			s.tally.Skipped(migrate.KindUsers, 1)
			continue
		}
		one := u.keep(src)
		u.byName[one.identity] = one
		u.inOrder = append(u.inOrder, one)
		s.sheet.Gate(s.target, 1)
	}
	return nil
}

// keep keeps a user without raw bytes.
func (u *users) keep(src chat.User) *user {
	_, found := u.service.set.Mapper.User(src, u.service.roles)
	one := &listedUser{
		friendlyName: src.FriendlyName, attributes: src.Attributes, joined: src.JoinedChannelsCount,
		created: src.DateCreated.Unix(), createdNanos: int32(src.DateCreated.Nanosecond()),
		updated: src.DateUpdated.Unix(), updatedNanos: int32(src.DateUpdated.Nanosecond()),
		unknown: slices.Clone(slices.DeleteFunc(found, func(f mapping.Finding) bool { return f.Code != mapping.UnknownField })),
	}
	if one.friendlyName == src.Identity {
		one.friendlyName = src.Identity // the same text once
	}
	if one.attributes != nil && len(*one.attributes) > attributesKept {
		one.attributes = nil
	}
	common := chat.User{
		AccountSID: src.AccountSID, ServiceSID: src.ServiceSID, RoleSID: src.RoleSID,
		IsOnline: src.IsOnline, IsNotifiable: src.IsNotifiable, Versions: src.Versions,
	}
	key, _ := json.Marshal(common) // texts and booleans
	if u.common[string(key)] == nil {
		u.common[string(key)] = &common
	}
	one.common = u.common[string(key)]
	return &user{identity: src.Identity, listed: one, place: int32(u.sids.Append(src.SID))}
}

// asListed is a user as the list showed them, but for raw bytes and long attributes. Of one
// who arrived, SID and identity are left.
func (u *users) asListed(one *user) chat.User {
	if one.gone {
		return chat.User{Identity: one.identity}
	}
	var src chat.User
	if l := one.listed; l != nil {
		src = *l.common
		src.FriendlyName, src.Attributes, src.JoinedChannelsCount = l.friendlyName, l.attributes, l.joined
		src.DateCreated, src.DateUpdated = dated(l.created, l.createdNanos), dated(l.updated, l.updatedNanos)
	}
	src.SID, src.Identity = u.sids.At(int(one.place)), one.identity
	return src
}

// attributesKept bounds what the list of users keeps of each in memory, in
// bytes. Longer attributes are read again when they are needed.
const attributesKept = 256

// ensure makes sure that the user with that source identity is in the target.
func (u *users) ensure(ctx context.Context, identity string) error {
	u.mu.Lock()
	one := u.byName[identity]
	if one == nil {
		one = &user{identity: identity, gone: true}
		u.byName[identity] = one
	}
	u.mu.Unlock()
	return u.bring(ctx, one)
}

// rest brings over the users that no lane needed.
func (u *users) rest(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(migrate.GateAtOnce)
	for _, one := range u.inOrder {
		g.Go(func() error {
			// A user that cannot be carried is counted and said; the others go on.
			if err := u.bring(gctx, one); err != nil && migrate.EndsRun(gctx, err) {
				return migrate.Quietly(err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return u.service.proceed(ctx)
}

func (u *users) bring(ctx context.Context, one *user) error {
	latch, done, err := u.began(one)
	if done {
		return err
	}
	if err := latch.Lock(ctx); err != nil {
		return err
	}
	defer latch.Unlock()
	if _, done, err = u.began(one); done {
		return err
	}
	err = u.write(ctx, one)
	if err != nil && migrate.EndsRun(ctx, err) {
		return err
	}
	s := u.service
	if !one.gone {
		s.sheet.Gate(s.target, -1)
	}
	if err != nil && !one.gone {
		s.fail(ctx, migrate.KindUsers, u.sids.At(int(one.place)), "", err)
		s.tally.Failed(migrate.KindUsers, 1)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	one.done, one.err, one.latch, one.listed = true, err, nil, nil
	return err
}

// began reports whether the work is done, and how it ended, or gives who wants to do it
// the latch of that.
func (u *users) began(one *user) (*drain.Latch, bool, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if one.latch == nil && !one.done {
		latch := drain.NewLatch()
		one.latch = &latch
	}
	return one.latch, one.done, one.err
}

func (u *users) write(ctx context.Context, one *user) error {
	s := u.service
	if one.gone {
		want, found := s.set.Mapper.MissingUser(one.identity)
		s.findings.Add(found)
		if mapping.Blocked(found) {
			return migrate.BlockedError("map user", one.identity, found)
		}
		if mapping.Skipped(found) {
			return nil
		}
		if err := s.proceed(ctx); err != nil {
			return err
		}
		end, err := s.turnOfUser(ctx, want.Identity)
		if err != nil {
			return err
		}
		defer end()
		got, change, err := s.Target.EnsureUser(ctx, s.target, want)
		if err != nil {
			return err
		}
		return u.noteMissing(ctx, want, got, change)
	}
	src := u.asListed(one)
	rec, known, err := s.Ledger.Entity(ctx, migrate.UserEntity, src.SID)
	if err != nil {
		return migrate.Fatal(err)
	}
	if known && rec.DateUpdated.Equal(src.DateUpdated.Time) {
		again, err := u.keepsAgain(ctx, src, rec)
		if err != nil {
			return err
		}
		if !again {
			s.tally.Existing(migrate.KindUsers, 1)
			return nil
		}
	}
	if src.Attributes == nil {
		if src, err = s.Source.User(ctx, s.source.SID, src.SID); err != nil {
			return err
		}
	}
	want, found := s.set.Mapper.User(src, s.roles)
	if src.Raw == nil {
		found = append(found, one.listed.unknown...)
	}
	s.findings.Add(found)
	if mapping.Blocked(found) {
		return migrate.BlockedError("map user", src.SID, found)
	}
	if mapping.Skipped(found) {
		s.tally.Skipped(migrate.KindUsers, 1)
		return nil
	}
	end, err := s.turnOfUser(ctx, want.Identity)
	if err != nil {
		return err
	}
	defer end()
	change, rec, err := u.arrive(ctx, src, want, rec)
	if err != nil {
		return err
	}
	s.tally.Changed(migrate.KindUsers, change)
	rec.DateUpdated = src.DateUpdated.Time
	if err := s.Ledger.PutEntity(ctx, rec); err != nil {
		return migrate.Fatal(err)
	}
	return s.clearFailure(ctx, src.SID)
}

// turnOfUser keeps services that go into one target from bringing one person over
// at the same time: the second has to see what the first noted.
func (s *service) turnOfUser(ctx context.Context, identity string) (end func(), err error) {
	if s.made {
		return func() {}, nil
	}
	return s.reserved.turn(ctx, s.target+"\x00user\x00"+identity)
}
