package twilio

import chatv1 "github.com/twilio/twilio-go/rest/chat/v1"

// Page sizes of v1: the most that it takes, but for messages, of which a page is
// held in memory with everything that was fetched for it.
const (
	servicePage = 100
	messagePage = 100
	chatPage    = 1000
)

// chatV1 are the requests of Chat v1.
type chatV1 struct{}

var _ requests = chatV1{}

func chatV1API(c *call) *chatv1.ApiService { return chatv1.NewApiServiceWithClient(c) }

func (chatV1) services(c *call) error {
	params := (&chatv1.ListServiceParams{}).SetPageSize(servicePage)
	_, err := chatV1API(c).PageService(params, "", "")
	return err
}

func (chatV1) service(c *call, service string) error {
	_, err := chatV1API(c).FetchService(service)
	return err
}

func (chatV1) credentials(c *call) error {
	params := (&chatv1.ListCredentialParams{}).SetPageSize(chatPage)
	_, err := chatV1API(c).PageCredential(params, "", "")
	return err
}

func (chatV1) roles(c *call, service string) error {
	params := (&chatv1.ListRoleParams{}).SetPageSize(chatPage)
	_, err := chatV1API(c).PageRole(service, params, "", "")
	return err
}

func (chatV1) role(c *call, service, role string) error {
	_, err := chatV1API(c).FetchRole(service, role)
	return err
}

func (chatV1) users(c *call, service string) error {
	params := (&chatv1.ListUserParams{}).SetPageSize(chatPage)
	_, err := chatV1API(c).PageUser(service, params, "", "")
	return err
}

func (chatV1) user(c *call, service, user string) error {
	_, err := chatV1API(c).FetchUser(service, user)
	return err
}

func (chatV1) userChannels(c *call, service, user string) error {
	params := (&chatv1.ListUserChannelParams{}).SetPageSize(chatPage)
	_, err := chatV1API(c).PageUserChannel(service, user, params, "", "")
	return err
}

func (chatV1) channels(c *call, service string, types []string) error {
	params := (&chatv1.ListChannelParams{}).SetPageSize(chatPage).SetType(types)
	_, err := chatV1API(c).PageChannel(service, params, "", "")
	return err
}

func (chatV1) channel(c *call, service, channel string) error {
	_, err := chatV1API(c).FetchChannel(service, channel)
	return err
}

func (chatV1) members(c *call, service, channel string) error {
	params := (&chatv1.ListMemberParams{}).SetPageSize(chatPage)
	_, err := chatV1API(c).PageMember(service, channel, params, "", "")
	return err
}

func (chatV1) member(c *call, service, channel, member string) error {
	_, err := chatV1API(c).FetchMember(service, channel, member)
	return err
}

func (chatV1) invites(c *call, service, channel string) error {
	params := (&chatv1.ListInviteParams{}).SetPageSize(chatPage)
	_, err := chatV1API(c).PageInvite(service, channel, params, "", "")
	return err
}

func (chatV1) messages(c *call, service, channel, order string, size int) error {
	params := (&chatv1.ListMessageParams{}).SetPageSize(size).SetOrder(order)
	_, err := chatV1API(c).PageMessage(service, channel, params, "", "")
	return err
}

func (chatV1) messagePages() (whole, listed int) { return messagePage, chatPage }

func (chatV1) message(c *call, service, channel, message string) error {
	_, err := chatV1API(c).FetchMessage(service, channel, message)
	return err
}
