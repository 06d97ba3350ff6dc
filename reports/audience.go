package reports

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// audience is who notices that something was not carried unchanged.
type audience int

const (
	people    audience = iota // who are in the chats: what they see, or can do, is other than it was
	operators                 // who run the service: something is to be done again
	nobody                    // it is kept elsewhere, or nothing shows it
)

// audiences has every code, so that a new one is thought about.
var audiences = map[mapping.Code]audience{
	mapping.AttributesUnknown: people, mapping.AttributesNotJSON: people, mapping.AttributesNotObject: people, mapping.AttributesTooLarge: people,
	mapping.StampKeyTaken: operators, mapping.StampReplaced: nobody, mapping.StampShortened: nobody, mapping.StampOmitted: operators,
	mapping.Unreadable: people, mapping.NotShown: operators, mapping.TextInvalid: people,
	mapping.CountsDiffer: nobody, mapping.HorizonBeyond: nobody,
	mapping.IdentityEmpty: people, mapping.IdentityTooLong: people, mapping.IdentityReserved: people, mapping.IdentitySID: people, mapping.IdentityTaken: people,
	mapping.UserTwice: operators, mapping.UserWasThere: operators, mapping.UserShared: operators, mapping.MemberTwice: nobody, mapping.MemberDormant: people, mapping.MemberWasThere: operators,
	mapping.UserMissing: nobody, mapping.UserDate: nobody, mapping.UserChannels: people, mapping.MemberRefused: people, mapping.UserChannelStatus: people,
	mapping.NameTooLong: people, mapping.Unnamed: nobody, mapping.UniqueNameTooLong: operators, mapping.UniqueNameSID: operators, mapping.UniqueNameTaken: operators,
	mapping.DateMissing: people, mapping.DatePrecision: nobody, mapping.UnknownField: operators,
	mapping.RoleType: operators, mapping.RoleDate: nobody, mapping.RoleEmpty: people, mapping.RoleMissing: people, mapping.RoleScope: people,
	mapping.RoleWasThere: operators, mapping.RoleShared: operators, mapping.RoleRenamed: operators, mapping.RoleLate: operators,
	mapping.PermissionInvite: people, mapping.PermissionUnknown: people,
	mapping.FlexService: operators, mapping.FlexSign: nobody,
	mapping.ServiceDate: nobody, mapping.ServiceLate: operators, mapping.ServiceSetting: operators, mapping.ServiceLimits: operators,
	mapping.EventWebhook: operators, mapping.WebhookPayload: operators, mapping.WebhookMethod: operators,
	mapping.WebhookEventUnknown: operators, mapping.WebhookEventAccount: operators,
	mapping.ChannelWebhook: operators, mapping.WebhookEventScope: operators, mapping.WebhookUnfit: operators, mapping.BindingLost: people,
	mapping.NotificationInvite: people, mapping.TemplateVariable: people,
	mapping.ChannelPublic: people, mapping.SightLost: people, mapping.ChannelType: people, mapping.CreatedBy: nobody,
	mapping.MembersOverDefault: nobody, mapping.MembersOverLimit: people,
	mapping.HorizonLost: people, mapping.HorizonKept: nobody,
	mapping.AuthorMissing: people, mapping.AuthorTooLong: people, mapping.BodyEmpty: people, mapping.BodyTooLong: people, mapping.Media: people,
	mapping.MediaMissing: people, mapping.MediaMore: people, mapping.MediaLikely: people,
	mapping.LastUpdatedBy: nobody, mapping.StoredOtherwise: people, mapping.MessageThere: nobody, mapping.MessageDeleted: people,
	mapping.MessageAltered: people, mapping.MessageCopy: people, mapping.MessageRefused: people, mapping.MessageLeftOut: people, mapping.MessageStays: operators,
	mapping.VersionOnly: operators, mapping.VersionsDiffer: operators,
	mapping.InviteLost: people, mapping.CredentialSecret: operators,
}

// dateCodes are of resources whose dates nothing shows.
var dateCodes = []mapping.Code{mapping.RoleDate, mapping.UserDate, mapping.ServiceDate}

// ranked are findings by who notices them: a line for each that stops a channel or
// that people notice, one sentence for all others.
type ranked []migrate.FindingCount

func (r ranked) of(a audience) (all []migrate.FindingCount) {
	for _, f := range r {
		if f.Severity != mapping.Stop && audiences[f.Code] == a {
			all = append(all, f)
		}
	}
	return all
}

func (r ranked) stops() (all []migrate.FindingCount) {
	for _, f := range r {
		if f.Severity == mapping.Stop {
			all = append(all, f)
		}
	}
	return all
}

func (r ranked) text(w *bufio.Writer) {
	lines(w, "Stops its channel until a policy decides:", r.stops())
	lines(w, "People in the chats notice:", r.of(people))
	sentenceOf(w, "Operators have to look at: ", r.of(operators))
	sentenceOf(w, "Nobody notices: ", r.of(nobody))
}

func lines(w *bufio.Writer, title string, all []migrate.FindingCount) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(w, "  %s\n", title)
	code, number := 0, 0
	for _, f := range all {
		code, number = max(code, len(f.Code)), max(number, len(Number(f.Count)))
	}
	for _, f := range all {
		line := fmt.Sprintf("    %-*s  %*s  %s", code, f.Code, number, Number(f.Count), meanings[f.Code])
		fmt.Fprintln(w, text.Snip(line, textWidth, "…"))
	}
}

func sentenceOf(w *bufio.Writer, title string, all []migrate.FindingCount) {
	if len(all) == 0 {
		return
	}
	var parts []string
	var dates int64
	for _, f := range all {
		if slices.Contains(dateCodes, f.Code) {
			dates += f.Count
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %s", f.Code, Number(f.Count)))
	}
	if dates > 0 {
		parts = append(parts, "dates of roles, users, services "+Number(dates))
	}
	fmt.Fprintln(w, indent(text.WrapSoft(title+strings.Join(parts, ", ")+".", textWidth-2)))
}
