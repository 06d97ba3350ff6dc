package emulator

import (
	"encoding/json"
	"slices"
)

// chatV1 is the edition that hides most: attributes in lists, and everything
// that came with v2.
func chatV1(s *source) *edition {
	return &edition{
		source: s, version: "v1", pages: newChatPages(1000, 1000),
		whole:  func(k kind, raw json.RawMessage) json.RawMessage { return s.asV1(k, raw, false) },
		listed: func(k kind, raw json.RawMessage) json.RawMessage { return s.asV1(k, raw, true) },
		showsUserChannel: func(v *userChannelView) {
			v.UserSID, v.NotificationLevel, v.URL = "", "", ""
			if v.Status == "notParticipating" {
				v.Status = "not_participating"
			}
		},
	}
}

// onlyV2 are the fields that v1 does not have.
var onlyV2 = map[kind][]string{
	aService: {"pre_webhook_retry_count", "post_webhook_retry_count", "media"},
	aMember:  {"attributes"},
	aMessage: {"type", "media", "last_updated_by"},
}

// asV1 shows a resource as v1 does. In a list attributes that are set are null,
// and only a single fetch tells them; so is the presence of a user.
func (s *source) asV1(k kind, raw json.RawMessage, inList bool) json.RawMessage {
	names, newer := onlyV2[k], false
	out := hide(raw, func(name string, value []byte) bool {
		switch {
		case slices.Contains(names, name):
			newer = true
			return false
		case !inList:
			return false
		case k == aUser && (name == "is_online" || name == "is_notifiable"):
			return true
		}
		return name == "attributes" && !s.habits.ListsAttributes && hidesAttributes(k) && string(value) != `"{}"`
	})
	if newer {
		return s.withoutV2(k, out)
	}
	return out
}

func hidesAttributes(k kind) bool { return k == aUser || k == aChannel || k == aMessage }

// withoutV2 leaves out what v1 does not have. What a message with a file then says is
// an assumption, and documented nowhere: what its service says in place of a file to
// clients that show none.
func (s *source) withoutV2(k kind, raw json.RawMessage) json.RawMessage {
	f := fields(raw)
	if media := f["media"]; k == aMessage && !s.habits.NoCompatibility && (media != nil && string(media) != "null" || string(f["type"]) == `"media"`) {
		f["body"] = encode(0, s.compatibility(f["service_sid"])).Body
	}
	for _, name := range onlyV2[k] {
		delete(f, name)
	}
	return encode(0, f).Body
}

// compatibility is what the service of a message says in place of a file.
func (s *source) compatibility(service json.RawMessage) string {
	var sid, says string
	if json.Unmarshal(service, &sid) != nil {
		return compatibilityMessage
	}
	v, found := s.services.find(sid)
	if !found || json.Unmarshal(fields(fields(v.raw)["media"])["compatibility_message"], &says) != nil {
		return compatibilityMessage
	}
	return says
}
