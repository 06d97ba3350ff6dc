package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// Sizes of the small workspace. Every channel has as many messages as the
// others, so that a conversation that holds all of its own can be told.
const (
	smallService  = "IS00000000000000000000000000000001"
	smallChannels = 3
	smallMembers  = 2  // of each channel, and of no other
	smallMessages = 12 // of each channel
)

func smallSID(prefix string, n int) string { return fmt.Sprintf("%s%032x", prefix, n+1) }

// smallWorkspace is a workspace that makes a migration do every kind of write,
// several times where there can be several.
func smallWorkspace(t testing.TB) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	put := func(name string, lines ...map[string]any) {
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		for _, l := range lines {
			l["date_created"], l["date_updated"] = "2019-03-01T09:00:00Z", "2019-03-02T09:00:00Z"
			require.NoError(t, encoder.Encode(l))
		}
		files[name] = &fstest.MapFile{Data: b.Bytes(), Mode: 0o600}
	}
	root := "services/" + smallService + "/"
	put("manifest.json", map[string]any{"schema_version": 1, "account_sid": "AC00000000000000000000000000000001", "source_api": "v1", "created_at": "2020-01-01T00:00:00Z"})
	put(root+"service.json", map[string]any{
		"sid": smallService, "friendly_name": "small", "default_service_role_sid": smallSID("RL", 0), "default_channel_role_sid": smallSID("RL", 2),
		"notifications":    map[string]any{"new_message": map[string]any{"enabled": true, "template": "${USER}: ${MESSAGE}"}},
		"post_webhook_url": "https://example.com/hook", "webhook_method": "POST", "webhook_filters": []string{"onMessageSent"},
	})
	var roles []map[string]any
	for n, kind := range []string{"deployment", "deployment", "channel", "channel"} {
		roles = append(roles, map[string]any{
			"sid": smallSID("RL", n), "service_sid": smallService, "friendly_name": fmt.Sprint("role ", n), "type": kind,
			"permissions": map[string][]string{"deployment": {"createChannel", "joinChannel"}, "channel": {"sendMessage", "leaveChannel"}}[kind],
		})
	}
	put(root+"roles.jsonl", roles...)
	var users, channels []map[string]any
	for c := range smallChannels {
		channel := smallSID("CH", c)
		var members, messages []map[string]any
		for m := range smallMembers {
			n := c*smallMembers + m
			identity := fmt.Sprintf("person%d@example.com", n)
			users = append(users, map[string]any{
				"sid": smallSID("US", n), "service_sid": smallService, "identity": identity, "friendly_name": identity, "attributes": "{}", "role_sid": smallSID("RL", 1),
			})
			members = append(members, map[string]any{
				"sid": smallSID("MB", n), "channel_sid": channel, "service_sid": smallService, "identity": identity, "role_sid": smallSID("RL", 3),
				"last_consumed_message_index": 5 + m, "last_consumption_timestamp": "2019-03-01T12:00:00Z",
			})
		}
		for m := range smallMessages {
			messages = append(messages, map[string]any{
				"sid": smallSID("IM", 100*c+m), "channel_sid": channel, "to": channel, "service_sid": smallService, "index": m,
				"from": members[m%smallMembers]["identity"], "body": "yes", "attributes": "{}",
			})
		}
		put(root+"channels/"+channel+"/members.jsonl", members...)
		put(root+"channels/"+channel+"/messages.jsonl", messages...)
		channels = append(channels, map[string]any{
			"sid": channel, "service_sid": smallService, "unique_name": fmt.Sprint("channel-", c), "friendly_name": fmt.Sprint("Channel ", c), "type": "private",
			"created_by": members[0]["identity"], "attributes": "{}", "members_count": smallMembers, "messages_count": smallMessages,
		})
	}
	put(root+"users.jsonl", append(users, map[string]any{
		"sid": smallSID("US", 99), "service_sid": smallService, "identity": "nobody", "attributes": "{}", "role_sid": smallSID("RL", 1),
	})...)
	put(root+"channels.jsonl", channels...)
	return files
}
