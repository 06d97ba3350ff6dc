package migrate

// Codes of Twilio that decide something here. Error.Code may hold others too.
// Their source is Twilio's error dictionary, https://www.twilio.com/docs/errors/
// and the number, unless a comment names another. The dictionary gives statuses
// for few of them, so decide by code first.
const (
	CodeAuthenticate  = 20003 // with 401
	CodeNoPermission  = 20403 // with 403: the account is suspended or closed
	CodeNotFound      = 20404 // with 404; also to the create of a participant who was created (Twilio Support)
	CodeKeyRestricted = 70051 // with 403: the key is a restricted one, and this is not among what it may do

	CodePageToken        = 21481
	CodeMessagePageToken = 19038 // of a list of messages

	CodeNoChatService = 50050 // with 403 and not 404 (terraform-provider-twilio)
	CodeBeingDeleted  = 50002 // try again later

	// CodeServiceLimit says that there are as many services as there may be: of the
	// parent account and its subaccounts together, a number that Twilio does not
	// publish and its support can raise.
	CodeServiceLimit = 21102
)

// Codes for "too many". The request was not processed.
const (
	CodeConcurrency = 20429 // requests at once, of the account
	CodeRate        = 50063 // actions a second, of the conversation or the service
	CodeServiceRate = 50074 // actions a second, of the service
)

// Codes for a resource that is not there.
const (
	CodeNoUser         = 50200
	CodeNoChannel      = 50300
	CodeNoConversation = 50350
	CodeNoMember       = 50402
	CodeNoParticipant  = 50432
	CodeNoMessage      = 50500
)

// Codes for the role that a request names, not the resource it is about.
const (
	CodeNoRole             = 50100
	CodeNoChannelRole      = 50101
	CodeNoServiceRole      = 50102
	CodeNoCreatorRole      = 50106
	CodeNoConversationRole = 50109
)

// Codes for a natural key that is taken.
const (
	CodeUserExists              = 50201
	CodeChannelUniqueNameExists = 50307
	CodeUniqueNameExists        = 50353 // of a conversation; with 409
	CodeMemberExists            = 50404
	CodeParticipantExists       = 50433
)

// Codes for a resource that somebody else was modifying at the same time: "the
// last request will be rejected".
const (
	CodeUserContended         = 50213
	CodeChannelContended      = 50349
	CodeChannelConflict       = 50449 // a channel that is being added or removed
	CodeConversationContended = 50391
	CodeMemberContended       = 50419
)

// Codes for what is refused now and later. Twilio's pages of limits give the
// status of those that count.
const (
	CodeAttributesTooLong  = 50303
	CodeAttributesNotJSON  = 50304
	CodeBodyMissing        = 50503
	CodeBodyTooLong        = 50504
	CodeParticipantLimit   = 50417 // with 403; participants of a conversation
	CodeConversationLimit  = 50214 // with 403; conversations and channels of a user
	CodeConversationClosed = 50377 // closed is final
)

// Codes of a message with a file (Twilio, media-support-conversations).
const (
	CodeMediaGone    = 50507 // there is no such file, or it was collected because no message had it
	CodeMediaTaken   = 50508 // another message has it
	CodeMediaInvalid = 50510 // no SID of a file
)

// CodeContended reports whether a code says that somebody else was writing to
// the same resource at that moment.
func CodeContended(code int) bool {
	switch code {
	case CodeUserContended, CodeChannelContended, CodeChannelConflict, CodeConversationContended, CodeMemberContended:
		return true
	}
	return false
}
