package rehearse

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"chatbridge/migrate"
)

// textOf is a field of a reply.
func textOf(r migrate.ProbeReply, field string) string { return gjson.GetBytes(r.Body, field).String() }

// sidOf is the SID in a reply.
func sidOf(r migrate.ProbeReply) string { return textOf(r, "sid") }

// sameTime compares two dates by what they mean.
func sameTime(a, b string) bool {
	at, errA := time.Parse(time.RFC3339, a)
	bt, errB := time.Parse(time.RFC3339, b)
	return errA == nil && errB == nil && at.Equal(bt)
}

// Dates that are sent.
const (
	oldCreated = "2001-02-03T04:05:06Z"
	oldUpdated = "2002-03-04T05:06:07Z"
	newUpdated = "2003-04-05T06:07:08Z"
)

// dates sends dates with what can have them, and reads them again.
func (s *session) dates(ctx context.Context) (finding, error) {
	var lost, other []string
	room := ""
	for _, one := range []struct {
		what  string
		path  func() string
		pairs []string
		stops bool
	}{
		{"a conversation", func() string { return s.at("Conversations") }, []string{"FriendlyName", s.name("Dated")}, false},
		{"a participant", func() string { return s.at("Conversations", room, "Participants") }, []string{"Identity", s.people[1]}, false},
		{"a message", func() string { return s.at("Conversations", room, "Messages") }, []string{"Author", s.people[1], "Body", "dated"}, true},
	} {
		path := one.path()
		made, err := s.created(ctx, path, form(append(one.pairs, "DateCreated", oldCreated, "DateUpdated", oldUpdated)...))
		if err != nil {
			return finding{}, err
		}
		if room == "" {
			room = made.Get("sid").String()
		}
		stored, err := s.one(ctx, migrate.TargetConversations, path+"/"+made.Get("sid").String())
		if err != nil {
			return finding{}, err
		}
		for _, where := range []struct {
			how string
			in  gjson.Result
		}{{"in the reply", made}, {"when it is read", stored}} {
			if got := where.in.Get("date_created").String(); !sameTime(got, oldCreated) {
				said := fmt.Sprintf("%s sent with %s has %s %s", one.what, oldCreated, got, where.how)
				if one.stops {
					lost = append(lost, said)
				} else {
					other = append(other, said)
				}
			}
		}
	}
	switch {
	case len(lost) > 0:
		return dangerous("do not migrate into this account: history would lose its dates, and a message could not be recognized when a run is repeated",
			"%s", brief(append(lost, other...))).stopping("messages do not keep the dates that are sent with them"), nil
	case len(other) > 0:
		return harmless("dates of these are lost; those of messages are kept", "%s", brief(other)), nil
	}
	return asAssumed("date_created of a conversation, a participant and a message"), nil
}

// authors sends messages of people who are no participants, and of strange names.
func (s *session) authors(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Authors")
	if err != nil {
		return finding{}, err
	}
	path := s.at("Conversations", room, "Messages")
	var lost, no []string
	names := []string{s.people[2], s.identity("nobody"), s.identity("two words & more/+%"), s.identity("SYSTEM"), s.identity("名前")}
	for _, name := range names {
		r, err := s.post(ctx, path, form("Author", name, "Body", "who wrote this? "+s.made.Token))
		if err != nil {
			return finding{}, err
		}
		if !r.OK() {
			no = append(no, fmt.Sprintf("%q (%s)", s.anonymous(name), says(r)))
			continue
		}
		stored, err := s.one(ctx, migrate.TargetConversations, path+"/"+sidOf(r))
		if err != nil {
			return finding{}, err
		}
		if got := stored.Get("author").String(); got != name || textOf(r, "author") != name {
			lost = append(lost, fmt.Sprintf("%q is stored as %q", s.anonymous(name), s.anonymous(got)))
		}
	}
	if len(lost) > 0 {
		return dangerous("do not migrate into this account: messages would have other authors", "%s", brief(lost)).stopping("messages do not keep the author that is sent with them"), nil
	}
	if len(no) > 0 {
		return harmless("give such people other identities (--identities), or choose --policy message-refused=…", "refused: %s", brief(no)), nil
	}
	return asAssumed("%d authors, none of them a participant", len(names)), nil
}

// anonymous is a name without the token, which says nothing to a reader.
func (s *session) anonymous(name string) string {
	return strings.ReplaceAll(name, "-"+s.made.Token, "")
}

// dateUpdated looks what becomes of date_updated: sent, left out, and after a
// change of attributes alone.
func (s *session) dateUpdated(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Updated")
	if err != nil {
		return finding{}, err
	}
	path := s.at("Conversations", room, "Messages")
	var worse, odd []string
	sent, err := s.created(ctx, path, form("Author", s.people[0], "Body", "sent", "DateCreated", oldCreated, "DateUpdated", oldUpdated))
	if err != nil {
		return finding{}, err
	}
	if got := sent.Get("date_updated").String(); !sameTime(got, oldUpdated) {
		worse = append(worse, fmt.Sprintf("sent as %s it is %s", oldUpdated, got))
	}
	left, err := s.created(ctx, path, form("Author", s.people[0], "Body", "left out", "DateCreated", oldCreated))
	if err != nil {
		return finding{}, err
	}
	byDefault := "null"
	switch got := left.Get("date_updated"); {
	case got.Type == gjson.Null:
	case sameTime(got.String(), oldCreated):
		byDefault = "date_created"
		odd = append(odd, "left out it is date_created")
	default:
		byDefault = "the time of the request"
		odd = append(odd, "left out it is the time of the request")
	}
	sid := sent.Get("sid").String()
	edited, err := s.created(ctx, path+"/"+sid, form("Attributes", s.marked(`"edited":true`)))
	if err != nil {
		return finding{}, err
	}
	if edited.Get("date_updated").String() == sent.Get("date_updated").String() {
		odd = append(odd, "a change of attributes alone leaves it as it is")
	}
	again, err := s.created(ctx, path+"/"+sid, form("Attributes", s.marked(`"edited":false`), "DateUpdated", newUpdated))
	if err != nil {
		return finding{}, err
	}
	if got := again.Get("date_updated").String(); !sameTime(got, newUpdated) {
		worse = append(worse, fmt.Sprintf("an update that sends %s makes it %s", newUpdated, got))
	}
	moves, err := s.conversationMoves(ctx)
	if err != nil {
		return finding{}, err
	}
	switch {
	case len(worse) > 0:
		return dangerous("messages arrive with another date_updated; verify reports each one that was edited", "%s", brief(append(worse, odd...))), nil
	case !moves:
		return dangerous("start no second run while one may be active: its claim looks as if nobody renewed it", "%s", brief(append(odd, "that of a conversation is not moved by a change of its attributes"))), nil
	case len(odd) > 0:
		return harmless("nothing to do: a message that was edited is sent with its date_updated", "%s", brief(odd)), nil
	}
	return asAssumed("it is kept as sent, %s if it is not sent, and moved by a change of attributes", byDefault), nil
}

// conversationMoves reports whether a change of its attributes alone moves
// date_updated of a conversation, as the renewal of a claim is to.
func (s *session) conversationMoves(ctx context.Context) (bool, error) {
	was, err := s.created(ctx, s.at("Conversations"), form("FriendlyName", s.name("Moving"), "DateCreated", oldCreated, "DateUpdated", oldUpdated))
	if err != nil {
		return false, err
	}
	is, err := s.created(ctx, s.at("Conversations", was.Get("sid").String()), form("Attributes", `{"moved":true}`))
	return is.Get("date_updated").String() != was.Get("date_updated").String(), err
}

// participantSID writes as somebody before and after they join.
func (s *session) participantSID(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Joining")
	if err != nil {
		return finding{}, err
	}
	path := s.at("Conversations", room, "Messages")
	write := func() (string, error) {
		m, err := s.created(ctx, path, form("Author", s.people[0], "Body", "am I in?"))
		return m.Get("sid").String(), err
	}
	before, err := write()
	if err != nil {
		return finding{}, err
	}
	seat, err := s.created(ctx, s.at("Conversations", room, "Participants"), form("Identity", s.people[0]))
	if err != nil {
		return finding{}, err
	}
	after, err := write()
	if err != nil {
		return finding{}, err
	}
	var shown []string
	for _, sid := range []string{before, after} {
		m, err := s.one(ctx, migrate.TargetConversations, path+"/"+sid)
		if err != nil {
			return finding{}, err
		}
		shown = append(shown, m.Get("participant_sid").String())
	}
	is := seat.Get("sid").String()
	switch {
	case shown[0] == "" && shown[1] == is:
		return asAssumed("null before the author joined, and theirs after"), nil
	case shown[1] == "":
		return harmless("messages are not tied to participants here, whatever the order in which they are created", "it is null even after the author joined"), nil
	case shown[0] == is:
		return harmless("nothing to do: participants are created before messages all the same", "it is also set in a message from before the author joined"), nil
	}
	return harmless("messages may be tied to other participants than their author", "it is another participant's"), nil
}

// mutationID sends one message twice, under one X-Twilio-Mutation-Id.
func (s *session) mutationID(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Mutation")
	if err != nil {
		return finding{}, err
	}
	path := s.at("Conversations", room, "Messages")
	t := s.made.Token
	id := t[:8] + "-" + t[8:12] + "-4" + t[13:16] + "-8" + t[17:20] + "-" + t[20:]
	var replies []migrate.ProbeReply
	for range 2 {
		r, err := s.write(ctx, migrate.Trial{Method: http.MethodPost, Target: path, Form: form("Author", s.people[0], "Body", "once or twice?"), Header: http.Header{"X-Twilio-Mutation-Id": {id}}})
		if err != nil {
			return finding{}, err
		}
		replies = append(replies, r)
	}
	there, err := s.list(ctx, migrate.TargetConversations, path)
	if err != nil {
		return finding{}, err
	}
	const loud = "TWILIO HONORS AN IDEMPOTENCY KEY HERE: please report this to the authors of chatbridge, since it would let an append be repeated safely"
	second := replies[1]
	switch {
	case second.Status == http.StatusAccepted, second.OK() && sidOf(second) == sidOf(replies[0]), second.OK() && len(there) == 1:
		return harmless(loud, "the second was answered with %s, and there are %d messages", says(second), len(there)), nil
	case !second.OK():
		return harmless("nothing to do: chatbridge does not send it", "the second was refused (%s), and there are %d messages", says(second), len(there)), nil
	}
	return asAssumed("%d messages", len(there)), nil
}

// indexGaps looks at the indexes of messages that were written one after the other.
func (s *session) indexGaps(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Indexes")
	if err != nil {
		return finding{}, err
	}
	const many = 20
	path := s.at("Conversations", room, "Messages")
	var given []int64
	for i := range many {
		m, err := s.created(ctx, path, form("Author", s.people[i%3], "Body", fmt.Sprint(i)))
		if err != nil {
			return finding{}, err
		}
		given = append(given, m.Get("index").Int())
	}
	there, err := s.list(ctx, migrate.TargetConversations, path+"?Order=asc")
	if err != nil {
		return finding{}, err
	}
	var listed []int64
	for _, m := range there {
		listed = append(listed, m.Get("index").Int())
	}
	gaps := 0
	for i := 1; i < len(given); i++ {
		if given[i] <= given[i-1] {
			return dangerous("do not migrate into this account: the order of messages would not be known", "index %d follows %d", given[i], given[i-1]).stopping("indexes do not follow the order of writing"), nil
		}
		if given[i] > given[i-1]+1 {
			gaps++
		}
	}
	switch {
	case !slices.Equal(given, listed):
		return dangerous("run the rehearsal again; if it is seen again, do not migrate into this account", "messages are listed in another order, or not all of them, or with other indexes: %d were written and %d are listed", len(given), len(listed)), nil
	case given[0] < 0:
		return dangerous("do not migrate into this account: read horizons begin at 0", "the first index is %d", given[0]).stopping("indexes begin below 0"), nil
	case gaps == 0:
		return harmless("nothing to do: 20 messages are few, and gaps are allowed for", "no number was skipped in %d messages", many), nil
	}
	return asAssumed("they grow, with %d gaps in %d messages", gaps, many), nil
}
