package sourcetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing/fstest"

	"chatbridge/migrate"
)

// World is a workspace in which each thing that a Source could get wrong occurs:
// two services, one of them empty; public and private channels, more of them
// than a page takes; a channel without anything in it; one that is longer than
// a page, with gaps between its indexes and equal messages; attributes that are
// set, unset and empty; people in several channels, and in none; files of messages:
// an empty one, one without a name, one that takes many reads.
type World struct {
	services    []service
	credentials []record
}

// record is a resource as a single fetch returns it.
type record map[string]any

type service struct {
	record       record
	roles        []record
	users        []record
	userChannels []record
	channels     []channel
	bindings     []record
	files        []file
}

// file is one that a message names.
type file struct {
	migrate.Media
	content []byte
}

type channel struct {
	record                     record
	members, messages, invites []record
	webhooks                   []record
}

const (
	account   = "AC00000000000000000000000000000001"
	date      = "2019-03-04T08:00:00Z"
	longRoom  = 1
	emptyRoom = 2
	fileRoom  = 3
	rooms     = 130
)

func sid(prefix string, n int) string { return fmt.Sprintf("%s%032x", prefix, n) }

// Invent makes the world, which is always the same.
func Invent() World {
	desk := service{record: resource("IS", 1, record{"friendly_name": "Desk", "limits": record{}, "webhooks": record{}, "notifications": record{}})}
	for n, kind := range []string{"deployment", "channel", "channel"} {
		desk.roles = append(desk.roles, resource("RL", n, record{"friendly_name": fmt.Sprintf("role %d", n), "type": kind, "permissions": []string{"sendMessage"}}))
	}
	for n, attributes := range []string{`{"team": 7}`, "{}", `{"exact": 12345678901234567890}`, `{"a": " "}`} {
		desk.users = append(desk.users, resource("US", n, record{
			"identity": identity(n), "friendly_name": fmt.Sprintf("Person %d", n), "attributes": attributes, "role_sid": sid("RL", 0),
		}))
	}
	desk.files = inventFiles()
	for n := range rooms {
		desk.channels = append(desk.channels, room(n))
	}
	for n := range 3 {
		for _, c := range []int{0, longRoom} {
			desk.userChannels = append(desk.userChannels, record{
				"account_sid": account, "service_sid": sid("IS", 1), "channel_sid": sid("CH", c), "user_sid": sid("US", n),
				"member_sid": sid("MB", c<<8+n), "status": "joined", "last_consumed_message_index": nil, "unread_messages_count": nil,
				"notification_level": "default",
			})
		}
	}
	desk.bindings = []record{resource("BS", 1, record{
		"identity": identity(1), "binding_type": "fcm", "endpoint": "token", "credential_sid": sid("CR", 1), "message_types": []string{"new_message"}, "links": record{},
	})}
	bare := service{record: resource("IS", 2, record{"friendly_name": "Bare", "limits": record{}, "webhooks": record{}, "notifications": record{}})}
	return World{
		services:    []service{desk, bare},
		credentials: []record{resource("CR", 1, record{"friendly_name": "phones", "type": "fcm", "sandbox": "False"})},
	}
}

func identity(n int) string { return fmt.Sprintf("person+%d/a?b#c@example.com", n) }

func room(n int) channel {
	kind, attributes := "public", "{}"
	if n%3 == 1 {
		kind, attributes = "private", fmt.Sprintf(`{"room": %d}`, n)
	}
	var c channel
	switch n {
	case 0:
		c = channel{members: people(n), messages: said(n, 3)}
	case longRoom:
		c = channel{members: people(n), messages: said(n, 250)}
		c.invites = []record{in(n, resource("IN", 1, record{"identity": identity(3), "role_sid": sid("RL", 1), "created_by": identity(0)}))}
	}
	if n == longRoom {
		for i := range 5 {
			c.webhooks = append(c.webhooks, in(n, resource("WH", i, record{"type": "webhook", "configuration": record{
				"url": "https://example.com/hook", "method": "POST", "filters": []string{"onMessageSent"}, "retry_count": i % 4,
			}})))
		}
	}
	if n == fileRoom {
		c.messages = said(n, len(inventFiles()))
		for i, f := range inventFiles() {
			c.messages[i]["body"], c.messages[i]["type"] = nil, "media"
			c.messages[i]["media"] = record{"sid": f.SID, "size": f.Size, "content_type": f.ContentType, "filename": f.Filename}
		}
	}
	c.record = resource("CH", n, record{
		"friendly_name": "Room", "unique_name": fmt.Sprintf("room-%d", n), "type": kind, "attributes": attributes,
		"created_by": "system", "members_count": len(c.members), "messages_count": len(c.messages),
	})
	return c
}

func people(room int) (all []record) {
	for n := range 3 {
		m := record{"identity": identity(n), "role_sid": sid("RL", 1), "last_consumed_message_index": nil, "last_consumption_timestamp": nil}
		if n > 0 {
			m["last_consumed_message_index"], m["last_consumption_timestamp"] = n-1, date
		}
		all = append(all, in(room, resource("MB", room<<8+n, m)))
	}
	return all
}

// said are messages whose indexes have gaps, of which some say the same and
// some have attributes.
func said(room, many int) (all []record) {
	index := 0
	for n := range many {
		attributes := "{}"
		if n%7 == 0 {
			attributes = fmt.Sprintf(`{"n": %d}`, n)
		}
		all = append(all, in(room, resource("IM", room<<16+n, record{
			"to": sid("CH", room), "from": identity(n % 3), "body": fmt.Sprintf("said %d", n/2), "attributes": attributes,
			"index": index, "was_edited": false,
		})))
		index++
		if n%5 == 4 {
			index += 2
		}
	}
	return all
}

func in(room int, r record) record {
	r["channel_sid"] = sid("CH", room)
	return r
}

// resource adds what every resource has.
func resource(prefix string, n int, r record) record {
	maps.Copy(r, record{"sid": sid(prefix, n), "account_sid": account, "date_created": date, "date_updated": date})
	if prefix != "IS" && prefix != "CR" {
		r["service_sid"] = sid("IS", 1)
	}
	return r
}

// inventFiles are the files of messages, with the longest last.
func inventFiles() (all []file) {
	for n, m := range []migrate.Media{
		{Size: 0, ContentType: "text/plain", Filename: "empty.txt"},
		{Size: 1, ContentType: "application/octet-stream"},
		{Size: 300_001, ContentType: "image/png", Filename: "a \"lamp\", ¾ grün/😀.png"},
	} {
		m.SID = sid("ME", n+1)
		content := make([]byte, m.Size)
		for i := range content {
			content[i] = byte(i*i>>8 + i + n)
		}
		all = append(all, file{m, content})
	}
	return all
}

// LongFile is the file that takes many reads.
func (w World) LongFile() (serviceSID, mediaSID string) {
	files := w.services[0].files
	return sid("IS", 1), files[len(files)-1].SID
}

// Long is the channel that is longer than a page.
func (w World) Long() (serviceSID, channelSID string) { return sid("IS", 1), sid("CH", longRoom) }

// Files lays the world out as an archive.
func (w World) Files() fstest.MapFS {
	files := fstest.MapFS{}
	put := func(name string, all ...record) {
		var text []byte
		for _, r := range all {
			raw, err := json.Marshal(r)
			if err != nil {
				panic("sourcetest: encode world: " + err.Error()) // maps of plain values
			}
			text = append(append(text, raw...), '\n')
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	put("manifest.json", record{"schema_version": 1, "account_sid": account, "source_api": "v1"})
	put("credentials.jsonl", w.credentials...)
	for _, s := range w.services {
		at := "services/" + s.record["sid"].(string) + "/"
		put(at+"service.json", s.record)
		put(at+"roles.jsonl", s.roles...)
		put(at+"users.jsonl", s.users...)
		put(at+"user_channels.jsonl", s.userChannels...)
		put(at+"bindings.jsonl", s.bindings...)
		var listed []record
		for _, f := range s.files {
			listed = append(listed, record{"sid": f.SID, "size": f.Size, "content_type": f.ContentType, "filename": f.Filename})
			files[at+"files/"+f.SID] = &fstest.MapFile{Data: f.content}
		}
		if len(listed) > 0 {
			put(at+"files.jsonl", listed...)
		}
		var channels []record
		for _, c := range s.channels {
			channels = append(channels, c.record)
			of := at + "channels/" + c.record["sid"].(string) + "/"
			put(of+"members.jsonl", c.members...)
			put(of+"messages.jsonl", c.messages...)
			put(of+"invites.jsonl", c.invites...)
			put(of+"webhooks.jsonl", c.webhooks...)
		}
		put(at+"channels.jsonl", channels...)
	}
	return files
}

// fieldOf are the values of one field of records.
func fieldOf[T any](records []record, name string) (all []T) {
	for _, r := range records {
		all = append(all, r[name].(T))
	}
	return all
}
