package emulator

import (
	"encoding/json"
	"strings"
)

// chatV2 is the edition that shows everything, in smaller pages.
func chatV2(s *source) *edition {
	return &edition{
		source: s, version: "v2", pages: newChatPages(100, 50),
		whole: asV2,
		listed: func(k kind, raw json.RawMessage) json.RawMessage {
			if k == aUser {
				raw = hide(raw, func(name string, _ []byte) bool { return name == "is_online" || name == "is_notifiable" })
			}
			if k == aService {
				return s.serviceV2(raw)
			}
			return asV2(k, raw)
		},
		showsUserChannel: func(*userChannelView) {},
	}
}

// compatibilityMessage is what stands for a file unless a service says otherwise.
const compatibilityMessage = "Media messages are not supported by your client"

// serviceV2 shows a service, with the limit of the emulator if it has none.
func (s *source) serviceV2(raw json.RawMessage) json.RawMessage {
	if s.mediaLimitMB != DefaultMediaLimitMB && fields(raw)["media"] == nil {
		raw = with(raw, map[string]any{"media": map[string]any{"size_limit_mb": s.mediaLimitMB, "compatibility_message": compatibilityMessage}})
	}
	return asV2(aService, raw)
}

// sinceV2 are the fields that v1 does not have, as they are where nobody set
// them.
var sinceV2 = map[kind]map[string]string{
	aService: {
		"pre_webhook_retry_count": "0", "post_webhook_retry_count": "0",
		"media": `{"size_limit_mb":150,"compatibility_message":"` + compatibilityMessage + `"}`,
	},
	aMember:  {"attributes": `"{}"`},
	aMessage: {"type": `"text"`, "media": "null", "last_updated_by": "null"},
}

// asV2 shows a resource as v2 does: with its own addresses, and without the
// per-event callbacks of a v1 service.
func asV2(k kind, raw json.RawMessage) json.RawMessage {
	f := fields(raw)
	for name, unset := range sinceV2[k] {
		if f[name] == nil {
			f[name] = json.RawMessage(unset)
		}
	}
	if k == aService {
		delete(f, "webhooks")
	}
	for _, name := range []string{"url", "links"} {
		if f[name] != nil {
			f[name] = json.RawMessage(strings.ReplaceAll(string(f[name]), "/v1/", "/v2/"))
		}
	}
	return encode(0, f).Body
}
