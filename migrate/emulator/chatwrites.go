package emulator

import (
	"net/http"
	"regexp"
	"strings"
)

// chatWrites are what the Chat host lets a client write: the limits of a service,
// which hold in Conversations too, and channels made private, which Conversations
// then shows. The lock of the source is taken before that of the target.
type chatWrites struct {
	source *source
	target *target
	shared bool
	counts *counts
}

func (b *chatWrites) register(r *routes) {
	both := func(h handler) handler {
		return func(x *Exchange) (Reply, error) {
			b.source.mu.Lock()
			defer b.source.mu.Unlock()
			b.target.mu.Lock()
			defer b.target.mu.Unlock()
			return h(x)
		}
	}
	r.add(http.MethodGet+" /v2/Services/*", both(b.fetchService))
	r.add(http.MethodPost+" /v2/Services/*", both(b.updateService))
	r.add(http.MethodPost+" /v3/Services/*/Channels/*", both(b.promote))
}

// wrote counts a write that was carried out.
func (b *chatWrites) wrote(x *Exchange) {
	b.counts.allowedSourceWrites.Add(1)
	if x.webhooks {
		b.counts.webhookHeaders.Add(1)
	}
}

// find is the service as each product has it; either may be nil, not both.
func (b *chatWrites) find(x *Exchange) (*chatService, *service, error) {
	s, in := b.target.services.find(x.args[0])
	if x.guest && in {
		return nil, s, nil
	}
	v, err := b.source.service(x.args[0])
	if x.guest {
		return nil, nil, refuse(http.StatusForbidden, 50050, "Service instance %s not found", x.args[0])
	}
	if in {
		err = nil
	}
	return v, s, err
}

func (b *chatWrites) fetchService(x *Exchange) (Reply, error) {
	v, s, err := b.find(x)
	if err != nil {
		return Reply{}, err
	}
	return b.showService(x, v, s)
}

// maxLimit is the most that either limit of a service can be.
const maxLimit = 1000

func (b *chatWrites) updateService(x *Exchange) (Reply, error) {
	v, s, err := b.find(x)
	if err != nil {
		return Reply{}, err
	}
	f := form{values: x.Form}
	var members, channels int
	f.some("Limits.ChannelMembers", "Limits.UserChannels")
	f.limit("Limits.ChannelMembers", &members)
	f.limit("Limits.UserChannels", &channels)
	for name := range x.Form {
		if !strings.HasPrefix(name, "Limits.") {
			f.fail(invalid(20001, "This emulator changes nothing of a Chat service but its limits, and not %s", name))
		}
	}
	if f.err != nil {
		return Reply{}, f.err
	}
	if v != nil {
		v.limit(members, channels, stamp(x.now))
	}
	if s != nil {
		s.limit(members, channels)
	}
	b.wrote(x)
	return b.showService(x, v, s)
}

// limit sets what is not 0.
func (s *chatService) limit(members, channels int, now string) {
	limits := map[string]any{}
	for name, value := range fields(fields(s.raw)["limits"]) {
		limits[name] = value
	}
	for name, n := range map[string]int{"channel_members": members, "user_channels": channels} {
		if n > 0 {
			limits[name] = n
		}
	}
	s.raw = with(s.raw, map[string]any{"limits": limits, "date_updated": now})
}

func (b *chatWrites) showService(x *Exchange, v *chatService, s *service) (Reply, error) {
	if v != nil {
		return ok(b.source.serviceV2(v.raw))
	}
	return ok(b.source.serviceV2(b.target.serviceInChat(x, s)))
}

var looksLikeMessagingService = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)

// promote makes a channel private. One that is already stays as it is.
func (b *chatWrites) promote(x *Exchange) (Reply, error) {
	v, err := b.source.service(x.args[0])
	if err != nil {
		return Reply{}, err
	}
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	f := form{values: x.Form}
	f.some("Type", "MessagingServiceSid")
	switch kind := x.Form.Get("Type"); {
	case kind == "public":
		f.fail(invalid(50393, "Type must be private"))
	case f.has("Type") && kind != "private":
		f.fail(invalid(20001, "Type %q is neither public nor private", kind))
	}
	messaging := x.Form.Get("MessagingServiceSid")
	if f.has("MessagingServiceSid") && !looksLikeMessagingService.MatchString(messaging) {
		f.fail(invalid(50341, "MessagingServiceSid %q is no SID of a messaging service", messaging))
	}
	if f.err == nil && f.has("Type") && c.kind != "private" {
		f.err = b.makePrivate(x, v, c)
	}
	if f.err != nil {
		return Reply{}, f.err
	}
	b.attach(v, c, messaging)
	b.wrote(x)
	return b.showPromoted(c)
}

func (b *chatWrites) makePrivate(x *Exchange, v *chatService, c *channel) error {
	raw := with(c.raw, map[string]any{"type": "private", "date_updated": stamp(x.now)})
	s, in := b.target.services.find(v.sid)
	if b.shared && in {
		if _, taken := s.names[c.unique]; taken && c.unique != "" {
			return refuse(http.StatusConflict, 50307, "A conversation has the unique name %q", c.unique)
		}
		if err := b.target.shareChannel(s, v, &channel{raw: raw, members: c.members, history: c.history}); err != nil {
			return err
		}
		b.target.late[c.sid] = newLate(b.target.unkind.LateShow)
	}
	c.kind, c.raw = "private", raw
	return nil
}

// attach remembers the messaging service, unless it is empty.
func (b *chatWrites) attach(v *chatService, c *channel, messaging string) {
	if messaging == "" {
		return
	}
	c.messagingService = messaging
	if s, in := b.target.services.find(v.sid); b.shared && in {
		if twin, found := s.conversations.find(c.sid); found {
			twin.messagingService = messaging
		}
	}
}

func (b *chatWrites) showPromoted(c *channel) (Reply, error) {
	f := fields(with(c.raw, map[string]any{"messaging_service_sid": optional(c.messagingService)}))
	delete(f, "links")
	if f["url"] != nil {
		f["url"] = []byte(strings.ReplaceAll(string(f["url"]), "/v1/", "/v3/"))
	}
	return ok(f)
}
