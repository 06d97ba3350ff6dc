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
		"Their secrets cannot be read. migrate --credentials makes them from your key files; then select them in the push settings of the new service.",
		false,
	},
	{
		[]mapping.Code{mapping.WebhookPayload, mapping.EventWebhook, mapping.WebhookEventUnknown, mapping.WebhookMethod},
		"Prepare the receivers of callbacks for Conversations.",
		"Events and parameters have other names, and one URL receives every event. If single events had their own URLs, route them behind that one.",
		false,
	},
	{
		[]mapping.Code{mapping.ChannelWebhook, mapping.WebhookEventScope, mapping.WebhookUnfit},
		"Make the webhooks of channels that are still needed.",
		"--policy channel-webhook=carry makes those that Conversations has a counterpart for; receivers get its names of events and parameters.",
		false,
	},
	{
		[]mapping.Code{mapping.WebhookEventAccount},
		"Select the events that only the account's own callbacks have.",
		"In the Twilio Console: Conversations, Manage, Global webhooks.",
		false,
	},
	{
		[]mapping.Code{mapping.ServiceLimits, mapping.MembersOverLimit},
		"Check the limits of the new service.",
		"A migration raises them through Chat v2, as far as its channels need and Twilio allows; Conversations has no field for them.",
		false,
	},
	{
		[]mapping.Code{mapping.ServiceSetting, mapping.TemplateVariable, mapping.NotificationInvite},
		"Check the settings and push templates of the new service.",
		"Some have no counterpart, or mean something else.",
		false,
	},
	{
		[]mapping.Code{mapping.ChannelPublic, mapping.ChannelType},
		"Let the application add people to formerly public channels.",
		"Every conversation is private: people cannot find it or join by themselves.",
		false,
	},
	{
		[]mapping.Code{mapping.InviteLost},
		"Add those who have an open invite, or ask them again.",
		"Conversations has no invites: somebody who may add participants has to add them.",
		false,
	},
	{
		[]mapping.Code{mapping.PermissionInvite},
		"Decide who adds people in place of the roles that could invite them.",
		"Conversations has no permission to invite; the permission to add participants allows more.",
		false,
	},
	{
		[]mapping.Code{mapping.Media, mapping.MediaMissing, mapping.MediaMore},
		"Fetch the files that are still needed.",
		"These messages arrive without a file, or without all of them. Chat keeps them until it is closed.",
		true,
	},
	{
		[]mapping.Code{mapping.MediaLikely},
		"Read the workspace through Chat v2, which shows files: chatbridge audit --source-api v2",
		"Chat v1 shows a text in place of a file, and nothing of the file.",
		true,
	},
	{
		[]mapping.Code{mapping.RoleMissing, mapping.RoleScope, mapping.RoleEmpty, mapping.RoleType, mapping.PermissionUnknown},
		"Check the roles of the new service, and who has them.",
		"If a role could not be carried, its people have the default role.",
		false,
	},
	{
		[]mapping.Code{mapping.IdentityEmpty, mapping.IdentityTooLong, mapping.IdentityReserved, mapping.IdentitySID},
		"Give new identities to users whose identities are refused.",
		"List old and new identities in a file, and name it with --identities.",
		true,
	},
	{
		[]mapping.Code{mapping.UserChannels},
		"Remove users from conversations that they do not need.",
		"They are in more than Conversations allows, and the last ones are refused.",
		true,
	},
	{
		[]mapping.Code{mapping.MemberRefused},
		"Look at who was left out of a conversation.",
		"A user may be in 1,000 conversations, and a conversation may have 1,000 participants. Make room, then run the migration again: it tries them again.",
		false,
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
