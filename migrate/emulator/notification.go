package emulator

// notifications is the push configuration of a service. All are off at first.
type notifications struct {
	log        bool
	newMessage notification
	added      notification
	removed    notification
}

type notification struct {
	Enabled  bool   `json:"enabled"`
	Template string `json:"template"`
	Sound    string `json:"sound"`
	// Badge and Media are of new messages only.
	Badge *bool              `json:"badge_count_enabled,omitempty"`
	Media *mediaNotification `json:"with_media,omitempty"`
}

type mediaNotification struct {
	Enabled  bool   `json:"enabled"`
	Template string `json:"template"`
}

type notificationsView struct {
	AccountSID     string       `json:"account_sid"`
	ChatServiceSID string       `json:"chat_service_sid"`
	NewMessage     notification `json:"new_message"`
	Added          notification `json:"added_to_conversation"`
	Removed        notification `json:"removed_from_conversation"`
	LogEnabled     bool         `json:"log_enabled"`
	URL            string       `json:"url"`
}

// maxTemplate is a guess: a limit is documented (50058), its size is not.
const maxTemplate = 1024

func (t *target) fetchNotifications(x *Exchange, s *service) (Reply, error) {
	n := s.notifications
	if n.newMessage.Badge == nil {
		n.newMessage.Badge = new(bool)
	}
	if n.newMessage.Media == nil {
		n.newMessage.Media = &mediaNotification{}
	}
	return ok(notificationsView{
		AccountSID: t.account, ChatServiceSID: s.sid, LogEnabled: n.log,
		NewMessage: n.newMessage, Added: n.added, Removed: n.removed,
		URL: x.url("Services", s.sid, "Configuration", "Notifications"),
	})
}

func (t *target) updateNotifications(x *Exchange, s *service) (Reply, error) {
	f := form{values: x.Form}
	next := s.notifications
	if len(x.Form) == 0 {
		f.some()
	}
	f.bool("LogEnabled", &next.log)
	f.notification("NewMessage", &next.newMessage)
	f.notification("AddedToConversation", &next.added)
	f.notification("RemovedFromConversation", &next.removed)
	f.newMessage(&next.newMessage)
	if f.err != nil {
		return Reply{}, f.err
	}
	s.notifications = next
	if s.twin != nil && !t.unkind.PushApart {
		s.twin.notify(next, x.now)
	}
	return t.fetchNotifications(x, s)
}

func (f *form) notification(name string, n *notification) {
	f.bool(name+".Enabled", &n.Enabled)
	f.text(name+".Template", &n.Template, maxTemplate, 50058)
	f.text(name+".Sound", &n.Sound, maxFriendlyName, 50059)
}

// newMessage reads what only new messages have. What n points to may be in use,
// so it is replaced and not changed.
func (f *form) newMessage(n *notification) {
	badge, media := new(bool), &mediaNotification{}
	if n.Badge != nil {
		*badge = *n.Badge
	}
	if n.Media != nil {
		*media = *n.Media
	}
	f.bool("NewMessage.BadgeCountEnabled", badge)
	f.bool("NewMessage.WithMedia.Enabled", &media.Enabled)
	f.text("NewMessage.WithMedia.Template", &media.Template, maxTemplate, 50058)
	n.Badge, n.Media = badge, media
}

// push counts the notifications that a new message would have shown: one for
// each participant but its author.
func (t *target) push(s *service, c *conversation, author string) {
	if !s.notifications.newMessage.Enabled {
		return
	}
	n := c.participants.len()
	if _, in := c.byIdentity[author]; in {
		n--
	}
	t.counts.pushes.Add(int64(n))
}
