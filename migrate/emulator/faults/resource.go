package faults

import (
	"strings"

	"chatbridge/migrate/emulator"
)

// collections are the singular of each plural in paths.
var collections = map[string]string{
	"services": "service", "roles": "role", "users": "user", "credentials": "credential",
	"channels": "channel", "members": "member", "invites": "invite",
	"accounts": "account", "media": file, "conversations": "conversation", "participants": "participant", "messages": "message",
}

// What a media host has is one word in the plural and in the singular: the file is
// what metadata tells of it, its content the bytes.
const (
	file    = "file"
	content = "content"
)

// settings are resources that exist once.
var settings = map[string]bool{"configuration": true, "notifications": true, "webhooks": true}

// resource names what an exchange is about. one says that it is a single
// resource, not a collection.
func resource(x *emulator.Exchange) (name string, one bool) {
	n := len(x.Path)
	if n == 0 {
		return "", true
	}
	if x.Host == emulator.MediaHost && x.Path[0] != "v1" {
		return content, true
	}
	last := strings.TrimSuffix(strings.ToLower(x.Path[n-1]), ".json") // which the API host has
	// Behind the version, collections and keys take turns, until settings.
	if n >= 2 && (settings[last] && (n%2 == 0 || strings.EqualFold(x.Path[n-2], "configuration"))) {
		return last, true
	}
	if n%2 == 0 {
		return last, false
	}
	return collections[strings.ToLower(x.Path[n-2])], true
}

func knownResource(name string) bool {
	if name == "*" || name == content || settings[name] || collections[name] != "" {
		return true
	}
	for _, singular := range collections {
		if name == singular {
			return true
		}
	}
	return false
}
