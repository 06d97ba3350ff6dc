package emulator

import (
	"fmt"
	"slices"
)

// Outcome is one way in which an account may answer an experiment, and the account
// that does so.
type Outcome struct {
	Experiment string
	Seen       string
	Assumed    bool   // by a migration
	Unkind     string // for ParseUnkind; empty for a kind account
}

// Outcomes lists, for each experiment of a rehearsal, an account that answers as is
// assumed and at least one that does not, harmlessly or not. Those of one experiment
// follow each other, the assumed ones first.
func Outcomes() []Outcome { return slices.Clone(outcomes) }

// Account is the Unkind of the account that answers so.
func (o Outcome) Account() (u Unkind, err error) {
	if o.Unkind == "" {
		return u, nil
	}
	if u, err = ParseUnkind(o.Unkind); err != nil {
		err = fmt.Errorf("outcome %q of %s: %w", o.Seen, o.Experiment, err)
	}
	return u, err
}

// outcomes of what Chat shows need an account whose services it shows.
var outcomes = []Outcome{
	{"late-append", "a cut request lands at once", true, ""},
	{"late-append", "a cut request never lands", true, "write-takes=messages:100ms"},
	{"late-append", "a cut request lands up to 8 seconds later, or never", true, "late=8s,write-takes=messages:100ms"},
	{"late-append", "a cut request lands up to two minutes later, or never", false, "late=2m,write-takes=messages:100ms"},

	{"name-race", "the second create is refused with 409", true, ""},
	{"name-race", "both creates succeed", false, "names=race"},

	{"name-reuse", "a deleted conversation frees its name at once", true, ""},
	{"name-reuse", "the name is refused for half a minute", false, "name-held=30s"},

	{"clock", "date_updated and Date come from one clock", true, ""},
	{"clock", "date_updated is 90 seconds ahead", false, "clock-skew=90s"},
	{"clock", "date_updated is 90 seconds behind", false, "clock-skew=-90s"},

	{"list-lag", "a list shows a write at once", true, ""},
	{"list-lag", "a list shows a write after 5 seconds", false, "list-lags=5s"},
	{"list-lag", "a list shows a write after 30 seconds", false, "list-lags=30s"},

	{"text", "as sent", true, ""},
	{"text", "without the space around it", false, "text=trim"},
	{"text", "in composed characters", false, "text=nfc"},
	{"text", "with other line ends", false, "text=crlf"},

	{"attributes", "as sent", true, ""},
	{"attributes", "written anew, with sorted fields", false, "text=reformat"},
	{"attributes", "with numbers as doubles", false, "text=doubles"},
	{"attributes", "refused if they have escapes", false, "refuse=escapes"},

	{"blank-body", "accepted", true, ""},
	{"blank-body", "refused with 50503", false, "refuse=blank"},

	{"empty-body", "refused with 50503", true, ""},
	{"empty-body", "accepted", false, "accept=empty"},

	{"lengths", "as documented", true, ""},
	{"lengths", "bodies end at 1,600 bytes", false, "body-max=1600"},
	{"lengths", "attributes of messages end at 1,000 bytes", false, "lengths=message-attributes:1000"},
	{"lengths", "attributes of conversations end at 4,096 bytes", false, "lengths=conversation-attributes:4096"},
	{"lengths", "names end at 64 characters", false, "lengths=name:64"},
	{"lengths", "identities end at 64 characters", false, "lengths=identity:64"},

	{"dates", "as sent", true, ""},
	{"dates", "that of the request", false, "replace=date-created"},

	{"author", "as sent", true, ""},
	{"author", "system", false, "replace=author"},

	{"date-updated", "as sent, null if it was not, moved by a change of attributes", true, ""},
	{"date-updated", "that of the request", false, "replace=date-updated"},
	{"date-updated", "date_created if it was not sent", false, "date-updated=as-created"},
	{"date-updated", "not moved by a change of attributes", false, "date-updated=unmoved"},

	{"participant-sid", "set if the author was in before", true, ""},
	{"participant-sid", "never set", false, "participant-sid=never"},
	{"participant-sid", "set once the author joins", false, "participant-sid=later"},

	{"media-twice", "refused with 50508", true, ""},
	{"media-twice", "accepted", false, "media=twice"},

	{"media-late", "gone after six minutes", true, ""},
	{"media-late", "still there", false, "media=stays"},

	{"horizon-beyond", "accepted", true, ""},
	{"horizon-beyond", "refused", false, "horizon=refused"},
	{"horizon-beyond", "the last message", false, "horizon=clamped"},

	{"horizon-null", "cleared", true, ""},
	{"horizon-null", "refused", false, "horizon=null-refused"},
	{"horizon-null", "ignored", false, "horizon=null-ignored"},

	{"mutation-id", "ignored: two messages", true, ""},
	{"mutation-id", "202 and one message", false, "mutation-id=honoured"},

	{"role-names", "two roles of one name", true, ""},
	{"role-names", "the second is refused", false, "refuse=second-role"},

	{"rejoin", "201", true, ""},
	{"rejoin", "404 although it took effect", false, "rejoin=404"},

	{"index-gaps", "some indexes are skipped", true, "index-gaps=0.3"},
	{"index-gaps", "none is", false, "index-gaps=0"},

	{"write-times", "no time to speak of", true, ""},
	{"write-times", "some take long", false, "write-takes=services:2s+users:400ms+conversations:600ms+participants:300ms+messages:150ms"},

	{"chat-answers", "v1 and v2 show the service", true, "target-chat=shown"},
	{"chat-answers", "403, 50050", false, "target-chat=forbidden"},
	{"chat-answers", "410", false, "target-chat=gone"},

	{"chat-list-attributes", "lists of v1 have none", true, "target-chat=shown"},
	{"chat-list-attributes", "lists of v1 have them", false, "target-chat=shown,chat=attributes"},

	{"chat-counters", "without deleted messages", true, "target-chat=shown"},
	{"chat-counters", "with deleted messages", false, "target-chat=shown,chat=counts-deleted"},

	{"chat-media-body", "the text of the service in place of a file", true, "target-chat=shown"},
	{"chat-media-body", "as it is", false, "target-chat=shown,chat=no-compatibility"},

	{"chat-page-size", "refused above the largest", true, "target-chat=shown"},
	{"chat-page-size", "clamped", false, "target-chat=shown,page-size=clamped"},
	{"chat-page-size", "refused above 50", false, "target-chat=shown,page-size=small"},

	{"chat-token-age", "good after ten minutes", true, "target-chat=shown"},
	{"chat-token-age", "bad after nine minutes", false, "target-chat=shown,token-lasts=9m"},

	{"chat-token-deletion", "good after a deletion", true, "target-chat=shown"},
	{"chat-token-deletion", "bad after a deletion", false, "target-chat=shown,token=breaks"},

	{"chat-type", "public channels if Type is not sent", true, "target-chat=shown"},
	{"chat-type", "all channels", false, "target-chat=shown,chat=all-types"},
}
