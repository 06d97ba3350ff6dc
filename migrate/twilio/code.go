package twilio

import "chatbridge/migrate"

// kindOfCode is the Kind that a code alone decides.
func kindOfCode(code int) (kind migrate.Kind, known bool) {
	if migrate.CodeContended(code) {
		return migrate.Contended, true
	}
	switch code {
	case migrate.CodeAuthenticate, migrate.CodeNoPermission, migrate.CodeKeyRestricted:
		return migrate.Credentials, true
	case migrate.CodeNotFound, migrate.CodeNoChatService,
		migrate.CodeNoUser, migrate.CodeNoChannel, migrate.CodeNoConversation,
		migrate.CodeNoMember, migrate.CodeNoParticipant, migrate.CodeNoMessage:
		return migrate.NotFound, true
	case migrate.CodeChannelUniqueNameExists, migrate.CodeMemberExists,
		migrate.CodeUserExists, migrate.CodeUniqueNameExists, migrate.CodeParticipantExists:
		return migrate.Exists, true
	case migrate.CodePageToken, migrate.CodeMessagePageToken:
		return migrate.PageExpired, true
	case migrate.CodeBeingDeleted:
		return migrate.Unavailable, true
	case migrate.CodeServiceLimit:
		return migrate.Refused, true
	case migrate.CodeNoRole, migrate.CodeNoChannelRole, migrate.CodeNoServiceRole, migrate.CodeNoCreatorRole, migrate.CodeNoConversationRole:
		return migrate.Refused, true
	}
	return migrate.Failed, false
}

// meaning words the codes that a migration is likely to meet.
func meaning(code int) string {
	switch code {
	case migrate.CodeAuthenticate:
		return "credentials were refused"
	case migrate.CodeNoPermission:
		return "the account lacks permission"
	case migrate.CodeKeyRestricted:
		return "the key is restricted and may not do this"
	case migrate.CodeNotFound:
		return "not found"
	case migrate.CodeNoChatService:
		return "no such Chat service"
	case migrate.CodeServiceLimit:
		return "the account has the maximum number of services, which its parent account and all subaccounts share"
	case migrate.CodeUserExists:
		return "the user exists already"
	case migrate.CodeUniqueNameExists:
		return "the unique name is taken"
	case migrate.CodeParticipantExists:
		return "the participant exists already"
	case migrate.CodeAttributesTooLong:
		return "attributes are too long"
	case migrate.CodeAttributesNotJSON:
		return "attributes are not JSON"
	case migrate.CodeBodyMissing:
		return "the message has no body"
	case migrate.CodeBodyTooLong:
		return "the body is too long"
	case migrate.CodeParticipantLimit:
		return "the conversation has the maximum number of participants"
	case migrate.CodeConversationLimit:
		return "the user is in the maximum number of conversations"
	case migrate.CodeWebhookLimit:
		return "the conversation has the maximum number of webhooks"
	case migrate.CodeConversationClosed:
		return "the conversation is closed"
	case migrate.CodeMediaGone:
		return "there is no such file, or it was removed because no message had it"
	case migrate.CodeMediaTaken:
		return "another message has the file"
	case migrate.CodeMediaInvalid:
		return "the SID of the file is not one"
	case migrate.CodePageToken, migrate.CodeMessagePageToken:
		return "the page token is no longer valid"
	}
	return ""
}
