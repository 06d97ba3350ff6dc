package torture

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"chatbridge/migrate/emulator"
)

// outside says what is wrong with a conversation, but for what is in it.
func outside(channel emulator.TrueChannel, room emulator.TrueConversation) (all []string) {
	var want struct {
		Name       string    `json:"friendly_name"`
		UniqueName string    `json:"unique_name"`
		Attributes string    `json:"attributes"`
		Created    time.Time `json:"date_created"`
	}
	if err := json.Unmarshal(channel.Raw, &want); err != nil {
		panic(err) // the harness wrote it
	}
	for _, of := range []struct{ what, want, have string }{
		{"the name", want.Name, room.Name},
		{"the unique name", want.UniqueName, room.UniqueName},
		{"attributes", canonical(want.Attributes), unstamped(room.Attributes)},
		{"the date", want.Created.UTC().String(), room.Created.String()},
	} {
		if of.want != of.have {
			all = append(all, fmt.Sprintf("%s: %s of %s is %q, want %q", room.SID, of.what, channel.SID, of.have, of.want))
		}
	}
	return all
}

// unstamped is attributes without the stamp.
func unstamped(attributes string) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(attributes), &fields) != nil {
		return attributes
	}
	delete(fields, "chatbridge")
	raw, err := json.Marshal(fields)
	if err != nil {
		return attributes
	}
	return canonical(string(raw))
}

// settings says what is wrong with a service, but for what is in its
// conversations.
func settings(end emulator.Truth, serviceSID string) (all []string) {
	at := slices.IndexFunc(end.Services, func(s emulator.TrueService) bool { return s.SID == serviceSID })
	s := end.Services[at]
	if !s.PushOn {
		all = append(all, fmt.Sprintf("push notifications of %s are off", s.SID))
	}
	if s.WebhookURL == "" {
		all = append(all, fmt.Sprintf("webhooks of %s are off", s.SID))
	}
	for _, raw := range end.Users {
		var want struct {
			Identity   string `json:"identity"`
			Name       string `json:"friendly_name"`
			Attributes string `json:"attributes"`
		}
		if err := json.Unmarshal(raw, &want); err != nil {
			panic(err)
		}
		if !slices.ContainsFunc(s.Users, func(u emulator.TrueUser) bool {
			return u.Identity == want.Identity && u.Name == want.Name && canonical(u.Attributes) == canonical(want.Attributes)
		}) {
			all = append(all, fmt.Sprintf("user %s of %s is missing or otherwise", want.Identity, s.SID))
		}
	}
	return all
}
