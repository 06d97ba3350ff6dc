package mapping

import "slices"

// Codes is the table of everything that mapping can report: each code with its
// severity, its meaning, and what a policy can choose. The rows are grouped by
// what they are about.
func Codes() []Rule {
	all := slices.Clone(rules)
	for i := range all {
		all[i].Choices = slices.Clone(all[i].Choices)
	}
	return all
}

var rules = slices.Concat(attributeRules, peopleRules, nameRules, roleRules, serviceRules, channelRules, messageRules)

var ruleOf = func() map[Code]Rule {
	of := make(map[Code]Rule, len(rules))
	for _, r := range rules {
		of[r.Code] = r
	}
	return of
}()

func always(c Code, s Severity, meaning string) Rule {
	return Rule{Code: c, Severity: s, Meaning: meaning}
}

// choice makes a rule whose first option is the default.
func choice(c Code, meaning string, options ...Option) Rule {
	return Rule{Code: c, Severity: options[0].Severity, Meaning: meaning, Choices: options, Default: options[0].Choice}
}

// stopLane is the first option wherever something that a person wrote would
// change.
var stopLane = Option{doStop, Stop, "stop the channel and say so"}

var attributeRules = []Rule{
	choice(AttributesUnknown, "the attributes were not shown, so what they hold is not known",
		stopLane,
		Option{doDrop, Loss, "go on without attributes"}),
	choice(AttributesNotJSON, "the attributes are not JSON, which Conversations refuses",
		stopLane,
		Option{doWrap, Info, "keep the text as a string under the key " + wrapKey},
		Option{doDrop, Loss, "go on without attributes"}),
	choice(AttributesNotObject, "the attributes are JSON and not an object",
		stopLane,
		Option{doWrap, Info, "keep the value under the key " + wrapKey},
		Option{doDrop, Loss, "go on without attributes"},
		Option{doKeep, Info, "send them as they are; the target may refuse"}),
	choice(AttributesTooLarge, "the attributes have more bytes than fit",
		stopLane,
		Option{doDrop, Loss, "go on without attributes"}),
	choice(StampKeyTaken, "the attributes have a key "+StampKey+" of their own",
		stopLane,
		Option{doOverwrite, Loss, "replace it by the stamp"},
		Option{doNoStamp, Info, "keep it and leave this conversation without stamp"}),
	always(StampReplaced, Info, "the channel bears the stamp of an earlier migration, which is replaced"),
	always(StampShortened, Loss, "the attributes leave room for a stamp with the SIDs alone"),
	always(StampOmitted, Loss, "the attributes leave no place for a stamp"),
}

var peopleRules = []Rule{
	choice(IdentityEmpty, "there is no identity", stopLane, leaveOut),
	choice(IdentityTooLong, "the identity has more characters than fit; a new one can be given", stopLane, leaveOut),
	choice(IdentityReserved, "the identity is reserved; a new one can be given", stopLane, leaveOut),
	choice(IdentitySID, "the identity is shaped like the SID of a user; a new one can be given", stopLane, leaveOut),
	choice(IdentityTaken, "--identities gives the identity to somebody else, and nobody gives this person a new one",
		stopLane,
		Option{doMerge, Loss, "let two people become one, for good"}),
	always(UserTwice, Skip, "another user of the service has the same identity; the one that is listed first counts"),
	choice(UserWasThere, "the target has that user, and other values than the source: somebody else made it, or changed it under another ledger",
		Option{doKeep, Loss, "leave the user as they are"},
		Option{doReplace, Info, "bring the user to what the source says; undo gives the old values back"},
		Option{doStop, Stop, "stop at this user and say so"}),
	always(UserShared, Loss, "another service that goes into the same target brought the user over otherwise, and wins"),
	always(MemberTwice, Skip, "the person is a member of the channel twice; the member that is listed first counts"),
	choice(MemberWasThere, "somebody changed the member in the target since a migration under another ledger brought them there",
		Option{doKeep, Loss, "leave the member as they are there"},
		Option{doReplace, Info, "bring the member to what the source says"},
		Option{doStop, Stop, "stop the channel and say so"}),
	always(MemberDormant, Skip, "the member was not active since --active-since"),
	always(UserMissing, Info, "the user of a member is gone; one is made from the identity alone"),
	always(UserDate, Loss, "when a user was made and changed cannot be set"),
	always(UserChannels, Loss, "the user is in more channels than Conversations admits; the last ones will be refused"),
	always(UserChannelStatus, Loss, "the user is neither a member of the channel nor invited, or has an unknown notification level there"),
}

var leaveOut = Option{doSkip, Skip, "leave this user, or this member, out"}

var nameRules = []Rule{
	choice(TextInvalid, "the text holds half a surrogate pair, or bytes that are not UTF-8, which are no characters",
		stopLane,
		Option{doReplace, Loss, "put U+FFFD in the place of each; in an identity their numbers follow, so that two people stay two"}),
	choice(NameTooLong, "the friendly name has more characters than fit",
		stopLane,
		Option{doTruncate, Loss, "cut it to what fits"}),
	always(Unnamed, Info, "a friendly name is required and there is none; the source SID takes its place"),
	choice(UniqueNameTooLong, "the unique name has more characters than fit",
		stopLane,
		Option{doDrop, Loss, "go on without unique name"}),
	choice(UniqueNameSID, "the unique name is shaped like the SID of a conversation, which is refused",
		stopLane,
		Option{doDrop, Loss, "go on without unique name"}),
	choice(UniqueNameTaken, "another conversation of the target has the unique name",
		stopLane,
		Option{doDrop, Loss, "go on without unique name"}),
	always(DateMissing, Loss, "there is no date of creation; a message takes that of the message before it, the first one that of its channel, and anything else that of the migration"),
	always(DatePrecision, Info, "the date is cut to the second"),
	always(UnknownField, Loss, "the source has a field that this version does not know"),
}

var roleRules = []Rule{
	always(RoleType, Skip, "the type of the role is unknown"),
	always(RoleDate, Loss, "when a role was made and changed cannot be set"),
	choice(RoleEmpty, "none of the permissions is left, and Conversations wants one",
		Option{doMinimal, Loss, "give it " + leastPermission + " alone, so that nobody gains power"},
		Option{doSkip, Skip, "leave the role out; who had it gets the default role"},
		Option{doStop, Stop, "stop and say so"}),
	always(RoleMissing, Loss, "the role that is referred to does not exist or was not carried; the default role takes its place"),
	always(RoleScope, Loss, "the role that is referred to is of the wrong type; the default role takes its place"),
	choice(RoleWasThere, "the target has a role of that type and name, and other permissions than the source: somebody else made it",
		Option{doKeep, Loss, "leave the role as it is; who has it in the source gets it"},
		Option{doReplace, Info, "bring the role to what the source says; undo gives the old permissions back"},
		Option{doStop, Stop, "stop before anything is written into the service, and say so"}),
	always(RoleShared, Loss, "another service that goes into the same target brought the role over otherwise, and wins"),
	always(RoleRenamed, Info, "the source has two roles of that type and name, and the target refuses the second, which gets a number"),
	always(RoleLate, Info, "a create without an answer took effect late, so that the target has the role twice; undo deletes both"),
	choice(PermissionInvite, "Conversations has no invites, hence no permission inviteMember",
		Option{doDrop, Loss, "leave the permission out"},
		Option{doAddParticipant, Info, "give addParticipant, which can do more"}),
	choice(PermissionUnknown, "Conversations has no permission that corresponds",
		Option{doDrop, Loss, "leave the permission out"},
		Option{doKeep, Info, "send the name as it is; the target may refuse the role"}),
}

var serviceRules = []Rule{
	always(ServiceDate, Loss, "when a service was made and changed cannot be set"),
	always(ServiceLate, Info, "a create without an answer took effect late, so that the target may have the service twice; delete the one that is named in the Twilio Console, if nothing is in it"),
	always(ServiceSetting, Loss, "the setting has no counterpart in Conversations"),
	always(ServiceLimits, Loss, "the limit cannot be set through Conversations; Chat v2 can set it on the new service"),
	always(EventWebhook, Loss, "Conversations has no callback for a single event; one URL must dispatch"),
	always(WebhookPayload, Info, "the callbacks will receive the parameter and event names of Conversations"),
	always(WebhookMethod, Loss, "the method of the callbacks is neither GET nor POST; POST takes its place"),
	always(WebhookEventUnknown, Loss, "Conversations has no event that corresponds; it is left out"),
	always(WebhookEventAccount, Loss, "only the account's own callbacks can select this event; it is left out"),
	always(NotificationInvite, Loss, "Conversations has no invites, hence no push for one"),
	always(TemplateVariable, Loss, "the push template has a variable that Conversations does not fill, or fills differently"),
}

var channelRules = []Rule{
	always(ChannelPublic, Loss, "the channel is public; every conversation is private"),
	always(ChannelType, Loss, "the type of the channel is unknown; every conversation is private"),
	always(CreatedBy, Loss, "who made the channel has no field; the stamp keeps it, where there is one"),
	always(MembersOverDefault, Info, "more members than a new service admits; its limit must be raised first"),
	choice(MembersOverLimit, "more members than any service admits",
		stopLane,
		Option{doTry, Loss, "go on; the last ones will be refused"}),
	always(HorizonLost, Loss, "no message at or below the read horizon was carried"),
	always(HorizonKept, Info, "the person has read further in the target; a read horizon never moves back"),
}

var skipMessage = Option{doSkip, Skip, "leave the message out"}

var messageRules = []Rule{
	always(AuthorMissing, Loss, "the message has no author; "+systemAuthor+" takes the place"),
	choice(AuthorTooLong, "the author has more characters than fit; a new identity can be given",
		stopLane,
		Option{doTruncate, Loss, "cut it to what fits"},
		skipMessage),
	choice(BodyEmpty, "the body is empty or blank, which Conversations refuses without media",
		stopLane,
		Option{doSpace, Info, "send a single space"},
		Option{doPlaceholder, Info, "send " + emptyPlaceholder},
		skipMessage),
	choice(BodyTooLong, "the body has more bytes than fit",
		stopLane,
		Option{doTruncate, Loss, "cut it to what fits"},
		skipMessage),
	choice(Media, "the message has a file, which is not copied",
		stopLane,
		Option{doPlaceholder, Loss, "send the text; where there is none, name, type and size of the file"},
		skipMessage),
	always(LastUpdatedBy, Loss, "who edited the message last has no field"),
	choice(StoredOtherwise, "the target stored something else than was sent",
		Option{doStop, Stop, "stop what it belongs to (a channel or a user; for a role, its service) and say so, in every run; it stays as it was stored"},
		Option{doKeep, Loss, "go on; what was stored counts"}),
	choice(MessageThere, "somebody else wrote the same message into the target, with author and date",
		Option{doKeep, Info, "leave it there and do not write it again"},
		Option{doAppend, Info, "write it again"},
		Option{doStop, Stop, "stop the channel and say so"}),
	always(MessageDeleted, Loss, "the message was brought over and deleted in the target since; it is not written again"),
	always(MessageAltered, Info, "a message of the target is dated before its conversation was made and is not as the source has it: it was changed, or deleted in the source since; it stays"),
	always(MessageCopy, Info, "a message of the target may be a copy of one that was brought over; nobody can tell, so it stays"),
	choice(MessageRefused, "the target refuses the message for a reason that no other policy is about",
		stopLane,
		Option{doPlaceholder, Loss, "send " + refusedPlaceholder + " in its place"},
		skipMessage),
	choice(InviteLost, "Conversations has no invites",
		Option{doSkip, Skip, "list it and leave it out"},
		Option{doAdd, Info, "add the invited person as a participant, who is not asked"}),
	always(Unreadable, Skip, "the source shows a record that is not as Chat documents it, or a list that ends early; the channel, or the user, that it belongs to is not carried"),
	always(CountsDiffer, Info, "the source counts other than its lists show, read twice; a counter may count what was deleted"),
	always(HorizonBeyond, Info, "a member has read further than the messages go; newer ones were deleted, or are not shown"),
	always(NotShown, Loss, "the key may not read it, so nobody knows whether there is any; what there is is not carried"),
	always(CredentialSecret, Skip, "the secrets of a push credential cannot be read; it must be entered again"),
}
