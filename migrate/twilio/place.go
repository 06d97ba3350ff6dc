package twilio

import (
	"fmt"
	"regexp"
	"strings"
)

// DefaultRegion is where Twilio keeps what belongs to no other region.
const DefaultRegion = "us1"

// Place says where in the world an account is asked: the region that keeps its data,
// and the edge by which requests enter Twilio's network. Each region has data and
// credentials of its own. The zero value is the default of both.
type Place struct {
	Region string // such as ie1
	Edge   string // such as dublin; without a Region, that of DefaultRegion
}

// ChatURL is scheme and host of Chat.
func (p Place) ChatURL() string { return p.url("chat") }

// ConversationsURL is scheme and host of Conversations.
func (p Place) ConversationsURL() string { return p.url("conversations") }

// MediaURL is scheme and host of the media service. It has a region always, and no
// edge.
func (p Place) MediaURL() string { return Place{Region: p.Home()}.url("mcs") }

// EventsURL is scheme and host of Event Streams.
func (p Place) EventsURL() string { return p.url("events") }

// APIURL is scheme and host of the API host, which knows of accounts.
func (p Place) APIURL() string { return p.url("api") }

// Home is the region that keeps the data, which is never empty.
func (p Place) Home() string {
	if p.Region == "" {
		return DefaultRegion
	}
	return p.Region
}

// owns reports whether an address is one of the place's.
func (p Place) owns(url string) bool {
	return url == p.ChatURL() || url == p.ConversationsURL() || url == p.MediaURL() || url == p.APIURL()
}

// url follows Twilio's own libraries: product[.edge][.region].twilio.com.
func (p Place) url(product string) string {
	parts := []string{product}
	if p.Edge != "" {
		parts = append(parts, p.Edge, p.Home())
	} else if p.Region != "" {
		parts = append(parts, p.Region)
	}
	return "https://" + strings.Join(parts, ".") + ".twilio.com"
}

// placeName is a label of a host name: anything else would name another host.
var placeName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Check refuses names that are no part of a host name, with Kind Usage.
func (p Place) Check() error {
	for _, n := range []struct{ what, name, example string }{{"region", p.Region, "ie1"}, {"edge", p.Edge, "dublin"}} {
		if n.name != "" && !placeName.MatchString(n.name) {
			return unusable(fmt.Errorf("%s %q is not made of small letters, digits and hyphens", n.what, displayed(n.name)), "write it as Twilio does, such as "+n.example)
		}
	}
	return nil
}
