package twilio

import chatv2 "github.com/twilio/twilio-go/rest/chat/v2"

// Page sizes of v2: the most that it takes.
const (
	chat2Page        = 100
	userChannel2Page = 50
	credential2Page  = 1000
	webhook2Page     = 5
	binding2Page     = 50
)

// chatV2 are the requests of Chat v2.
type chatV2 struct{}

var (
	_ requests      = chatV2{}
	_ newerRequests = chatV2{}
)

func chatV2API(c *call) *chatv2.ApiService { return chatv2.NewApiServiceWithClient(c) }

func (chatV2) services(c *call) error {
	params := (&chatv2.ListServiceParams{}).SetPageSize(chat2Page)
	_, err := chatV2API(c).PageService(params, "", "")
	return err
}

func (chatV2) service(c *call, service string) error {
	_, err := chatV2API(c).FetchService(service)
	return err
}

func (chatV2) credentials(c *call) error {
	params := (&chatv2.ListCredentialParams{}).SetPageSize(credential2Page)
	_, err := chatV2API(c).PageCredential(params, "", "")
	return err
}

func (chatV2) roles(c *call, service string) error {
	params := (&chatv2.ListRoleParams{}).SetPageSize(chat2Page)
	_, err := chatV2API(c).PageRole(service, params, "", "")
	return err
}

func (chatV2) role(c *call, service, role string) error {
	_, err := chatV2API(c).FetchRole(service, role)
	return err
}

func (chatV2) users(c *call, service string) error {
	params := (&chatv2.ListUserParams{}).SetPageSize(chat2Page)
	_, err := chatV2API(c).PageUser(service, params, "", "")
	return err
}

func (chatV2) user(c *call, service, user string) error {
	_, err := chatV2API(c).FetchUser(service, user)
	return err
}

func (chatV2) userChannels(c *call, service, user string) error {
	params := (&chatv2.ListUserChannelParams{}).SetPageSize(userChannel2Page)
	_, err := chatV2API(c).PageUserChannel(service, user, params, "", "")
	return err
}

func (chatV2) channels(c *call, service string, types []string) error {
	params := (&chatv2.ListChannelParams{}).SetPageSize(chat2Page).SetType(types)
	_, err := chatV2API(c).PageChannel(service, params, "", "")
	return err
}

func (chatV2) channel(c *call, service, channel string) error {
	_, err := chatV2API(c).FetchChannel(service, channel)
	return err
}

func (chatV2) members(c *call, service, channel string) error {
	params := (&chatv2.ListMemberParams{}).SetPageSize(chat2Page)
	_, err := chatV2API(c).PageMember(service, channel, params, "", "")
	return err
}

func (chatV2) member(c *call, service, channel, member string) error {
	_, err := chatV2API(c).FetchMember(service, channel, member)
	return err
}

func (chatV2) invites(c *call, service, channel string) error {
	params := (&chatv2.ListInviteParams{}).SetPageSize(chat2Page)
	_, err := chatV2API(c).PageInvite(service, channel, params, "", "")
	return err
}

func (chatV2) messages(c *call, service, channel, order string, size int) error {
	params := (&chatv2.ListMessageParams{}).SetPageSize(size).SetOrder(order)
	_, err := chatV2API(c).PageMessage(service, channel, params, "", "")
	return err
}

func (chatV2) messagePages() (whole, listed int) { return chat2Page, chat2Page }

func (chatV2) message(c *call, service, channel, message string) error {
	_, err := chatV2API(c).FetchMessage(service, channel, message)
	return err
}

func (chatV2) webhooks(c *call, service, channel string) error {
	params := (&chatv2.ListChannelWebhookParams{}).SetPageSize(webhook2Page)
	_, err := chatV2API(c).PageChannelWebhook(service, channel, params, "", "")
	return err
}

func (chatV2) bindings(c *call, service string) error {
	params := (&chatv2.ListBindingParams{}).SetPageSize(binding2Page)
	_, err := chatV2API(c).PageBinding(service, params, "", "")
	return err
}
