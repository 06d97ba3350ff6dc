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

var rules = slices.Concat(attributeRules, peopleRules, nameRules, roleRules, serviceRules, channelRules, messageRules, versionRules)

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
var stopLane = Option{doStop, Stop, "stop the channel and report it"}

var attributeRules = []Rule{
	choice(AttributesUnknown, "the attributes were not shown; their content is unknown",
		stopLane,
		Option{doDrop, Loss, "go on without attributes"}),
	choice(AttributesNotJSON, "the attributes are not JSON, which Conversations refuses",
		stopLane,
		Option{doWrap, Info, "keep the text as a string under the key " + wrapKey},
		Option{doDrop, Loss, "go on without attributes"}),
	choice(AttributesNotObject, "the attributes are JSON, but not an object",
		stopLane,
		Option{doWrap, Info, "keep the value under the key " + wrapKey},
		Option{doDrop, Loss, "go on without attributes"},
		Option{doKeep, Info, "send them as they are; the target may refuse"}),
	choice(AttributesTooLarge, "the attributes have too many bytes",
		stopLane,
		Option{doDrop, Loss, "go on without attributes"}),
	choice(StampKeyTaken, "the attributes already have a key "+StampKey+"",
		stopLane,
		Option{doOverwrite, Loss, "replace it with the stamp"},
		Option{doNoStamp, Info, "keep it, and give this conversation no stamp"}),
	always(StampReplaced, Info, "the stamp of an earlier migration is replaced"),
	always(StampShortened, Loss, "the attributes leave room only for a short stamp, with the SIDs alone"),
	always(StampOmitted, Loss, "the attributes leave no room for a stamp"),
}

var peopleRules = []Rule{
	choice(IdentityEmpty, "the identity is missing", stopLane, leaveOut),
	choice(IdentityTooLong, "the identity has too many characters; --identities can give a new one", stopLane, leaveOut),
	choice(IdentityReserved, "the identity is reserved; --identities can give a new one", stopLane, leaveOut),
	choice(IdentitySID, "the identity looks like a user SID; --identities can give a new one", stopLane, leaveOut),
	choice(IdentityTaken, "--identities gives this identity to somebody else, and this person no new one",
		stopLane,
		Option{doMerge, Loss, "let two people become one, permanently"}),
	always(UserTwice, Skip, "another user of the service has the same identity; the first in the list counts"),
	choice(UserWasThere, "the user exists in the target and differs: somebody else made it, or changed it since a migration with another ledger",
		Option{doKeep, Loss, "leave the user as they are"},
		Option{doReplace, Info, "give the user the values of the source; undo restores the old ones"},
		Option{doStop, Stop, "stop at this user and report it"}),
	always(UserShared, Loss, "another service with the same target brought the user over with other values, and wins"),
	always(MemberTwice, Skip, "the person is in the channel twice; the first in the list counts"),
	choice(MemberWasThere, "the member was changed in the target since a migration with another ledger",
		Option{doKeep, Loss, "leave the member as they are in the target"},
		Option{doReplace, Info, "give the member the values of the source"},
		Option{doStop, Stop, "stop the channel and report it"}),
	always(MemberDormant, Skip, "the member has not been active since --active-since"),
	always(UserMissing, Info, "the member's user is gone; a new one is made from the identity alone"),
	always(UserDate, Loss, "dates of creation and change of a user cannot be set"),
	always(UserChannels, Loss, "the user is in more channels than Conversations allows; member-refused decides about the last ones"),
	choice(MemberRefused, "the target refuses the member: the conversation is full, or they are in as many as Conversations allows",
		stopLane,
		Option{doSkip, Skip, "leave them out of the conversation"}),
	always(UserChannelStatus, Loss, "the user is neither in the channel nor invited, or has an unknown notification level there"),
}

var leaveOut = Option{doSkip, Skip, "leave this user, or this member, out"}

var nameRules = []Rule{
	choice(TextInvalid, "the text is invalid: half a surrogate pair, or bytes that are not UTF-8",
		stopLane,
		Option{doReplace, Loss, "put U+FFFD in place of each; in an identity add their numbers, so that two people stay two"}),
	choice(NameTooLong, "the friendly name has too many characters",
		stopLane,
		Option{doTruncate, Loss, "cut it to what fits"}),
	always(Unnamed, Info, "the friendly name is missing, but required; the source SID is used"),
	choice(UniqueNameTooLong, "the unique name has too many characters",
		stopLane,
		Option{doDrop, Loss, "go on without a unique name"}),
	choice(UniqueNameSID, "the unique name looks like a conversation SID, which is refused",
		stopLane,
		Option{doDrop, Loss, "go on without a unique name"}),
	choice(UniqueNameTaken, "another conversation in the target has the unique name",
		stopLane,
		Option{doDrop, Loss, "go on without a unique name"}),
	always(DateMissing, Loss, "the date of creation is missing; a message gets that of the message before it, the first one that of its channel, anything else that of the migration"),
	always(DatePrecision, Info, "the date is cut to the second"),
	always(UnknownField, Loss, "the source has a field that this version does not know"),
}

var roleRules = []Rule{
	always(RoleType, Skip, "the type of the role is unknown"),
	always(RoleDate, Loss, "dates of creation and change of a role cannot be set"),
	choice(RoleEmpty, "no permission is left, but Conversations requires one",
		Option{doMinimal, Loss, "give it " + leastPermission + " alone, so that nobody gains rights"},
		Option{doSkip, Skip, "leave the role out; those who had it get the default role"},
		Option{doStop, Stop, "stop at this role and report it"}),
	always(RoleMissing, Loss, "the role does not exist or was not carried; the default role is used"),
	always(RoleScope, Loss, "the role has the wrong type; the default role is used"),
	choice(RoleWasThere, "the role exists in the target with other permissions: somebody else made it",
		Option{doKeep, Loss, "leave the role as it is; those who have it in the source get it"},
		Option{doReplace, Info, "give the role the permissions of the source; undo restores the old ones"},
		Option{doStop, Stop, "stop before anything is written into the service, and report it"}),
	always(RoleShared, Loss, "another service with the same target brought the role over with other values, and wins"),
	always(RoleRenamed, Info, "two roles have the same type and name; the target refuses the second, so it gets a number"),
	always(RoleLate, Info, "the target has the role twice, because an unanswered create took effect late; undo deletes both"),
	choice(PermissionInvite, "inviteMember does not exist in Conversations",
		Option{doDrop, Loss, "leave the permission out"},
		Option{doAddParticipant, Info, "give addParticipant, which can do more"}),
	choice(PermissionUnknown, "the permission does not exist in Conversations",
		Option{doDrop, Loss, "leave the permission out"},
		Option{doKeep, Info, "send the name as it is; the target may refuse the role"}),
}

var serviceRules = []Rule{
	choice(FlexService, "Twilio Flex made the service, by two signs or more: Flex has its own guide to Flex Conversations",
		Option{doStop, Stop, "stop before anything is written, and name the guide"},
		Option{doAccept, Loss, "go on as with any other service; Flex itself does not use the result"}),
	always(FlexSign, Info, "one sign that Twilio Flex may have made the service; two would stop a migration"),
	always(ServiceDate, Loss, "dates of creation and change of a service cannot be set"),
	always(ServiceLate, Info, "the target may have the service twice, because an unanswered create took effect late; if the one named here is empty, delete it in the Twilio Console"),
	always(ServiceSetting, Loss, "the setting has no counterpart in Conversations"),
	always(ServiceLimits, Loss, "the limit cannot be set through Conversations; Chat v2 can set it on the new service"),
	always(EventWebhook, Loss, "no callbacks for single events; route them behind one URL"),
	always(WebhookPayload, Info, "callbacks will get the parameter and event names of Conversations"),
	always(WebhookMethod, Loss, "the callback method is neither GET nor POST; POST is used"),
	always(WebhookEventUnknown, Loss, "the event does not exist in Conversations; it is left out"),
	always(WebhookEventAccount, Loss, "the event exists only for the account's own callbacks; it is left out"),
	choice(ChannelWebhook, "the channel has a webhook of its own, which only Chat v2 shows",
		Option{doSkip, Skip, "list it, and leave it out"},
		Option{doCarry, Info, "make it on the conversation, last of all; the flow of one for Studio has to be in the target account"}),
	always(WebhookEventScope, Loss, "webhooks of one conversation do not have the event; it is left out"),
	always(WebhookUnfit, Skip, "Conversations would refuse the webhook, or it would never be called"),
	always(BindingLost, Loss, "a device is registered for push notifications; that cannot be copied, and the device registers again with the Conversations SDK"),
	always(NotificationInvite, Loss, "there is no push for invites in Conversations"),
	always(TemplateVariable, Loss, "the push template has a variable that Conversations fills differently, or not at all"),
}

var channelRules = []Rule{
	always(ChannelPublic, Loss, "the channel is public; every conversation is private"),
	always(SightLost, Loss, "users who are not members can no longer find or join the channel once it is private"),
	always(ChannelType, Loss, "the type of the channel is unknown; every conversation is private"),
	always(CreatedBy, Loss, "the channel's creator has no field; only the stamp keeps it"),
	always(MembersOverDefault, Info, "more members than a new service allows; raise its limit first"),
	choice(MembersOverLimit, "more members than any service allows",
		stopLane,
		Option{doTry, Loss, "go on; the last ones find no room and are left out"}),
	always(HorizonLost, Loss, "no message up to the read horizon was carried"),
	always(HorizonKept, Info, "the person has read further in the target; a read horizon never moves back"),
}

var skipMessage = Option{doSkip, Skip, "leave the message out"}

var messageRules = []Rule{
	always(AuthorMissing, Loss, "the message has no author; "+systemAuthor+" is used"),
	choice(AuthorTooLong, "the author has too many characters; --identities can give a new one",
		stopLane,
		Option{doTruncate, Loss, "cut it to what fits"},
		skipMessage),
	choice(BodyEmpty, "the body is empty or blank, which Conversations refuses without media",
		stopLane,
		Option{doSpace, Info, "send a single space"},
		Option{doPlaceholder, Info, "send " + emptyPlaceholder},
		skipMessage),
	choice(BodyTooLong, "the body has too many bytes",
		stopLane,
		Option{doTruncate, Loss, "cut it to what fits"},
		skipMessage),
	choice(Media, "the message has a file",
		Option{doCopy, Info, "copy the file, and attach it to the message"},
		stopLane,
		Option{doPlaceholder, Loss, "send the text or, if there is none, the file's name, type and size"},
		skipMessage),
	choice(MediaMissing, "the file of the message cannot be copied: it is gone, too large, or refused",
		stopLane,
		Option{doPlaceholder, Loss, "send the text or, if there is none, the file's name, type and size"},
		skipMessage),
	always(MediaMore, Loss, "the message has several files; only the first can be attached"),
	always(MediaLikely, Loss, "the text is the one that stands for a file in old clients: the message probably has one, which only --source-api v2 shows"),
	always(LastUpdatedBy, Loss, "the last editor of the message has no field"),
	choice(StoredOtherwise, "the target did not store what was sent",
		Option{doStop, Stop, "stop its channel or user (for a role, the run) and report it in every run; it stays as stored"},
		Option{doKeep, Loss, "go on with what was stored"}),
	choice(MessageThere, "somebody else wrote the same message, author and date into the target",
		Option{doKeep, Info, "leave it there and do not write it again"},
		Option{doAppend, Info, "write it again"},
		Option{doStop, Stop, "stop the channel and report it"}),
	always(MessageDeleted, Loss, "the message arrived, but was deleted in the target since; it is not written again"),
	always(MessageAltered, Info, "a target message older than its conversation differs from the source: it was changed, or deleted in the source; it stays"),
	always(MessageCopy, Info, "a target message may be a copy of one that arrived; this cannot be decided, so it stays"),
	choice(MessageRefused, "the target refuses the message for a reason that no other policy covers",
		stopLane,
		Option{doPlaceholder, Loss, "send " + refusedPlaceholder + " in its place"},
		skipMessage),
	always(MessageLeftOut, Skip, "--skip-messages lists the message"),
	always(MessageStays, Info, "the message was written before --skip-messages listed it; it stays in the target"),
	choice(InviteLost, "Conversations has no invites",
		Option{doSkip, Skip, "list it, and leave it out"},
		Option{doAdd, Info, "add the invited person as a participant, without asking them"}),
	always(Unreadable, Skip, "the record is not as Chat documents it, or its list ends early; its channel or user is not carried"),
	always(CountsDiffer, Info, "the source's counter differs from its list, read twice; it may count what was deleted"),
	always(HorizonBeyond, Info, "a member has read beyond the last message; newer ones were deleted or are not shown"),
	always(NotShown, Loss, "the key may not read this, so whatever exists of it is not carried"),
	always(CredentialSecret, Skip, "the secrets of a push credential cannot be read; enter it again"),
}
