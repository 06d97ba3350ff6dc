package emulator

import (
	"net/http"
	"slices"
	"sync"
)

// target is the state of the Conversations host.
type target struct {
	config Config
	counts *counts
	pager  pager
	unkind *mischief
	media  *media
	diary  *diary

	chat *source             // of a shared account; nil otherwise
	late map[string]*unshown // channels that were just made private

	mu          sync.RWMutex
	account     string
	services    shelf[*service]
	credentials shelf[*credential]
	settings    accountSettings
	issued      uint64 // SIDs so far
}

func newTarget(c Config, n *counts, m *mischief) *target {
	account := c.AccountSID
	if c.TargetAccountSID != "" {
		account = c.TargetAccountSID
	}
	files := newMedia(c, n, m)
	return &target{
		config: c, counts: n, unkind: m, account: account, pager: pager{clamp: c.ClampPageSize || c.Unkind.ClampsPages, small: c.Unkind.SmallPages, most: c.Unkind.PageMost, seed: c.Seed},
		media: files, diary: newDiary(c.Diary, files),
	}
}

// newID issues an id. It is called with the lock held.
func (t *target) newID() id {
	t.issued++
	i := newID(mix(t.config.Seed, t.issued, 1), mix(t.config.Seed, t.issued, 2))
	t.unkind.born(i)
	return i
}

func (t *target) newSID(prefix string) string { return t.newID().sid(prefix) }

// before turns a path without a service into that of the default service, and
// counts writes that ask for callbacks.
func (t *target) before(x *Exchange) error {
	if x.Write() && x.webhooks {
		t.counts.webhookHeaders.Add(1)
	}
	if len(x.Path) < 2 || !slices.Contains([]string{"Conversations", "Roles", "Users"}, x.Path[1]) {
		return nil
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.settings.defaultService == "" {
		return notFound("default service of", t.account)
	}
	x.Path = slices.Insert(x.Path, 1, "Services", t.settings.defaultService)
	return nil
}

// reading and writing hold the lock for a handler.
func (t *target) reading(h handler) handler {
	return func(x *Exchange) (Reply, error) {
		t.mu.RLock()
		defer t.mu.RUnlock()
		return h(x)
	}
}

func (t *target) writing(h handler) handler {
	return func(x *Exchange) (Reply, error) {
		defer t.lock()()
		return h(x)
	}
}

// lock locks the target, and before that the Chat side of a shared account, since
// people who join or leave do so in both. It returns what unlocks them.
func (t *target) lock() (unlock func()) {
	if t.chat != nil {
		t.chat.mu.Lock()
	}
	t.mu.Lock()
	return func() {
		t.mu.Unlock()
		if t.chat != nil {
			t.chat.mu.Unlock()
		}
	}
}

type serviceHandler func(*Exchange, *service) (Reply, error)

func (t *target) inService(h serviceHandler) handler {
	return func(x *Exchange) (Reply, error) {
		s, found := t.services.find(x.args[0])
		if !found {
			return Reply{}, notFound("Service", x.args[0])
		}
		return h(x, s)
	}
}

type conversationHandler func(*Exchange, *service, *conversation) (Reply, error)

func (t *target) inConversation(h conversationHandler) handler {
	return t.inService(func(x *Exchange, s *service) (Reply, error) {
		c, err := s.conversation(x.args[1])
		if err != nil {
			return Reply{}, err
		}
		if t.late[c.sid].hides() {
			return Reply{}, notFound("Conversation", x.args[1])
		}
		return h(x, s, c)
	})
}

// limited counts a write against the limit of its service.
func (t *target) limited(h serviceHandler) serviceHandler {
	return func(x *Exchange, s *service) (Reply, error) {
		if !s.rate.take(t.config.Now(), t.config.APS) {
			return Reply{}, throttled(codeServiceRate)
		}
		return h(x, s)
	}
}

// paced counts a write against the limit of its conversation.
func (t *target) paced(h conversationHandler) conversationHandler {
	return func(x *Exchange, s *service, c *conversation) (Reply, error) {
		if !c.rate.take(t.config.Now(), t.config.APS) {
			return Reply{}, throttled(codeConversationRate)
		}
		return h(x, s, c)
	}
}

func (t *target) register(r *routes) {
	get := func(path string, h handler) { r.add(http.MethodGet+" "+path, t.reading(h)) }
	post := func(path string, h handler) { r.add(http.MethodPost+" "+path, t.writing(h)) }
	remove := func(path string, h handler) { r.add(http.MethodDelete+" "+path, t.writing(h)) }
	gate := func(h serviceHandler) handler { return t.inService(t.limited(h)) }
	lane := func(h conversationHandler) handler { return t.inConversation(t.paced(h)) }

	get("/v1/Configuration", t.fetchAccount)
	post("/v1/Configuration", t.updateAccount)
	get("/v1/Configuration/Webhooks", t.fetchAccountWebhooks)
	get("/v1/Credentials", t.listCredentials)
	post("/v1/Credentials", t.createCredential)
	get("/v1/Credentials/*", t.fetchCredential)

	get("/v1/Services", t.listServices)
	post("/v1/Services", t.createService)
	get("/v1/Services/*", t.inService(t.fetchService))
	remove("/v1/Services/*", t.inService(t.deleteService))

	get("/v1/Services/*/Configuration", t.inService(t.fetchConfiguration))
	post("/v1/Services/*/Configuration", t.inService(t.updateConfiguration))
	get("/v1/Services/*/Configuration/Notifications", t.inService(t.fetchNotifications))
	post("/v1/Services/*/Configuration/Notifications", t.inService(t.updateNotifications))
	get("/v1/Services/*/Configuration/Webhooks", t.inService(t.fetchWebhooks))
	post("/v1/Services/*/Configuration/Webhooks", t.inService(t.updateWebhooks))

	get("/v1/Services/*/Roles", t.inService(t.listRoles))
	post("/v1/Services/*/Roles", gate(t.createRole))
	get("/v1/Services/*/Roles/*", t.inService(t.fetchRole))
	post("/v1/Services/*/Roles/*", gate(t.updateRole))
	remove("/v1/Services/*/Roles/*", gate(t.deleteRole))

	get("/v1/Services/*/Users", t.inService(t.listUsers))
	post("/v1/Services/*/Users", gate(t.createUser))
	get("/v1/Services/*/Users/*", t.inService(t.fetchUser))
	post("/v1/Services/*/Users/*", gate(t.updateUser))
	remove("/v1/Services/*/Users/*", gate(t.deleteUser))
	get("/v1/Services/*/Users/*/Conversations", t.inService(t.listUserConversations))
	get("/v1/Services/*/Users/*/Conversations/*", t.inService(t.fetchUserConversation))
	post("/v1/Services/*/Users/*/Conversations/*", t.inService(t.updateUserConversation))

	get("/v1/Services/*/Conversations", t.inService(t.listConversations))
	post("/v1/Services/*/Conversations", gate(t.createConversation))
	get("/v1/Services/*/Conversations/*", t.inConversation(t.fetchConversation))
	post("/v1/Services/*/Conversations/*", lane(t.updateConversation))
	remove("/v1/Services/*/Conversations/*", gate(t.deleteConversation))

	get("/v1/Services/*/Conversations/*/Participants", t.inConversation(t.listParticipants))
	post("/v1/Services/*/Conversations/*/Participants", lane(t.createParticipant))
	get("/v1/Services/*/Conversations/*/Participants/*", t.inConversation(t.fetchParticipant))
	post("/v1/Services/*/Conversations/*/Participants/*", lane(t.updateParticipant))
	remove("/v1/Services/*/Conversations/*/Participants/*", lane(t.deleteParticipant))

	get("/v1/Services/*/Conversations/*/Webhooks", t.inConversation(t.listWebhooks))
	post("/v1/Services/*/Conversations/*/Webhooks", lane(t.createWebhook))
	get("/v1/Services/*/Conversations/*/Webhooks/*", t.inConversation(t.fetchWebhook))
	remove("/v1/Services/*/Conversations/*/Webhooks/*", lane(t.deleteWebhook))

	get("/v1/Services/*/Conversations/*/Messages", t.inConversation(t.listMessages))
	post("/v1/Services/*/Conversations/*/Messages", lane(t.createMessage))
	get("/v1/Services/*/Conversations/*/Messages/*", t.inConversation(t.fetchMessage))
	post("/v1/Services/*/Conversations/*/Messages/*", lane(t.updateMessage))
	remove("/v1/Services/*/Conversations/*/Messages/*", lane(t.deleteMessage))
}
