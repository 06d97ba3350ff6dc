package replay

import (
	"context"
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

	mu      sync.Mutex
	byName  map[string]*user // by source identity
	inOrder []*user
}

// user is one user on their way. The first that asks does the work; the others
// wait for it. Of one who arrived, the SID and the identity are left.
type user struct {
	source  chat.User         // as listed, without raw bytes
	unknown []mapping.Finding // what they said that the source has and mapping does not know
	gone    bool              // the source has a member of that identity and no user

	// The rest is guarded by users.mu.
	latch *drain.Latch // of who does the work; nil before and after
	done  bool
	err   error
}

func newUsers(s *service) *users {
	return &users{service: s, byName: map[string]*user{}}
}

// list reads which users there are.
func (u *users) list(ctx context.Context) error {
	s := u.service
	once := oneOfEach()
	for src, err := range s.early.users.Or(func() iter.Seq2[chat.User, error] { return s.Source.Users(ctx, s.source.SID) }) {
		if err != nil {
			return err
		}
		_, found := s.set.Mapper.User(src, s.roles)
		unknown := slices.Clone(slices.DeleteFunc(found, func(f mapping.Finding) bool { return f.Code != mapping.UnknownField }))
		src.Raw = nil
		if src.Attributes != nil && len(*src.Attributes) > attributesKept {
			src.Attributes = nil
		}
		s.tally.Expect(migrate.KindUsers, 1)
		s.tally.Seen(migrate.KindUsers, 1)
		if first, twice := u.byName[src.Identity]; twice && src.Identity != "" {
			s.findings.Add(s.set.Mapper.UserTwice(src, first.source))
			s.tally.Skipped(migrate.KindUsers, 1)
			continue
		}
		src.AccountSID, src.ServiceSID, src.RoleSID = once(src.AccountSID), once(src.ServiceSID), once(src.RoleSID)
		one := &user{source: src, unknown: unknown}
		u.byName[src.Identity] = one
		u.inOrder = append(u.inOrder, one)
		s.sheet.Gate(s.target, 1)
	}
	return nil
}

// attributesKept bounds what the list of users keeps of each in memory, in
// bytes. Longer attributes are read again when they are needed.
const attributesKept = 256

// ensure makes sure that the user with that source identity is in the target.
func (u *users) ensure(ctx context.Context, identity string) error {
	u.mu.Lock()
	one := u.byName[identity]
	if one == nil {
		one = &user{source: chat.User{Identity: identity}, gone: true}
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
		s.fail(ctx, migrate.KindUsers, one.source.SID, "", err)
		s.tally.Failed(migrate.KindUsers, 1)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	one.done, one.err, one.latch, one.unknown = true, err, nil, nil
	one.source = chat.User{SID: one.source.SID, Identity: one.source.Identity}
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

// oneOfEach gives the first of texts that are equal: all users share an account, and many a
// role, and each was read with texts of its own.
func oneOfEach() func(string) string {
	first := map[string]string{}
	return func(text string) string {
		if same, ok := first[text]; ok {
			return same
		}
		first[text] = text
		return text
	}
}

func (u *users) write(ctx context.Context, one *user) error {
	s := u.service
	if one.gone {
		want, found := s.set.Mapper.MissingUser(one.source.Identity)
		s.findings.Add(found)
		if mapping.Blocked(found) {
			return migrate.BlockedError("map user", one.source.Identity, found)
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
	src := one.source
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
		found = append(found, one.unknown...)
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
