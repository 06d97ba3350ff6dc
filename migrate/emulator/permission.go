package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// Permission is one action on one resource, as a restricted API key has it or has it
// not. Twilio's policies name products, resources and actions too
// (/twilio/messaging/messages/read); which of them there are for Chat, Conversations
// and media no document says.
type Permission struct {
	Host Host
	// Resource is the collections of its address, such as Channels/Members. That of
	// the service is left out, but for the service itself and its configuration.
	Resource string
	Action   string // list, read, create, update or delete
}

// String is of fmt.Stringer.
func (p Permission) String() string { return string(p.Host) + " " + p.Resource + ": " + p.Action }

// settled is the collection that is one resource, and has no key.
const settled = "Configuration"

// Permission is what the exchange needs.
func (x *Exchange) Permission() Permission {
	var nouns []string
	keyed := false
	for i := 1; i < len(x.Path); i++ {
		keyed = slices.Contains(nouns, settled)
		if nouns = append(nouns, x.Path[i]); x.Path[i] != settled && !keyed {
			i++
			keyed = i < len(x.Path)
		} else {
			keyed = true
		}
	}
	p := Permission{Host: x.Host}
	if len(nouns) > 1 && nouns[0] == "Services" && nouns[1] != settled {
		nouns = nouns[1:]
	}
	p.Resource = strings.Join(nouns, "/")
	switch {
	case x.Method == http.MethodDelete:
		p.Action = "delete"
	case x.Write() && keyed:
		p.Action = "update"
	case x.Write():
		p.Action = "create"
	case keyed:
		p.Action = "read"
	default:
		p.Action = "list"
	}
	return p
}

// Denial is how a key is refused that lacks a permission.
type Denial struct{ Status, Code int }

// Denials that were seen. Twilio's changelog calls such a request "unauthorized".
var (
	Restricted   = Denial{http.StatusForbidden, 70051}
	Unauthorized = Denial{http.StatusUnauthorized, 20003}
	Forbidden    = Denial{http.StatusForbidden, 20003}
)

// permit refuses what the key of an exchange may not do.
func (h *host) permit(x *Exchange) error {
	may, denial := h.emulator.config.KeyMay, h.emulator.config.KeyDenial
	if may == nil || !x.key || may(x.Permission()) {
		return nil
	}
	if denial == (Denial{}) {
		denial = Restricted
	}
	return refuse(denial.Status, denial.Code, "Authorization Error: Invalid permissions")
}
