package emulator

import (
	"encoding/json"
	"iter"
	"slices"
)

// What Chat v2 alone has: callbacks of a channel, and the devices of users.

func (s *edition) listChannelWebhooks(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	return s.resources(x, aWebhook, s.pages.webhooks, c.webhooks.from)
}

func (s *edition) fetchChannelWebhook(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	return s.fetched("Webhook", aWebhook, &c.webhooks, x.args[2])
}

func (s *edition) listBindings(x *Exchange, v *chatService) (Reply, error) {
	identities, types := x.Query["Identity"], x.Query["BindingType"]
	wanted := func(raw json.RawMessage) bool {
		b := readBinding(raw)
		return (len(identities) == 0 || slices.Contains(identities, b.Identity)) && (len(types) == 0 || slices.Contains(types, b.Type))
	}
	return s.resources(x, aBinding, s.pages.bindings,
		func(after int64) iter.Seq2[int64, json.RawMessage] { return kept(v.bindings.from(after), wanted) })
}

func (s *edition) fetchBinding(x *Exchange, v *chatService) (Reply, error) {
	return s.fetched("Binding", aBinding, &v.bindings, x.args[1])
}

// listUserBindings shows the bindings of one user, which name them by SID too.
func (s *edition) listUserBindings(x *Exchange, v *chatService) (Reply, error) {
	h, err := v.user(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	types := x.Query["BindingType"]
	wanted := func(raw json.RawMessage) bool {
		b := readBinding(raw)
		return b.Identity == h.Identity && (len(types) == 0 || slices.Contains(types, b.Type))
	}
	return list(s, x, s.pages.userBindings,
		func(after int64) iter.Seq2[int64, json.RawMessage] { return kept(v.bindings.from(after), wanted) },
		func(raw json.RawMessage) any { return s.ofUser(x, v, h, raw) })
}

func (s *edition) fetchUserBinding(x *Exchange, v *chatService) (Reply, error) {
	h, err := v.user(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	raw, found := v.bindings.find(x.args[2])
	if !found || readBinding(raw).Identity != h.Identity {
		return Reply{}, notFound("Binding", x.args[2])
	}
	return ok(s.ofUser(x, v, h, raw))
}

func (s *edition) ofUser(x *Exchange, v *chatService, of header, raw json.RawMessage) json.RawMessage {
	f := fields(raw)
	delete(f, "links")
	return with(encode(0, f).Body, map[string]any{
		"user_sid": of.SID, "url": x.url("Services", v.sid, "Users", of.SID, "Bindings", readBinding(raw).SID),
	})
}

// bindingHeader is what the emulator itself reads of a binding.
type bindingHeader struct {
	SID      string `json:"sid"`
	Identity string `json:"identity"`
	Type     string `json:"binding_type"`
}

func readBinding(raw json.RawMessage) (b bindingHeader) {
	_ = json.Unmarshal(raw, &b) // what is no object has none of it
	return b
}
