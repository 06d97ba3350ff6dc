package mapping

import (
	"strings"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// Chat's defaults of settings that Conversations has no parameter for. A
// service that has the default chose nothing, so nothing is lost.
const (
	defaultTypingTimeout  = 5 // seconds
	defaultChannelMembers = 100
	defaultUserChannels   = 250
)

// Service maps a service itself; the rest of what Chat keeps on it is its
// Configuration.
func (m Mapper) Service(s chat.Service) (conversations.Service, []Finding) {
	n := m.notes(s.SID, "")
	out := conversations.Service{FriendlyName: n.requiredName(s.FriendlyName, maxName)}
	n.dates(ServiceDate, s.DateCreated, s.DateUpdated)
	n.versions(s.Versions)
	n.unknownFields("service", s.Raw)
	return out, n.found
}

// Configuration maps the settings of a service. They are as they should be when
// a migration is over: while one runs, pushes and callbacks must be off.
func (m Mapper) Configuration(s chat.Service, roles Roles) (conversations.Configuration, []Finding) {
	n := m.notes(s.SID, "")
	out := conversations.Configuration{
		DefaultChatServiceRoleSID:         n.role(roles, s.DefaultServiceRoleSID, chat.ServiceRole, "default_service_role_sid"),
		DefaultConversationRoleSID:        n.role(roles, s.DefaultChannelRoleSID, chat.ChannelRole, "default_channel_role_sid"),
		DefaultConversationCreatorRoleSID: n.role(roles, s.DefaultChannelCreatorRoleSID, chat.ChannelRole, "default_channel_creator_role_sid"),
		ReachabilityEnabled:               yes(s.ReachabilityEnabled),
		Notifications:                     n.notifications(s.Notifications),
		Webhooks:                          n.webhooks(s),
	}
	n.settings(s)
	return out, n.found
}

// settings notes what a service chose and Conversations has no parameter for.
func (n *notes) settings(s chat.Service) {
	if s.ReadStatusEnabled != nil && !*s.ReadStatusEnabled {
		n.add(ServiceSetting, "read_status_enabled", "false")
	}
	n.setting("typing_indicator_timeout", s.TypingIndicatorTimeout, defaultTypingTimeout)
	n.setting("consumption_report_interval", s.ConsumptionReportInterval, 0)
	n.setting("pre_webhook_retry_count", s.PreWebhookRetryCount, 0)
	n.setting("post_webhook_retry_count", s.PostWebhookRetryCount, 0)
	if s.Media != nil && s.Media.CompatibilityMessage != "" {
		n.add(ServiceSetting, "media.compatibility_message", "%d bytes", len(s.Media.CompatibilityMessage))
	}
	if l := s.Limits.ChannelMembers; l != nil && *l != defaultChannelMembers {
		n.add(ServiceLimits, "limits.channel_members", "%d; a new service has %d", *l, defaultChannelMembers)
	}
	if l := s.Limits.UserChannels; l != nil && *l != defaultUserChannels {
		n.add(ServiceLimits, "limits.user_channels", "%d; Chat's default is %d", *l, defaultUserChannels)
	}
}

func (n *notes) setting(field string, value *int64, byDefault int64) {
	if value != nil && *value != byDefault {
		n.add(ServiceSetting, field, "%d", *value)
	}
}

func yes(b *bool) bool { return b != nil && *b }

// notifications maps the push configuration.
func (n *notes) notifications(c chat.Notifications) conversations.Notifications {
	if i := c.InvitedToChannel; i != nil && (yes(i.Enabled) || orEmpty(i.Template) != "" || orEmpty(i.Sound) != "") {
		n.add(NotificationInvite, "notifications.invited_to_channel", "enabled: %t", yes(i.Enabled))
	}
	out := conversations.Notifications{
		LogEnabled:              yes(c.LogEnabled),
		NewMessage:              n.notification(c.NewMessage, "new_message"),
		AddedToConversation:     n.notification(c.AddedToChannel, "added_to_channel"),
		RemovedFromConversation: n.notification(c.RemovedFromChannel, "removed_from_channel"),
	}
	out.NewMessage.BadgeCountEnabled = c.NewMessage != nil && yes(c.NewMessage.BadgeCountEnabled)
	return out
}

func (n *notes) notification(c *chat.Notification, event string) conversations.Notification {
	if c == nil {
		return conversations.Notification{}
	}
	return conversations.Notification{
		Enabled:  yes(c.Enabled),
		Template: n.template(n.text(orEmpty(c.Template), "notifications."+event+".template"), "notifications."+event+".template"),
		Sound:    n.text(orEmpty(c.Sound), "notifications."+event+".sound"),
	}
}

// variables of push templates. The SID of the user becomes that of the
// participant, which is another value, so it is noted.
var variables = map[string]string{
	"CHANNEL":               "CONVERSATION",
	"CHANNEL_FRIENDLY_NAME": "CONVERSATION_FRIENDLY_NAME",
	"CHANNEL_SID":           "CONVERSATION_SID",
	"CHANNEL_UNIQUE_NAME":   "CONVERSATION_UNIQUE_NAME",
	"USER":                  "PARTICIPANT",
	"USER_FRIENDLY_NAME":    "PARTICIPANT_FRIENDLY_NAME",
	"USER_IDENTITY":         "PARTICIPANT_IDENTITY",
	"USER_SID":              "PARTICIPANT_SID",
	"MESSAGE":               "MESSAGE",
}

// template translates ${VARIABLES}; those it does not know stay and are noted.
func (n *notes) template(from, field string) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(from, "${")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			out.WriteString("${" + rest)
			return out.String()
		}
		to, known := variables[name]
		if !known || name == "USER_SID" {
			n.add(TemplateVariable, field, "${%s}", name)
		}
		if !known {
			to = name
		}
		out.WriteString("${" + to + "}")
		from = after
	}
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
