package rehearse

import (
	"context"
	"time"
)

// experiment is one thing that only an account can tell.
type experiment struct {
	name, assumed string

	// begin starts what look has to wait for, before the other experiments are made;
	// after is for how long at least. May be nil.
	begin func(*session, context.Context) error
	after time.Duration

	// takes is how long look waits by itself, at the most that is to be expected.
	takes time.Duration

	look func(*session, context.Context) (finding, error)
}

// How long is waited for what takes time at Twilio.
const (
	mediaWait = 6 * time.Minute  // files that no message took go after five (Twilio, media-support-conversations)
	tokenWait = 10 * time.Minute // longer than a run lies between two pages of a list
)

// all are all experiments, in the order in which they are made and told.
func all() []experiment {
	return []experiment{
		{name: "write-times", assumed: "a write takes no longer than the documented limit leaves for it: 30 a second, one after the other", look: (*session).writeTimes},
		{name: "late-append", assumed: "a message whose connection was cut lands within the settle time of 10 s, or never", takes: watch, look: (*session).lateAppend},
		{name: "name-race", assumed: "of two conversations that are created at once with one unique name, one is refused", look: (*session).nameRace},
		{name: "name-reuse", assumed: "a unique name is free as soon as its conversation is deleted", look: (*session).nameReuse},
		{name: "clock", assumed: "date_updated of a conversation and the Date of a reply come from one clock", look: (*session).clock},
		{name: "list-lag", assumed: "a list shows what was created within the settle time of 10 s", look: (*session).listLag},
		{name: "text", assumed: "text is stored as it was sent", look: (*session).text},
		{name: "attributes", assumed: "attributes are stored as they were sent", look: (*session).attributes},
		{name: "blank-body", assumed: "a body of white space is accepted: the policy empty-body=space sends one", look: (*session).blankBody},
		{name: "empty-body", assumed: "a message without text and without a file is refused", look: (*session).emptyBody},
		{name: "lengths", assumed: "the documented lengths are accepted, and longer values are refused", look: (*session).lengths},
		{name: "dates", assumed: "date_created is stored as it was sent", look: (*session).dates},
		{name: "author", assumed: "authors are stored as they were sent, participants or not", look: (*session).authors},
		{name: "date-updated", assumed: "date_updated is stored as it was sent, null if it was not, and moved by a change of attributes", look: (*session).dateUpdated},
		{name: "participant-sid", assumed: "participant_sid of a message is set if its author was in the conversation, and null otherwise", look: (*session).participantSID},
		{name: "media-twice", assumed: "a file belongs to one message; a second one with it is refused (50508)", look: (*session).mediaTwice},
		{name: "media-late", assumed: "a file that no message took within five minutes is gone (50507)", begin: (*session).beginMediaLate, after: mediaWait, look: (*session).mediaLate},
		{name: "horizon-beyond", assumed: "a read horizon beyond the last message is kept", look: (*session).horizonBeyond},
		{name: "horizon-null", assumed: "an empty LastReadMessageIndex takes a read horizon away", look: (*session).horizonNull},
		{name: "mutation-id", assumed: "X-Twilio-Mutation-Id is ignored: a message that is sent twice with it is there twice", look: (*session).mutationID},
		{name: "role-names", assumed: "two roles of one type may have one name", look: (*session).roleNames},
		{name: "rejoin", assumed: "somebody who left a conversation can be added again", look: (*session).rejoin},
		{name: "index-gaps", assumed: "indexes grow from one message to the next, and skip numbers", look: (*session).indexGaps},
		{name: "chat-answers", assumed: "Chat v1 and v2 show what this account has in Conversations", look: (*session).chatAnswers},
		{name: "chat-list-attributes", assumed: "a v1 list shows null for attributes that are set", look: (*session).chatListAttributes},
		{name: "chat-counters", assumed: "messages_count does not count deleted messages", look: (*session).chatCounters},
		{name: "chat-media-body", assumed: "v1 shows a text of the service in place of a file", look: (*session).chatMediaBody},
		{name: "chat-page-size", assumed: "the documented page sizes are accepted (Chat v1 1,000, Chat v2 and Conversations 100), and larger ones are refused", look: (*session).chatPageSize},
		{name: "chat-token-age", assumed: "a page token is good after ten minutes", begin: (*session).beginTokenAge, after: tokenWait, look: (*session).tokenAge},
		{name: "chat-token-deletion", assumed: "a page token is good after a message of its page was deleted", look: (*session).tokenDeletion},
		{name: "chat-type", assumed: "a list of channels without Type shows public ones only", look: (*session).chatType},
	}
}

// Names are the names of all experiments.
func Names() []string {
	var names []string
	for _, e := range all() {
		names = append(names, e.name)
	}
	return names
}
