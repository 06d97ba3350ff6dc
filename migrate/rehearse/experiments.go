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

// all are all experiments, in the order in which they are told.
var all = []experiment{
	{name: "write-times", assumed: "a write takes no longer than the documented limit leaves for it: 30 a second, one after the other", look: later},
	{name: "late-append", assumed: "a message whose connection was cut lands within the settle time of 10 s, or never", takes: 2 * time.Minute, look: later},
	{name: "same-name-at-once", assumed: "of two conversations that are created at once with one unique name, one is refused", look: later},
	{name: "name-after-deletion", assumed: "a unique name is free as soon as its conversation is deleted", look: later},
	{name: "clock", assumed: "date_updated of a conversation is by the clock of the Date header", look: later},
	{name: "list-lag", assumed: "a list shows what was written within the settle time of 10 s", look: later},
	{name: "text", assumed: "text is stored as it was sent", look: later},
	{name: "attributes", assumed: "attributes are stored with the values that were sent", look: later},
	{name: "blank-body", assumed: "a body of white space is refused", look: later},
	{name: "empty-body", assumed: "a message without text and without a file is refused", look: later},
	{name: "lengths", assumed: "the documented lengths are accepted, counted in bytes, and longer ones are refused", look: later},
	{name: "dates", assumed: "dates are stored as they were sent", look: later},
	{name: "authors", assumed: "authors are stored as they were sent, members or not", look: later},
	{name: "date-updated", assumed: "a message keeps the date_updated that is sent with it", look: later},
	{name: "participant-sid", assumed: "participant_sid is that of an author who is in the conversation when the message is written, and null otherwise", look: later},
	{name: "media-twice", assumed: "a file belongs to one message: a second one with it is refused (50508)", look: later},
	{name: "media-expiry", assumed: "a file that no message took within five minutes is gone (50507)", after: 6 * time.Minute, look: later},
	{name: "horizon-beyond", assumed: "a read horizon beyond the last message is kept as it is sent", look: later},
	{name: "horizon-null", assumed: "an empty LastReadMessageIndex takes a read horizon away", look: later},
	{name: "mutation-id", assumed: "X-Twilio-Mutation-Id is ignored: the same message sent twice is written twice", look: later},
	{name: "role-names", assumed: "two roles of one type may have one name", look: later},
	{name: "readd-participant", assumed: "somebody who left can be added again, and 404 to that may be wrong", look: later},
	{name: "index-gaps", assumed: "indexes grow from one message to the next, and may skip numbers", look: later},
	{name: "chat-answers", assumed: "Chat v1 and v2 show the services of this account", look: later},
	{name: "chat-list-attributes", assumed: "a v1 list shows null for attributes that are set", look: later},
	{name: "chat-counters", assumed: "messages_count does not count deleted messages", look: later},
	{name: "chat-media-body", assumed: "v1 shows a message with a file and no text as one with an empty body", look: later},
	{name: "chat-page-size", assumed: "the documented page sizes are accepted: 1,000 in Chat v1, 100 in v2 and Conversations; larger ones are refused or clamped", look: later},
	{name: "chat-page-token-age", assumed: "a page token is accepted after ten minutes", after: 10 * time.Minute, look: later},
	{name: "chat-page-token-deletion", assumed: "a page token is accepted after the message that it points to was deleted", look: later},
	{name: "chat-type", assumed: "a list of channels without Type shows only public ones", look: later},
}

func later(*session, context.Context) (finding, error) { return unseen("not tried"), nil }

// Names are the names of all experiments.
func Names() []string {
	names := make([]string, len(all))
	for i, e := range all {
		names[i] = e.name
	}
	return names
}
