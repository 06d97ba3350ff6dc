package emulator

type user struct {
	sid, identity, name, attributes, role string
	created, updated                      date
}

var userPages = listing{key: "users", max: 50}

// user finds one by SID or identity.
func (s *service) user(key string) (*user, error) {
	if u, found := s.users.find(key); found {
		return u, nil
	}
	if u, found := s.identities[key]; found {
		return u, nil
	}
	return nil, notFound("User", key)
}

// identity reads an identity and says what is wrong with it.
func (f *form) identity(dst *string) {
	f.text("Identity", dst, maxIdentity, 50207)
	switch {
	case f.err != nil:
	case *dst == "":
		f.fail(invalid(20001, "Identity is required"))
	case looksLikeUser.MatchString(*dst):
		f.fail(invalid(50206, "Identity looks like a User SID"))
	case *dst == "system":
		f.fail(invalid(50203, "Identity is reserved"))
	}
}

func (t *target) createUser(x *Exchange, s *service) (Reply, error) {
	f := form{values: x.Form}
	var u user
	f.identity(&u.identity)
	f.user(s, &u)
	if f.err != nil {
		return Reply{}, f.err
	}
	if _, exists := s.identities[u.identity]; exists {
		return Reply{}, refuse(409, 50201, "User already exists")
	}
	t.announce(x, "onUserAdded")
	return created(t.showUser(x, s, t.addUser(s, u, dateOf(x.now))))
}

func (t *target) addUser(s *service, u user, now date) *user {
	u.sid, u.created, u.updated = t.newSID("US"), now, now
	if u.role == "" {
		u.role = s.configuration.serviceRole
	}
	s.users.add(u.sid, &u)
	s.identities[u.identity] = &u
	return &u
}

func (f *form) user(s *service, u *user) {
	f.text("FriendlyName", &u.name, maxFriendlyName, 50003)
	f.attributes(&u.attributes, maxAttributes)
	f.role(s, "RoleSid", &u.role, serviceRole)
}

func (t *target) listUsers(x *Exchange, s *service) (Reply, error) {
	c, err := t.pager.cursor(x, userPages)
	if err != nil {
		return Reply{}, err
	}
	return t.pager.list(x, userPages, c, shown(s.users.from(c.after), func(u *user) any { return t.showUser(x, s, u) }))
}

func (t *target) fetchUser(x *Exchange, s *service) (Reply, error) {
	u, err := s.user(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	return ok(t.showUser(x, s, u))
}

func (t *target) updateUser(x *Exchange, s *service) (Reply, error) {
	u, err := s.user(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	f := form{values: x.Form}
	next := *u
	f.some("FriendlyName", "Attributes", "RoleSid")
	f.user(s, &next)
	if f.err != nil {
		return Reply{}, f.err
	}
	next.updated = dateOf(x.now)
	*u = next
	t.announce(x, "onUserUpdated")
	return ok(t.showUser(x, s, u))
}

// deleteUser leaves the user's messages, and takes the user out of every
// conversation.
func (t *target) deleteUser(x *Exchange, s *service) (Reply, error) {
	u, err := s.user(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	for c := range s.conversations.all() {
		if p, in := c.byIdentity[u.identity]; in {
			t.diary.deletedParticipant(c, p, Client)
			s.leave(c, p, x.now)
			c.updated = dateOf(x.now)
		}
	}
	s.users.remove(u.sid)
	delete(s.identities, u.identity)
	return gone()
}

type userView struct {
	SID            string            `json:"sid"`
	AccountSID     string            `json:"account_sid"`
	ChatServiceSID string            `json:"chat_service_sid"`
	RoleSID        string            `json:"role_sid"`
	Identity       string            `json:"identity"`
	FriendlyName   *string           `json:"friendly_name"`
	Attributes     string            `json:"attributes"`
	IsOnline       *bool             `json:"is_online"`
	IsNotifiable   *bool             `json:"is_notifiable"`
	DateCreated    date              `json:"date_created"`
	DateUpdated    date              `json:"date_updated"`
	URL            string            `json:"url"`
	Links          map[string]string `json:"links"`
}

func (t *target) showUser(x *Exchange, s *service, u *user) any {
	self := x.url("Services", s.sid, "Users", u.sid)
	return userView{
		SID: u.sid, AccountSID: t.account, ChatServiceSID: s.sid, RoleSID: u.role, Identity: u.identity,
		FriendlyName: optional(u.name), Attributes: attributesOr(u.attributes),
		DateCreated: u.created, DateUpdated: u.updated, URL: self,
		Links: map[string]string{"user_conversations": self + "/Conversations"},
	}
}
