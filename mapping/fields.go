package mapping

import (
	"maps"
	"slices"
	"strings"

	"chatbridge/mapping/chat"
)

// Handling says what becomes of a field of the source.
type Handling string

// Handlings.
const (
	Carried     Handling = "carried"     // arrives as it is, or with a finding
	Transformed Handling = "transformed" // arrives in another form
	Reported    Handling = "reported"    // has no counterpart; a finding says so where it holds anything
	Derived     Handling = "derived"     // follows from the rest, or is the source's own address of it
)

// Fields says what becomes of every field that Chat v1 and v2 document for a
// resource: service, role, user, channel, member, message, invite, credential,
// user_channel, and of v2 alone channel_webhook and binding. Fields of objects inside are named with a dot. It is nil for
// any other name.
func Fields(resource string) map[string]Handling {
	return maps.Clone(fields[resource])
}

// V1Fields are the names of the fields that Chat v1 documents for a resource,
// sorted, without those of objects inside. It is nil for any other name.
func V1Fields(resource string) []string {
	var names []string
	for name := range fields[resource] {
		if !strings.Contains(name, ".") && name != chat.VersionsField && !slices.Contains(notInV1[resource], name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// notInV1 are the fields that only Chat v2 shows, and those of withCommon that
// a resource does not have in v1.
var notInV1 = map[string][]string{
	"service":      {"service_sid", "media", "pre_webhook_retry_count", "post_webhook_retry_count"},
	"role":         {"links"},
	"member":       {"attributes", "links"},
	"message":      {"type", "media", "more_media", "last_updated_by", "links"},
	"invite":       {"links"},
	"credential":   {"service_sid", "links"},
	"user_channel": {"sid", "url", "user_sid", "notification_level"},
}

// withCommon joins a resource's own fields with those that all have.
func withCommon(own map[string]Handling) map[string]Handling {
	for _, f := range []string{"sid", "account_sid", "service_sid", "url", "links"} {
		if own[f] == "" {
			own[f] = Derived
		}
	}
	return own
}

var fields = map[string]map[string]Handling{
	"service": withCommon(map[string]Handling{
		chat.VersionsField:                              Reported,
		"friendly_name":                                 Carried,
		"date_created":                                  Reported,
		"date_updated":                                  Reported,
		"default_service_role_sid":                      Transformed,
		"default_channel_role_sid":                      Transformed,
		"default_channel_creator_role_sid":              Transformed,
		"read_status_enabled":                           Reported,
		"reachability_enabled":                          Carried,
		"typing_indicator_timeout":                      Reported,
		"consumption_report_interval":                   Reported,
		"limits":                                        Reported,
		"limits.channel_members":                        Reported,
		"limits.user_channels":                          Reported,
		"limits.actions_per_second":                     Derived, // the same for every service
		"webhooks":                                      Reported,
		"pre_webhook_url":                               Carried,
		"post_webhook_url":                              Carried,
		"webhook_method":                                Carried,
		"webhook_filters":                               Transformed,
		"pre_webhook_retry_count":                       Reported,
		"post_webhook_retry_count":                      Reported,
		"notifications":                                 Transformed,
		"notifications.log_enabled":                     Carried,
		"notifications.new_message":                     Transformed,
		"notifications.new_message.enabled":             Carried,
		"notifications.new_message.template":            Transformed,
		"notifications.new_message.sound":               Carried,
		"notifications.new_message.badge_count_enabled": Carried,
		"notifications.added_to_channel":                Transformed,
		"notifications.added_to_channel.enabled":        Carried,
		"notifications.added_to_channel.template":       Transformed,
		"notifications.added_to_channel.sound":          Carried,
		"notifications.removed_from_channel":            Transformed,
		"notifications.removed_from_channel.enabled":    Carried,
		"notifications.removed_from_channel.template":   Transformed,
		"notifications.removed_from_channel.sound":      Carried,
		"notifications.invited_to_channel":              Reported,
		"notifications.invited_to_channel.enabled":      Reported,
		"notifications.invited_to_channel.template":     Reported,
		"notifications.invited_to_channel.sound":        Reported,
		"media":                                         Reported,
		"media.size_limit_mb":                           Derived, // the same for every service
		"media.compatibility_message":                   Reported,
	}),
	"role": withCommon(map[string]Handling{
		chat.VersionsField: Reported,
		"friendly_name":    Carried,
		"type":             Transformed,
		"permissions":      Transformed,
		"date_created":     Reported,
		"date_updated":     Reported,
	}),
	"user": withCommon(map[string]Handling{
		chat.VersionsField:      Reported,
		"identity":              Carried,
		"friendly_name":         Carried,
		"attributes":            Carried,
		"role_sid":              Transformed,
		"is_online":             Derived,
		"is_notifiable":         Derived,
		"joined_channels_count": Derived,
		"date_created":          Reported,
		"date_updated":          Reported,
	}),
	"channel": withCommon(map[string]Handling{
		chat.VersionsField: Reported,
		"friendly_name":    Carried,
		"unique_name":      Carried,
		"attributes":       Carried,
		"type":             Reported,
		"created_by":       Reported,
		"members_count":    Derived,
		"messages_count":   Derived,
		"date_created":     Carried,
		"date_updated":     Carried,
	}),
	"member": withCommon(map[string]Handling{
		chat.VersionsField:            Reported,
		"channel_sid":                 Derived,
		"identity":                    Carried,
		"role_sid":                    Transformed,
		"attributes":                  Carried,
		"last_consumed_message_index": Transformed,
		"last_consumption_timestamp":  Carried,
		"date_created":                Carried,
		"date_updated":                Carried,
	}),
	"message": withCommon(map[string]Handling{
		chat.VersionsField: Reported,
		"channel_sid":      Derived,
		"to":               Derived,
		"from":             Carried,
		"body":             Carried,
		"attributes":       Carried,
		"index":            Transformed, // into the order
		"was_edited":       Transformed, // into that there is a date_updated
		"date_created":     Carried,
		"date_updated":     Transformed,
		"type":             Derived, // from whether there is media
		"media":            Carried,
		"more_media":       Reported,
		"last_updated_by":  Reported,
	}),
	"invite": withCommon(map[string]Handling{
		"channel_sid":  Derived,
		"identity":     Reported,
		"role_sid":     Reported,
		"created_by":   Reported,
		"date_created": Reported,
		"date_updated": Reported,
	}),
	"credential": withCommon(map[string]Handling{
		"friendly_name": Reported,
		"type":          Reported,
		"sandbox":       Reported,
		"date_created":  Reported,
		"date_updated":  Reported,
	}),
	"channel_webhook": withCommon(map[string]Handling{
		"channel_sid":               Derived,
		"type":                      Carried,
		"configuration":             Transformed,
		"configuration.url":         Carried,
		"configuration.method":      Transformed,
		"configuration.filters":     Transformed,
		"configuration.triggers":    Carried,
		"configuration.flow_sid":    Carried,
		"configuration.retry_count": Reported,
		"date_created":              Derived, // no parameter sets one, and nobody sees it
		"date_updated":              Derived,
	}),
	"binding": withCommon(map[string]Handling{
		"identity":       Reported,
		"credential_sid": Reported,
		"binding_type":   Reported,
		"endpoint":       Reported,
		"message_types":  Reported,
		"date_created":   Reported,
		"date_updated":   Reported,
	}),
	"user_channel": withCommon(map[string]Handling{
		"channel_sid":                 Derived,
		"user_sid":                    Derived,
		"member_sid":                  Derived,
		"status":                      Reported, // where no member or invite says it
		"last_consumed_message_index": Derived,  // the member's
		"unread_messages_count":       Derived,
		"notification_level":          Carried,
	}),
}

// unknownFields notes fields that raw holds, not null, and Fields lacks. Objects
// are looked into where Fields names what is inside.
func (n *notes) unknownFields(resource string, raw []byte) {
	before := len(n.found)
	if !n.unknownWithin(fields[resource], "", raw) {
		n.found = n.found[:before] // it is no object, or not valid
	}
}

func (n *notes) unknownWithin(known map[string]Handling, path string, raw []byte) (whole bool) {
	o := chat.ObjectOf(raw)
	for p, ok := o.Next(); ok; p, ok = o.Next() {
		if string(p.Value) == "null" || path == "" && !p.Escaped && known[string(p.Key)] != "" && p.Value[0] != '{' {
			continue // nearly all are that
		}
		field := path + unquote(string(raw[p.Start:p.Start+len(p.Key)+2]))
		switch {
		case known[field] == "":
			n.add(UnknownField, field, "%d bytes", len(p.Value))
		case p.Value[0] == '{' && hasInside(known, field):
			n.unknownWithin(known, field+".", p.Value)
		}
	}
	return o.Whole()
}

func hasInside(known map[string]Handling, field string) bool {
	for name := range known {
		if strings.HasPrefix(name, field+".") {
			return true
		}
	}
	return false
}
