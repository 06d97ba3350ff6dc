package emulator

// accountSettings are the defaults of the target account.
type accountSettings struct {
	defaultService            string
	inactiveTimer, closeTimer string
}

type accountView struct {
	AccountSID              string            `json:"account_sid"`
	DefaultChatServiceSID   *string           `json:"default_chat_service_sid"`
	DefaultMessagingService *string           `json:"default_messaging_service_sid"`
	DefaultInactiveTimer    *string           `json:"default_inactive_timer"`
	DefaultClosedTimer      *string           `json:"default_closed_timer"`
	URL                     string            `json:"url"`
	Links                   map[string]string `json:"links"`
}

func (t *target) fetchAccount(x *Exchange) (Reply, error) {
	self := x.url("Configuration")
	return ok(accountView{
		AccountSID:            t.account,
		DefaultChatServiceSID: optional(t.settings.defaultService),
		DefaultInactiveTimer:  optional(t.settings.inactiveTimer),
		DefaultClosedTimer:    optional(t.settings.closeTimer),
		URL:                   self,
		Links:                 map[string]string{"service": self, "webhooks": self + "/Webhooks"},
	})
}

func (t *target) updateAccount(x *Exchange) (Reply, error) {
	f := form{values: x.Form}
	next := t.settings
	f.some("DefaultChatServiceSid", "DefaultMessagingServiceSid", "DefaultInactiveTimer", "DefaultClosedTimer")
	f.text("DefaultChatServiceSid", &next.defaultService, len("IS")+32, 20001)
	f.timer("DefaultInactiveTimer", &next.inactiveTimer, inactiveTimer)
	f.timer("DefaultClosedTimer", &next.closeTimer, closedTimer)
	if f.err != nil {
		return Reply{}, f.err
	}
	if _, found := t.services.find(next.defaultService); !found && next.defaultService != "" {
		return Reply{}, notFound("Service", next.defaultService)
	}
	t.settings = next
	return t.fetchAccount(x)
}
