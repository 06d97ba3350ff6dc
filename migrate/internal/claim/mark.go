package claim

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// Mark is what the attributes of a claim say.
type Mark struct {
	Run     string `json:"run,omitempty"` // random, and new for each process; empty if nobody holds the claim
	Verb    string `json:"verb,omitempty"`
	Host    string `json:"host,omitempty"`
	PID     int    `json:"pid,omitempty"`
	Ledger  string `json:"ledger,omitempty"`         // its ID
	File    string `json:"ledger_file,omitempty"`    // device and number of its file on Host
	Source  string `json:"source,omitempty"`         // SID of the service that is brought over
	Counter int64  `json:"counter"`                  // renewals
	Settle  int64  `json:"settle_seconds,omitempty"` // that its writes are given to land, rounded up
	Begun   bool   `json:"begun,omitempty"`          // it made sure that no other service was made for Source
	// Unrecorded says that its ledger does not know of the run, nor when it ended.
	Unrecorded bool `json:"unrecorded,omitempty"`
	// Notifications are what the push notifications were before they were put off.
	Notifications json.RawMessage `json:"notifications,omitempty"`
}

// markKey is where the mark lies in the attributes.
const markKey = "chatbridge_claim"

func (m Mark) attributes() string {
	raw, err := json.Marshal(map[string]Mark{markKey: m})
	if err != nil {
		panic(err) // what is noted was encoded before
	}
	return string(raw)
}

// who names the holder to a person.
func (m Mark) who() string {
	return fmt.Sprintf("chatbridge %s, process %d on %s (run %.8s)", cmp.Or(m.Verb, "migrate"), m.PID, cmp.Or(m.Host, "an unnamed host"), m.Run)
}

// Seen is a claim as it was read.
type Seen struct {
	Mark
	SID string
	Age time.Duration // since it was renewed, by the clock of the target

	ours    bool // it is a claim, and not what somebody gave that name
	updated time.Time
}

// longestSettle bounds what is believed of a claim, which anybody with the
// credentials can write: an hour is far longer than any request.
const longestSettle = time.Hour

// expiry is the age at which the claim has expired: what the holder sent last had
// landed by then, by the settle time of whoever looks and by its own.
func (s Seen) expiry(settle time.Duration) time.Duration { return expiry + s.settling(settle) }

// settling is how long a write of the holder is given to land.
func (s Seen) settling(settle time.Duration) time.Duration {
	own := time.Duration(min(max(0, s.Settle), int64(longestSettle/time.Second))) * time.Second
	return max(settle, own)
}

// underway is how long something of a holder that is dead may still land. It sent
// nothing later than now, nor after its last renewal had lapsed.
func (s Seen) underway(settle time.Duration) time.Duration {
	return s.settling(settle) + min(0, validFor-s.Age)
}

// Live reports whether whoever holds the claim may be at work.
func (s Seen) Live(settle time.Duration) bool {
	return s.ours && s.Run != "" && s.Age < s.expiry(settle)
}

// Who names the holder, and says when it was seen.
func (s Seen) Who() string { return fmt.Sprintf("%s, seen %s ago", s.who(), s.Age) }

// Look reads the claim of a service, if there is one.
func Look(ctx context.Context, t migrate.TargetReader, serviceSID string) (Seen, bool, error) {
	c, at, err := t.ConversationAt(ctx, serviceSID, migrate.ClaimName)
	if err != nil && migrate.KindOf(err) == migrate.NotFound {
		return Seen{}, false, nil
	}
	if err != nil {
		return Seen{}, false, err
	}
	return see(c, at), true, nil
}

// Tell says that a run is at work in a service, if one is, and what follows for
// who only looks.
func Tell(ctx context.Context, t migrate.TargetReader, serviceSID string, settle time.Duration, o migrate.Observer, follows string) error {
	seen, found, err := Look(ctx, t, serviceSID)
	if err != nil || !found || !seen.Live(settle) {
		return err
	}
	o.Event(migrate.Event{
		Level: migrate.Warning, Message: "another run is active in the service: " + follows,
		Fields: []any{migrate.KeyService, serviceSID, "run", seen.Who()},
	})
	return nil
}

// see reads a claim that the target showed at some time; without that time it
// counts as renewed just now.
func see(c conversations.Conversation, at time.Time) Seen {
	s := Seen{SID: c.SID, Age: max(0, at.Sub(c.DateUpdated)), updated: c.DateUpdated}
	var in map[string]json.RawMessage
	if strings.Contains(c.Attributes, markKey) && json.Unmarshal([]byte(c.Attributes), &in) == nil {
		s.ours = json.Unmarshal(in[markKey], &s.Mark) == nil
	}
	return s
}

// moved reports whether the claim was renewed, or is another one, since then was
// read.
func (s Seen) moved(then Seen) bool {
	return s.SID != then.SID || s.Run != then.Run || s.Counter != then.Counter || !s.updated.Equal(then.updated)
}
