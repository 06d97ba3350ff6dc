package emulator_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// SIDs of the small archive that most tests read.
var (
	serviceSID    = "IS" + strings.Repeat("1", 32)
	roleSID       = "RL" + strings.Repeat("2", 32)
	userSID       = "US" + strings.Repeat("3", 32)
	publicSID     = "CH" + strings.Repeat("4", 32)
	privateSID    = "CH" + strings.Repeat("5", 32)
	memberSID     = "MB" + strings.Repeat("6", 32)
	inviteSID     = "IN" + strings.Repeat("7", 32)
	credentialSID = "CR" + strings.Repeat("8", 32)
	webhookSID    = "WH" + strings.Repeat("a", 32)
	bindingSID    = "BS" + strings.Repeat("b", 32)
	accountSID    = "AC" + strings.Repeat("9", 32)

	service = "/v1/Services/" + serviceSID
	private = service + "/Channels/" + privateSID
)

func messageSID(index int) string { return fmt.Sprintf("IM%032x", index+0xabc) }

// workspace is a service with a public and a private channel. The private one
// has messages 0, 1 and 3, of which 1 has attributes.
func workspace(t *testing.T) fs.FS {
	t.Helper()
	const dates = `"date_created":"2019-01-01T00:00:00Z","date_updated":"2019-01-01T00:00:00Z"`
	ids := func(sid string) string {
		return fmt.Sprintf(`"sid":%q,"account_sid":%q,"service_sid":%q,%s`, sid, accountSID, serviceSID, dates)
	}
	message := func(index int, attributes string) string {
		return fmt.Sprintf(`{%s,"channel_sid":%q,"to":%q,"from":"ada","body":"message %d","index":%d,"was_edited":false,"attributes":%q}`,
			ids(messageSID(index)), privateSID, privateSID, index, index, attributes)
	}
	channel := func(sid, kind, unique, attributes string, members, messages int) string {
		return fmt.Sprintf(`{%s,"friendly_name":"Room","unique_name":%q,"type":%q,"attributes":%q,"created_by":"ada","members_count":%d,"messages_count":%d}`,
			ids(sid), unique, kind, attributes, members, messages)
	}
	files := map[string]string{
		"manifest.json":     `{"schema_version":1,"account_sid":"` + accountSID + `","source_api":"v1"}`,
		"credentials.jsonl": fmt.Sprintf(`{"sid":%q,"account_sid":%q,"type":"fcm","sandbox":"False",%s}`, credentialSID, accountSID, dates),
		"service.json":      fmt.Sprintf(`{"sid":%q,"account_sid":%q,"friendly_name":"Desk","limits":{},"webhooks":{},"notifications":{},%s}`, serviceSID, accountSID, dates),
		"roles.jsonl":       fmt.Sprintf(`{%s,"friendly_name":"agent","type":"channel","permissions":["sendMessage"]}`, ids(roleSID)),
		"users.jsonl":       fmt.Sprintf(`{%s,"identity":"ada","friendly_name":"Ada","attributes":"{\"big\": 12345678901234567890}","is_online":true,"is_notifiable":false,"joined_channels_count":1}`, ids(userSID)),
		"channels.jsonl": channel(publicSID, "public", "lobby", "{}", 0, 0) + "\n" +
			channel(privateSID, "private", "back-office", `{"k":1}`, 1, 3),
		"channels/" + privateSID + "/members.jsonl":  fmt.Sprintf(`{%s,"channel_sid":%q,"identity":"ada","role_sid":%q,"last_consumed_message_index":2,"last_consumption_timestamp":null}`, ids(memberSID), privateSID, roleSID),
		"channels/" + privateSID + "/messages.jsonl": message(0, "{}") + "\n" + message(1, `{"a": 1}`) + "\n" + message(3, "{}"),
		"bindings.jsonl": fmt.Sprintf(`{%s,"identity":"ada","binding_type":"fcm","endpoint":"token","credential_sid":%q,"message_types":["new_message"],"links":{}}`, ids(bindingSID), credentialSID),
		"channels/" + privateSID + "/webhooks.jsonl": fmt.Sprintf(`{%s,"channel_sid":%q,"type":"webhook","configuration":{"url":"https://a.test","method":"GET","filters":["onMessageSent"],"retry_count":2}}`, ids(webhookSID), privateSID),
		"channels/" + privateSID + "/invites.jsonl":  fmt.Sprintf(`{%s,"channel_sid":%q,"identity":"bob","role_sid":%q,"created_by":"ada"}`, ids(inviteSID), privateSID, roleSID),
	}
	out := fstest.MapFS{}
	for name, text := range files {
		if name != "manifest.json" && name != "credentials.jsonl" {
			name = "services/" + serviceSID + "/" + name
		}
		out[name] = &fstest.MapFile{Data: []byte(text + "\n")}
	}
	return out
}
