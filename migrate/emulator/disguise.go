package emulator

import (
	"encoding/json"
	"regexp"
	"strconv"
)

var accountField = regexp.MustCompile(`"account_sid":\s*"AC[0-9a-fA-F]{32}"`)

// disguise changes what a reply says of the account, and what channels say of
// themselves.
func (m *mischief) disguise(x *Exchange, reply Reply) Reply {
	if m.KeyAccountSID != "" && x.key {
		reply.Body = accountField.ReplaceAll(reply.Body, []byte(`"account_sid":"`+m.KeyAccountSID+`"`))
		m.happened("key-account")
	}
	if m.NoAccount || m.NoAccountSID && x.subject() == "services" {
		reply.Body = accountField.ReplaceAll(reply.Body, []byte(`"account_sid":null`))
		m.happened("account-sid")
	}
	if m.CountsAdrift > 0 && x.Host == ChatHost && x.subject() == "channels" && !x.ofUser() {
		reply = resources(reply, "channels", m.adrift)
	}
	return reply
}

// adrift gives a channel counts that are off, always by as much.
func (m *mischief) adrift(raw json.RawMessage) json.RawMessage {
	f := fields(raw)
	for _, name := range []string{"messages_count", "members_count"} {
		n, err := strconv.ParseInt(string(f[name]), 10, 64)
		if err != nil {
			continue
		}
		if key := mix(hash(string(f["sid"])), hash(name)); m.drawn("counts-adrift", m.CountsAdrift, key) {
			off := 1 + int64(key%3)
			if key>>32%2 == 0 && n >= off {
				off = -off
			}
			raw = with(raw, map[string]any{name: n + off})
		}
	}
	return raw
}

// resources changes the resource of a reply, or each of a page.
func resources(reply Reply, list string, change func(json.RawMessage) json.RawMessage) Reply {
	f := fields(reply.Body)
	if f["meta"] == nil {
		reply.Body = change(reply.Body)
		return reply
	}
	var all []json.RawMessage
	if json.Unmarshal(f[list], &all) != nil {
		return reply
	}
	for i := range all {
		all[i] = change(all[i])
	}
	f[list] = encode(0, all).Body
	reply.Body = encode(0, f).Body
	return reply
}
