package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chatbridge/migrate"
)

// Probe is one thing that no document settles, and what the account says to it.
type Probe struct {
	ID       string          `json:"id"`
	Assumed  string          `json:"assumed"` // by chatbridge
	Seen     string          `json:"seen"`
	Verdict  migrate.Verdict `json:"verdict"`
	Advice   string          `json:"advice,omitempty"` // what to do about it
	Requests int64           `json:"requests"`         // made for it; what was read for an earlier one is not read again
}

// Diagnosis is the outcome of a Doctor.
type Diagnosis struct {
	SchemaVersion int                     `json:"schema_version"`
	Command       string                  `json:"command"`
	Sound         bool                    `json:"sound"` // nothing dangerous was seen
	SameAccount   bool                    `json:"same_account"`
	Probes        []Probe                 `json:"probes"`
	Verdicts      map[migrate.Verdict]int `json:"verdicts"`
	Requests      int64                   `json:"requests"`
	Duration      float64                 `json:"duration_seconds"`
}

// Doctor asks an account what no document settles, and compares the answers with
// what chatbridge assumes. It only ever reads, a few pages of a few channels
// whatever the account holds.
type Doctor struct {
	Prober migrate.Prober

	// Services are those to look at. Empty looks at the first few.
	Services []string

	// SameAccount says that source and target are one account, which then shows
	// in Conversations what it has in Chat.
	SameAccount bool

	// Observer is told of each probe. May be nil.
	Observer migrate.Observer

	// Now is the clock of this machine. Defaults to time.Now.
	Now func() time.Time
}

// KindProbes is what a Doctor counts before its Observer.
const KindProbes = "probes"

// doctorProbes are all probes, in the order in which they are made and told.
var doctorProbes = []struct {
	id, assumed string
	look        func(*session, context.Context) (finding, error)
}{
	{"chat-v1", "Chat v1 answers for this account", (*session).chatV1},
	{"channel-types", "a list without Type holds only public channels; with both types it holds every channel", (*session).channelTypes},
	{"channel-attributes", "a v1 list shows null for attributes that are set, and {} only if none are set", attributesOf("channels")},
	{"user-attributes", "a v1 list shows null for attributes that are set, and {} only if none are set", attributesOf("users")},
	{"message-attributes", "a v1 list shows null for attributes that are set, and {} only if none are set", attributesOf("messages")},
	{"page-size-v1", "Chat v1 accepts its documented page sizes: 1,000, for services 100", (*session).pagesV1},
	{"page-size-v2", "Chat v2 accepts its documented page size: 100", (*session).pagesV2},
	{"page-size-conversations", "Conversations accepts its documented page sizes: 100, for roles and users 50", (*session).pagesConversations},
	{"page-size-above", "Conversations refuses larger pages, or returns fewer records than requested", (*session).pagesAbove},
	{"next-page", "next_page_url leads to the records that follow, on the host that was asked", (*session).nextPage},
	{"page-token", "Twilio accepts page tokens as it gave them, whatever their form", (*session).pageToken},
	{"message-order", "messages are listed by index; indexes grow and may skip numbers", (*session).messageOrder},
	{"first-index", "no index is below 0", (*session).firstIndex},
	{"messages-count", "messages_count is the number of listed messages", (*session).messagesCount},
	{"media", "v1 shows a message with a file as one with an empty body", (*session).media},
	{"v2-same", "Chat v2 shows the same channels and messages under the same SIDs", (*session).v2Same},
	{"v2-attributes", "Chat v2 shows attributes in lists", (*session).v2Attributes},
	{"user-channels", "a user has joined a channel, is invited to it, or does not participate", (*session).userChannels},
	{"shared-services", "within one account Conversations shows the services of Chat under the same SIDs", (*session).sharedServices},
	{"shared-channels", "within one account Conversations shows private channels under the same SIDs, and no public ones", (*session).sharedChannels},
	{"credentials", "within one account both hosts list the same push credentials", (*session).credentials},
	{"default-timers", "the target account has no timers that close conversations", (*session).timers},
	{"notifications", "push notifications of the target's services may be on; they are switched off while messages are written", (*session).notifications},
	{"target-limits", "Chat v2 shows the limits of the target's services", (*session).targetLimits},
	{"dates", "dates are ISO 8601, to the second", (*session).dates},
	{"fields", "resources of Chat v1 have exactly the documented fields", (*session).fields},
	{"concurrency-header", "replies show how many requests of the account are in progress", (*session).concurrency},
	{"clock", "the clock of this machine is correct to a few seconds", (*session).clock},
	{"permissions", "the credentials may read everything that a migration reads", (*session).permissions},
}

// Run makes every probe. Its error is that of the first request that has no
// answer, or of credentials that neither host takes.
func (d *Doctor) Run(ctx context.Context) (Diagnosis, error) {
	e := newSession(d)
	began := e.Now()
	got := Diagnosis{SchemaVersion: migrate.SchemaVersion, Command: "doctor", SameAccount: d.SameAccount, Probes: []Probe{}, Verdicts: map[migrate.Verdict]int{}}
	if err := e.admitted(ctx); err != nil {
		return got, err
	}
	e.Observer.Total(KindProbes, int64(len(doctorProbes)))
	for _, p := range doctorProbes {
		before := e.asked
		found, err := p.look(e, ctx)
		if refusal, ok := errors.AsType[*refusedRead](err); ok {
			found, err = notSeen("%s", refusal.Error()), nil
		}
		if err != nil {
			return got, fmt.Errorf("probe %s: %w", p.id, err)
		}
		got.Probes = append(got.Probes, Probe{p.id, p.assumed, found.seen, found.verdict, found.advice, e.asked - before})
		got.Verdicts[found.verdict]++
		e.Observer.Done(KindProbes, 1)
	}
	got.Sound = got.Verdicts[migrate.Dangerous] == 0
	got.Requests, got.Duration = e.asked, e.Now().Sub(began).Seconds()
	return got, nil
}

// finding is what one probe found out.
type finding struct {
	verdict      migrate.Verdict
	seen, advice string
}

func asAssumed(format string, args ...any) (finding, error) {
	return finding{migrate.AsAssumed, fmt.Sprintf(format, args...), ""}, nil
}

func harmless(advice, format string, args ...any) (finding, error) {
	return finding{migrate.Harmless, fmt.Sprintf(format, args...), advice}, nil
}

func dangerous(advice, format string, args ...any) (finding, error) {
	return finding{migrate.Dangerous, fmt.Sprintf(format, args...), advice}, nil
}

func notSeen(format string, args ...any) finding {
	return finding{migrate.NotSeen, fmt.Sprintf(format, args...), ""}
}
