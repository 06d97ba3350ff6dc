package twilio

import "fmt"

// Versions of the Chat API that a Source can read.
const (
	APIv1 = "v1"
	APIv2 = "v2"
)

// requests are the reads of one version of Chat. Their arguments are path
// segments. A list is asked for its first page.
type requests interface {
	services(*call) error
	service(c *call, service string) error
	credentials(*call) error
	roles(c *call, service string) error
	role(c *call, service, role string) error
	users(c *call, service string) error
	user(c *call, service, user string) error
	userChannels(c *call, service, user string) error
	channels(c *call, service string, types []string) error
	channel(c *call, service, channel string) error
	members(c *call, service, channel string) error
	member(c *call, service, channel, member string) error
	invites(c *call, service, channel string) error
	messages(c *call, service, channel, order string, size int) error
	// messagePages are the sizes of a page of messages of which each is wanted
	// whole, and of one that is wanted as it is listed.
	messagePages() (whole, listed int)
	message(c *call, service, channel, message string) error
}

// newerRequests are those that v1 does not have.
type newerRequests interface {
	webhooks(c *call, service, channel string) error
	bindings(c *call, service string) error
}

func requestsOf(api string) (requests, error) {
	switch api {
	case APIv1:
		return chatV1{}, nil
	case APIv2:
		return chatV2{}, nil
	}
	return nil, unusable(fmt.Errorf("there is no Chat API %q", api), "name "+APIv1+" or "+APIv2)
}
