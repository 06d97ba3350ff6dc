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
	first  bool // before a migration begins
}{
	{
		[]mapping.Code{mapping.CredentialSecret},
		"Enter the push credentials again.",
		"Their secrets cannot be read. migrate --credentials makes them from key files of yours; name them in the push settings of the new service.",
		false,
	},
	{
		[]mapping.Code{mapping.WebhookPayload, mapping.EventWebhook, mapping.WebhookEventUnknown, mapping.WebhookMethod},
		"Make the receivers of callbacks ready for Conversations.",
		"Names of events and of parameters are others, and one URL receives every event: where single events had URLs of their own, something has to dispatch.",
		false,
	},
	{
		[]mapping.Code{mapping.WebhookEventAccount},
		"Select the events that only the account's own callbacks have.",
		"They are in the Console under Conversations, Manage, Global webhooks.",
		false,
	},
	{
		[]mapping.Code{mapping.ServiceLimits, mapping.MembersOverLimit},
		"Look at the limits of the new service.",
		"A migration raises them as far as its channels need, and Twilio admits, through Chat v2; Conversations has no field for them.",
		false,
	},
	{
		[]mapping.Code{mapping.ServiceSetting, mapping.TemplateVariable, mapping.NotificationInvite},
		"Look through the settings and push templates of the new service.",
		"Some have no counterpart, or say something else.",
		false,
	},
	{
		[]mapping.Code{mapping.ChannelPublic, mapping.ChannelType},
		"Let the application add people to what were public channels.",
		"Every conversation is private: nobody finds it, and nobody joins by themselves.",
		false,
	},
	{
		[]mapping.Code{mapping.InviteLost},
		"Add those who have an open invite, or ask them again.",
		"Conversations has no invites: whoever may add participants adds them.",
		false,
	},
	{
		[]mapping.Code{mapping.PermissionInvite},
		"Decide who adds people in place of the roles that could invite them.",
		"Conversations has no permission to invite; the one to add participants does more.",
		false,
	},
	{
		[]mapping.Code{mapping.Media},
		"Copy the files that are still needed.",
		"Files of messages are not copied. Fetch them from Chat v1 before it is closed.",
		true,
	},
	{
		[]mapping.Code{mapping.RoleMissing, mapping.RoleScope, mapping.RoleEmpty, mapping.RoleType, mapping.PermissionUnknown},
		"Look through the roles of the new service, and who has them.",
		"Where a role could not be carried the default role took its place.",
		false,
	},
	{
		[]mapping.Code{mapping.IdentityEmpty, mapping.IdentityTooLong, mapping.IdentityReserved, mapping.IdentitySID},
		"Give new identities to users whose own are refused.",
		"A file of old and new identities is taken with --identities.",
		true,
	},
	{
		[]mapping.Code{mapping.UserChannels},
		"Take users out of conversations that they do not need.",
		"They are in more than Conversations admits, and the last ones are refused.",
		true,
	},
}

// decisions are the choices that are still to be made: each keeps something from
// being carried.
func decisions(findings []migrate.FindingCount) steps {
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
	return all
}

// handwork is what findings ask of a person that no setting can do.
func handwork(findings []migrate.FindingCount) steps {
	return slices.Concat(work(findings, true), work(findings, false))
}

// work is the part of it that comes first, or the rest.
func work(findings []migrate.FindingCount, first bool) steps {
	var all steps
	for _, one := range byHand {
		if one.first != first {
			continue
		}
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
