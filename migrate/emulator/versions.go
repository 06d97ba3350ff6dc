package emulator

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// listOf are the lists that records are in, by the beginning of their SIDs.
var listOf = map[string]string{
	"IS": "services", "RL": "roles", "US": "users", "CH": "channels", "MB": "members", "IM": "messages", "IN": "invites",
}

// unknownTo reports whether a version of Chat answers as if there were nothing: the
// whole of it, or what is asked for, or what that is in.
func (m *mischief) unknownTo(x *Exchange) bool {
	if x.Host != ChatHost || x.Write() {
		return false
	}
	if x.Path[0] == m.NoVersion && len(x.Path) != 3 {
		m.happened("no-version")
		return true
	}
	return slices.ContainsFunc(x.Path[1:], func(key string) bool { return m.hidden(x.Path[0], key) })
}

// hidden reports whether a version shows nothing of the record that a key names.
func (m *mischief) hidden(version, key string) bool {
	share := map[string]float64{"v1": m.HiddenByV1, "v2": m.HiddenByV2}[version]
	return m.among(key) && m.drawn(version+"-hides", share, hash(key))
}

// among reports whether a key is the SID of a record of those kinds that are looked
// at.
func (m *mischief) among(key string) bool {
	list := listOf[key[:min(2, len(key))]]
	return len(key) == 34 && list != "" && (len(m.Lists) == 0 || slices.Contains(m.Lists, list))
}

// partial shows of a reply of Chat what its version does not keep to itself, and as
// it has it.
func (m *mischief) partial(x *Exchange, reply Reply) Reply {
	if x.Host != ChatHost || x.Write() || x.ofUser() && len(x.Path) > 5 {
		return reply
	}
	version, list := x.Path[0], x.collection()
	if list != "" {
		p, ok := readPage(reply)
		if !ok {
			return reply
		}
		before := len(p.records)
		p.records = slices.DeleteFunc(p.records, func(raw json.RawMessage) bool {
			key := sidOf(raw)
			return m.hidden(version, key) || version == "v2" && m.among(key) && m.drawn("v2-unlisted", m.UnlistedByV2, hash(key))
		})
		if len(p.records) < before {
			reply = p.reply(reply.Status)
		}
	}
	if version != "v2" || m.DatedByV2 == 0 && m.BareInV2 == 0 {
		return reply
	}
	return resources(reply, x.subject(), func(raw json.RawMessage) json.RawMessage {
		key := sidOf(raw)
		if !m.among(key) {
			return raw
		}
		if at, err := time.Parse(time.RFC3339, textOf(raw, "date_created")); err == nil && m.drawn("v2-dates", m.DatedByV2, hash(key)) {
			raw = with(raw, map[string]any{"date_created": at.Add(time.Minute).Format(time.RFC3339)})
		}
		if shown := textOf(raw, "attributes"); list != "" && strings.Trim(shown, "{} ") != "" && m.drawn("v2-bare", m.BareInV2, hash(key)) {
			raw = with(raw, map[string]any{"attributes": nil})
		}
		return raw
	})
}

func sidOf(raw json.RawMessage) string { return textOf(raw, "sid") }

func textOf(raw json.RawMessage, name string) (text string) {
	if json.Unmarshal(fields(raw)[name], &text) != nil {
		return ""
	}
	return text
}
