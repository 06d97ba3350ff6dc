package reports

import (
	"fmt"
	"slices"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// byHand is what a person has to do where mapping cannot. Codes that ask nothing
// of anybody have none.
var byHand = []struct {
	codes  []mapping.Code
	title  string
	detail string
}{
	{
		[]mapping.Code{mapping.CredentialSecret},
		"Enter the push credentials again.",
		"Their secrets cannot be read. Make a credential of the same kind in the target account, and name it in the push settings of the new service.",
	},
	{
		[]mapping.Code{mapping.WebhookPayload, mapping.EventWebhook, mapping.WebhookEventUnknown, mapping.WebhookMethod},
		"Make the receivers of callbacks ready for Conversations.",
		"Names of events and of parameters are others, and one URL receives every event.",
	},
	{
		[]mapping.Code{mapping.WebhookEventAccount},
		"Select the events that only the account's own callbacks have.",
		"They are in the Console under Conversations, Manage, Global webhooks.",
	},
	{
		[]mapping.Code{mapping.ServiceLimits, mapping.MembersOverDefault, mapping.MembersOverLimit},
		"Set the limits of the new service.",
		"Conversations has no field for them; a request to Chat v2 for the same service SID has.",
	},
	{
		[]mapping.Code{mapping.ServiceSetting, mapping.TemplateVariable, mapping.NotificationInvite},
		"Look through the settings and push templates of the new service.",
		"Some have no counterpart, or say something else.",
	},
	{
		[]mapping.Code{mapping.ChannelPublic, mapping.ChannelType},
		"Let the application add people to what were public channels.",
		"Every conversation is private: nobody finds it, and nobody joins by themselves.",
	},
	{
		[]mapping.Code{mapping.InviteLost, mapping.PermissionInvite},
		"Add those who have an open invite, or ask them again.",
		"Conversations has no invites: whoever may add participants adds them.",
	},
	{
		[]mapping.Code{mapping.Media},
		"Copy the files that are still needed.",
		"Files of messages are not copied. Fetch them from Chat v1 before it is closed.",
	},
	{
		[]mapping.Code{mapping.RoleMissing, mapping.RoleScope, mapping.RoleEmpty, mapping.RoleType, mapping.PermissionUnknown},
		"Look through the roles of the new service, and who has them.",
		"Where a role could not be carried the default role took its place.",
	},
	{
		[]mapping.Code{mapping.IdentityEmpty, mapping.IdentityTooLong, mapping.IdentityReserved, mapping.IdentitySID},
		"Give new identities to users whose own are refused.",
		"A file of old and new identities is taken with --identities.",
	},
	{
		[]mapping.Code{mapping.UserChannels},
		"Take users out of conversations that they do not need.",
		"They are in more than Conversations admits, and the last ones were refused.",
	},
}

// handwork lists what findings ask of a person: first the choices that keep
// something from being carried, then what no setting can do.
func handwork(findings []migrate.FindingCount) steps {
	var all steps
	for _, f := range findings {
		if f.Severity != mapping.Stop {
			continue
		}
		s := step{
			Title:  fmt.Sprintf("Decide about %s, found %s.", f.Code, count(f.Count, "time", "times")),
			Detail: sentence(meanings[f.Code]) + " Run again with one of:",
		}
		for _, choice := range choices[f.Code] {
			if choice.Severity != mapping.Stop {
				s.Commands = append(s.Commands, fmt.Sprintf("--policy %s=%s    # %s", f.Code, choice.Choice, choice.Meaning))
			}
		}
		if len(s.Commands) > 0 {
			all = append(all, s)
		}
	}
	for _, one := range byHand {
		var n int64
		for _, f := range findings {
			if slices.Contains(one.codes, f.Code) && f.Severity != mapping.Stop {
				n += f.Count
			}
		}
		if n > 0 {
			all = append(all, step{Title: one.title, Detail: one.detail + " Found " + count(n, "time", "times") + "."})
		}
	}
	return all
}
