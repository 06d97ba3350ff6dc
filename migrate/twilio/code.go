package twilio

import "chatbridge/migrate"

// Codes of Twilio that decide something here.
const (
	codeAuthenticate       = 20003
	codeNoPermission       = 20403
	codeNotFound           = 20404
	codePageToken          = 21481
	codeRestricted         = 70051 // the key is a restricted one, and this is not among what it may do
	codeMessagePageToken   = 19038
	codeBeingDeleted       = 50002
	codeNoChatService      = 50050 // Chat answers 403 with it
	codeUserExists         = 50201
	codeUniqueNameExists   = 50353
	codeParticipantExists  = 50433
	codeAttributesTooLong  = 50303
	codeAttributesNotJSON  = 50304
	codeBodyMissing        = 50503
	codeBodyTooLong        = 50504
	codeParticipantLimit   = 50417
	codeConversationLimit  = 50214
	codeConversationClosed = 50377
)

// kindOfCode is the Kind that a code alone decides.
func kindOfCode(code int) (kind migrate.Kind, known bool) {
	switch code {
	case codeAuthenticate, codeNoPermission, codeRestricted:
		return migrate.Credentials, true
	case codeNotFound, codeNoChatService,
		50200, 50300, 50350, 50402, 50432, 50500: // user, channel, conversation, member, participant, message
		return migrate.NotFound, true
	case 50307, 50404, // unique name and member, of Chat
		codeUserExists, codeUniqueNameExists, codeParticipantExists:
		return migrate.Exists, true
	case codePageToken, codeMessagePageToken:
		return migrate.PageExpired, true
	case codeBeingDeleted:
		return migrate.Unavailable, true
	case 50213, 50349, 50391, 50419, 50449: // modified by someone else at the same time
		return migrate.Contended, true
	case 50100, 50101, 50102, 50106, 50109: // the role that a request names, not the resource it is about
		return migrate.Refused, true
	}
	return migrate.Failed, false
}

// meaning words the codes that a migration is likely to meet.
func meaning(code int) string {
	switch code {
	case codeAuthenticate:
		return "credentials were refused"
	case codeNoPermission:
		return "the account lacks permission"
	case codeRestricted:
		return "the key is restricted and may not do this"
	case codeNotFound:
		return "not found"
	case codeNoChatService:
		return "no such Chat service"
	case codeUserExists:
		return "the user exists"
	case codeUniqueNameExists:
		return "the unique name is taken"
	case codeParticipantExists:
		return "the participant exists"
	case codeAttributesTooLong:
		return "attributes are too long"
	case codeAttributesNotJSON:
		return "attributes are not JSON"
	case codeBodyMissing:
		return "the message has no body"
	case codeBodyTooLong:
		return "the body is too long"
	case codeParticipantLimit:
		return "the conversation has as many participants as it may"
	case codeConversationLimit:
		return "the user is in as many conversations as they may be"
	case codeConversationClosed:
		return "the conversation is closed"
	case codePageToken, codeMessagePageToken:
		return "the page token is no longer valid"
	}
	return ""
}
