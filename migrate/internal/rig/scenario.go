package rig

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"
)

// Scenario is a workspace and how a run goes about it. All of it follows from a
// seed.
type Scenario struct {
	Channels []ChannelPlan
	Users    int

	Concurrency int
	Settle      time.Duration // longer than a late commit takes
}

// ChannelPlan is one channel and what is odd about it.
type ChannelPlan struct {
	Unique   bool
	Public   bool
	Members  []int // numbers of users
	Read     []int // beside Members: message read last; -1 for none
	Messages []MsgPlan
}

type MsgPlan struct {
	Author int  // number of a user, member or not
	Gap    bool // the message before it was deleted
	Twin   bool // author, body, attributes and date are those of the message before
	Same   bool // only the date is
	Edited bool
	Body   string

	Attributes string // empty for what its place in the channel gives
	File       int    // bytes of its file, at least 1; 0 for none
}

// Kill ends a run at a request: the process is gone before it is sent, or
// after it took effect and before the answer arrives.
type Kill struct {
	Write int           // the how many-th write of that run
	After bool          // its effect
	Late  time.Duration // after the end of that run, when it reaches the target all the same; 0: it never does
	Cut   bool          // the run is told to stop at once, and can still save
}

func Scenarios() *rapid.Generator[Scenario] {
	return rapid.Custom(func(t *rapid.T) Scenario {
		s := Scenario{
			Users:       rapid.IntRange(1, 6).Draw(t, "users"),
			Concurrency: rapid.IntRange(1, 6).Draw(t, "concurrency"),
			Settle:      rapid.SampledFrom([]time.Duration{6 * time.Second, 10 * time.Second}).Draw(t, "settle"),
		}
		for range rapid.IntRange(1, 4).Draw(t, "channels") {
			s.Channels = append(s.Channels, channels(s.Users).Draw(t, "channel"))
		}
		return s
	})
}

func channels(users int) *rapid.Generator[ChannelPlan] {
	return rapid.Custom(func(t *rapid.T) ChannelPlan {
		c := ChannelPlan{
			Unique: rapid.Bool().Draw(t, "unique"),
			Public: rapid.Bool().Draw(t, "public"),
		}
		n := rapid.SampledFrom([]int{0, 1, 3, 20, 60}).Draw(t, "messages")
		for i := range n {
			odd := rapid.IntRange(0, 9).Draw(t, "odd")
			c.Messages = append(c.Messages, MsgPlan{
				Author: rapid.IntRange(0, users).Draw(t, "author"),
				Gap:    odd == 0,
				Twin:   i > 0 && (odd == 1 || odd == 2),
				Same:   i > 0 && odd == 3,
				Edited: odd == 4,
				Body:   rapid.SampledFrom([]string{"yes", "ok", "on my way", "☕️ שלום", "line\nbreak"}).Draw(t, "body"),
			})
		}
		for u := range users {
			if rapid.Bool().Draw(t, "member") {
				c.Members = append(c.Members, u)
				c.Read = append(c.Read, rapid.IntRange(-1, max(0, 2*n)).Draw(t, "read"))
			}
		}
		return c
	})
}

// ScenarioStart is when the first channel was made. It lies before the year
// 2000, where synctest's clock begins.
var ScenarioStart = time.Date(1999, 3, 1, 9, 0, 0, 0, time.UTC)

const ScenarioService = "IS00000000000000000000000000000001"

func SidOf(prefix string, n int) string { return fmt.Sprintf("%s%032x", prefix, n+1) }

// Archive writes the source workspace of a scenario.
func (s Scenario) Archive() fs.FS {
	out := fstest.MapFS{}
	put := func(name string, lines ...map[string]any) {
		var b bytes.Buffer
		for _, l := range lines {
			raw, err := json.Marshal(l)
			if err != nil {
				panic(err)
			}
			b.Write(raw)
			b.WriteByte('\n')
		}
		out[name] = &fstest.MapFile{Data: b.Bytes(), Mode: 0o600}
	}
	const account = "AC00000000000000000000000000000001"
	start := ScenarioStart
	stamp := func(at time.Time) string { return at.Format(time.RFC3339) }
	dir := "services/" + ScenarioService + "/"
	put("manifest.json", map[string]any{"schema_version": 1, "account_sid": account, "source_api": "v1", "created_at": stamp(start)})
	put(dir+"service.json", map[string]any{
		"sid": ScenarioService, "account_sid": account, "friendly_name": "scenario",
		"default_channel_role_sid": SidOf("RL", 1), "default_service_role_sid": SidOf("RL", 0),
		"notifications":    map[string]any{"new_message": map[string]any{"enabled": true, "template": "${USER}: ${MESSAGE}"}},
		"post_webhook_url": "https://example.com/hook", "webhook_method": "POST", "webhook_filters": []string{"onMessageSent"},
		"date_created": stamp(start), "date_updated": stamp(start),
	})
	role := func(n int, kind, name string, permissions ...string) map[string]any {
		return map[string]any{"sid": SidOf("RL", n), "service_sid": ScenarioService, "friendly_name": name, "type": kind, "permissions": permissions, "date_created": stamp(start), "date_updated": stamp(start)}
	}
	put(dir+"roles.jsonl",
		role(0, "deployment", "Service User", "createChannel", "joinChannel"),
		role(1, "channel", "Channel User", "sendMessage", "leaveChannel"),
		role(2, "channel", "Reader", "leaveChannel"))
	joined := map[int]int{}
	for _, c := range s.Channels {
		for _, u := range c.Members {
			joined[u]++
		}
	}
	var users []map[string]any
	for u := range s.Users {
		users = append(users, map[string]any{
			"sid": SidOf("US", u), "service_sid": ScenarioService, "identity": IdentityOf(u), "friendly_name": fmt.Sprint("User ", u),
			"attributes": fmt.Sprintf(`{"n":%d}`, u), "role_sid": SidOf("RL", 0), "date_created": stamp(start), "date_updated": stamp(start),
			"joined_channels_count": joined[u],
		})
	}
	put(dir+"users.jsonl", users...)
	var all []map[string]any
	for n, c := range s.Channels {
		sid := SidOf("CH", n)
		at := start.Add(time.Duration(n) * time.Hour)
		messages := c.messages(sid, n, at)
		put(dir+"channels/"+sid+"/messages.jsonl", messages...)
		put(dir+"channels/"+sid+"/members.jsonl", c.members(sid, n, at, messages)...)
		kind := "private"
		if c.Public {
			kind = "public"
		}
		channel := map[string]any{
			"sid": sid, "service_sid": ScenarioService, "friendly_name": fmt.Sprint("Channel ", n), "type": kind, "created_by": IdentityOf(0),
			"attributes": `{"big":9007199254740993}`, "members_count": len(c.Members), "messages_count": len(messages),
			"date_created": stamp(at), "date_updated": stamp(at.Add(48 * time.Hour)),
		}
		if c.Unique {
			channel["unique_name"] = fmt.Sprint("channel-", n)
		}
		all = append(all, channel)
	}
	put(dir+"channels.jsonl", all...)
	return out
}

func IdentityOf(u int) string {
	if u%2 == 0 {
		return fmt.Sprintf("user%d@example.com", u)
	}
	return fmt.Sprintf("user/%d?x#y", u)
}

func (c ChannelPlan) messages(sid string, n int, at time.Time) []map[string]any {
	var all []map[string]any
	index := int64(0)
	for i, m := range c.Messages {
		if m.Gap {
			index += 2
		}
		one := map[string]any{
			"sid": SidOf("IM", n*1000+i), "channel_sid": sid, "to": sid, "service_sid": ScenarioService, "index": index,
			"from": IdentityOf(m.Author), "body": m.Body, "attributes": "{}", "was_edited": m.Edited,
			"date_created": at.Format(time.RFC3339), "date_updated": at.Format(time.RFC3339),
		}
		if i%3 == 0 {
			one["attributes"] = fmt.Sprintf(`{"i":%d}`, i%5)
		}
		if m.Attributes != "" {
			one["attributes"] = m.Attributes
		}
		if m.File > 0 {
			one["type"] = "media"
			one["media"] = map[string]any{
				"sid": SidOf("ME", n*1000+i), "size": m.File, "content_type": "image/png", "filename": fmt.Sprintf("file %d.png", i),
			}
		}
		if m.Edited {
			one["date_updated"] = at.Add(time.Minute).Format(time.RFC3339)
		}
		if m.Twin {
			for _, k := range []string{"from", "body", "attributes", "date_created", "date_updated", "was_edited"} {
				one[k] = all[i-1][k]
			}
			if file, has := all[i-1]["media"].(map[string]any); has {
				one["type"], one["media"] = "media", maps.Clone(file)
				one["media"].(map[string]any)["sid"] = SidOf("ME", n*1000+i)
			}
		} else if m.Same {
			one["date_created"] = all[i-1]["date_created"]
		}
		all = append(all, one)
		index++
		at = at.Add(37 * time.Second)
	}
	return all
}

func (c ChannelPlan) members(sid string, n int, at time.Time, messages []map[string]any) []map[string]any {
	var all []map[string]any
	for i, u := range c.Members {
		one := map[string]any{
			"sid": SidOf("MB", n*1000+u), "channel_sid": sid, "service_sid": ScenarioService, "identity": IdentityOf(u), "role_sid": SidOf("RL", 1+u%2),
			"date_created": at.Format(time.RFC3339), "date_updated": at.Add(time.Hour).Format(time.RFC3339),
		}
		if c.Read[i] >= 0 {
			one["last_consumed_message_index"] = c.Read[i]
			one["last_consumption_timestamp"] = at.Add(time.Hour).Format(time.RFC3339)
		}
		all = append(all, one)
	}
	return all
}
