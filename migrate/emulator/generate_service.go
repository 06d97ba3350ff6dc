package emulator

import (
	"encoding/json"
	"fmt"
	"time"
)

// epoch is when the invented workspaces begin.
var epoch = time.Date(2019, 3, 4, 8, 0, 0, 0, time.UTC)

// world makes the resources of one invented service.
type world struct {
	Generate
	account, service string
	number           uint64
	roles            [4]string // deployment admin, deployment user, channel admin, channel user
}

func (s *source) generate(g Generate, account string) error {
	if err := g.check(); err != nil {
		return err
	}
	g = g.withDefaults()
	sizes := g.sizes()
	for n := range g.Services {
		w := &world{Generate: g, account: account, number: uint64(n)}
		w.service = w.id(kindService, 0).sid("IS")
		v := newChatService(w.service, nil)
		w.addRoles(v)
		v.raw = w.serviceResource()
		for i := range g.Users {
			if err := v.addUser(w.user(i)); err != nil {
				return err
			}
		}
		for i := n; i < g.Channels; i += g.Services {
			if err := w.addChannel(v, i, sizes[i]); err != nil {
				return err
			}
		}
		s.services.add(w.service, v)
	}
	return nil
}

// Kinds of resources, so that each has SIDs of its own.
const (
	kindService uint64 = iota
	kindRole
	kindUser
	kindChannel
	kindMember
)

// random is the number that the seed gives for something.
func (w *world) random(of ...uint64) uint64 {
	return mix(append([]uint64{w.Seed, w.number}, of...)...)
}

func (w *world) id(kind uint64, n int) id {
	return newID(w.random(kind, uint64(n), 1), w.random(kind, uint64(n), 2))
}

func (w *world) serviceResource() json.RawMessage {
	self := "https://chat.twilio.com/v1/Services/" + w.service
	return encode(0, map[string]any{
		"sid": w.service, "account_sid": w.account, "friendly_name": fmt.Sprintf("Generated workspace %d", w.number+1),
		"date_created": stamp(epoch), "date_updated": stamp(epoch),
		"default_service_role_sid": w.roles[1], "default_channel_creator_role_sid": w.roles[2], "default_channel_role_sid": w.roles[3],
		"read_status_enabled": true, "reachability_enabled": false, "typing_indicator_timeout": 5, "consumption_report_interval": 10,
		"limits":   map[string]any{"channel_members": 100, "user_channels": 250},
		"webhooks": map[string]any{}, "pre_webhook_url": nil, "post_webhook_url": nil, "webhook_method": "POST", "webhook_filters": nil,
		"notifications": map[string]any{},
		"url":           self,
		"links":         map[string]string{"channels": self + "/Channels", "users": self + "/Users", "roles": self + "/Roles"},
	}).Body
}

func (w *world) addRoles(v *chatService) {
	for i, r := range []struct {
		kind, name  string
		permissions []string
	}{
		{"deployment", "service admin", []string{"createChannel", "joinChannel", "destroyChannel", "addMember", "removeMember", "editChannelName", "editAnyMessage", "deleteAnyMessage", "editAnyUserInfo"}},
		{"deployment", "service user", []string{"createChannel", "joinChannel", "editOwnUserInfo"}},
		{"channel", "channel admin", []string{"sendMessage", "leaveChannel", "destroyChannel", "addMember", "inviteMember", "removeMember", "editChannelName", "editOwnMessage", "deleteAnyMessage"}},
		{"channel", "channel user", []string{"sendMessage", "leaveChannel", "editOwnMessage", "deleteOwnMessage"}},
	} {
		sid := w.id(kindRole, i).sid("RL")
		w.roles[i] = sid
		v.roles.add(sid, encode(0, map[string]any{
			"sid": sid, "account_sid": w.account, "service_sid": w.service, "friendly_name": r.name, "type": r.kind,
			"permissions": r.permissions, "date_created": stamp(epoch), "date_updated": stamp(epoch),
			"url": w.url("Roles", sid),
		}).Body)
	}
}

func (w *world) user(i int) json.RawMessage {
	sid := w.id(kindUser, i).sid("US")
	attributes := "{}"
	if i%5 == 0 {
		attributes = fmt.Sprintf(`{"team": %d}`, i/5)
	}
	at := epoch.Add(time.Duration(i) * time.Minute)
	return encode(0, map[string]any{
		"sid": sid, "account_sid": w.account, "service_sid": w.service, "attributes": attributes,
		"friendly_name": fmt.Sprintf("Person %d", i+1), "role_sid": w.roles[1], "identity": w.identity(i),
		"is_online": nil, "is_notifiable": nil, "date_created": stamp(at), "date_updated": stamp(at),
		"joined_channels_count": w.Members * w.Channels / w.Services / w.Users,
		"links":                 map[string]string{"user_channels": w.url("Users", sid) + "/Channels"},
		"url":                   w.url("Users", sid),
	}).Body
}

func (w *world) identity(i int) string { return fmt.Sprintf("person-%d", i+1) }

func (w *world) url(of, sid string) string {
	return "https://chat.twilio.com/v1/Services/" + w.service + "/" + of + "/" + sid
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
