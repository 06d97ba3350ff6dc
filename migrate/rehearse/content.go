package rehearse

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// ContentExperiment is the name of the experiment that copies a Content. It is not
// among Names.
const ContentExperiment = "content"

const (
	// MostMessages bounds the messages of a Content: the removal reads each of them
	// again, in pages of 50, and no list for longer than 1,000 pages.
	MostMessages = 40_000
	// MostEntries bounds the channels, people and roles of a Content together. Each
	// takes 45 bytes of the record, which has at most 1 MiB.
	MostEntries = 10_000
)

// Content is what real people wrote: channels of a source service that are copied
// into the service of a rehearsal, after the experiments, and compared. Everything
// but Copy says what the copy is about to make, so that the removal knows it again.
type Content struct {
	Service       string                       // SID, in the source
	Conversations []conversations.Conversation // what the channels become, with attributes
	People        []string                     // identities of participants and users, and authors of messages, as they are sent
	Roles         []string                     // names, as they are sent
	Newest        time.Time                    // all messages are dated before this
	Messages      int64

	// Copy copies and compares. It may write into the service alone, and calls made
	// with the SID of what it created, from any goroutine. Verdict, Seen and what
	// follows from it are its to fill in.
	Copy func(ctx context.Context, serviceSID string, made func(sid string)) (migrate.Experiment, error)
}

// Entries is what MostEntries bounds.
func (c Content) Entries() int { return len(c.Conversations) + len(c.People) + len(c.Roles) }

// Copied is what the record has of a Content, before anything of it is written. It
// holds digests of 128 bits, keyed with the token, and neither names nor texts.
//
// With it a process that comes after a kill tells what the copy made, whichever
// request was the last: everything that a copy creates has in its create itself what
// is recorded here. A conversation has the stamp of its channel or, if its attributes
// take none, the channel's names, date and attributes. The claim of the run names the
// source service. A user and a participant are one of the people. A role has the name
// of one of the source. A message is by one of the people and dated before Newest,
// which was in the past when the service was made: who writes there later gets the
// date of the day.
type Copied struct {
	Service       string    `json:"service"`
	Conversations []string  `json:"conversations"`
	People        []string  `json:"people"`
	Roles         []string  `json:"roles"`
	Newest        time.Time `json:"newest"`
	Messages      int64     `json:"messages"`
}

// digest stands for a value in the record.
func (m Made) digest(value string) string {
	h := hmac.New(sha256.New, []byte(m.Token))
	h.Write([]byte(value))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (m Made) digests(values []string) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = m.digest(v)
	}
	slices.Sort(all) // so that the order of a list tells nothing
	return slices.Compact(all)
}

// knows reports whether the digest of a value is in a list of the record.
func (m Made) knows(list []string, value string) bool {
	_, found := slices.BinarySearch(list, m.digest(value))
	return found
}

// content copies what r has of it, and records before what that will be.
func (s *session) content(ctx context.Context) (migrate.Experiment, error) {
	c := s.Content
	kept := make([]string, len(c.Conversations))
	for i, one := range c.Conversations {
		kept[i] = mapping.Recognition(one)
	}
	s.made.Copied = &Copied{
		Service: s.made.digest(c.Service), Conversations: s.made.digests(kept), People: s.made.digests(c.People), Roles: s.made.digests(c.Roles),
		Newest: c.Newest, Messages: c.Messages,
	}
	if err := s.Record.Put(s.made); err != nil {
		return migrate.Experiment{}, err
	}
	from := s.Now()
	e, err := c.Copy(ctx, s.made.ServiceSID, func(sid string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.mine[sid] = true
	})
	if err != nil && ctx.Err() != nil {
		return e, context.Cause(ctx)
	}
	if err != nil {
		e.Verdict, e.Seen, e.Follows = migrate.NotSeen, "the copy did not come to its end: "+err.Error(), migrate.HintOf(err)
	}
	e.Name, e.Assumed = ContentExperiment, "real messages arrive as a migration sends them"
	e.Duration = s.Now().Sub(from).Seconds()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked += e.Requests
	return e, nil
}

// removalTime bounds the removal: it reads what was copied, a page a second at worst.
func (m Made) removalTime() time.Duration {
	if m.Copied == nil {
		return removal
	}
	const pageSize = 50
	return removal + time.Duration(m.Copied.Messages/pageSize+int64(len(m.Copied.Conversations)))*time.Second
}

// ofCopy reports whether a role, a user or a conversation is what the copy made.
func (m Made) ofCopy(noun string, one gjson.Result) bool {
	c := m.Copied
	if c == nil {
		return false
	}
	switch noun {
	case "role":
		return m.knows(c.Roles, one.Get("friendly_name").String())
	case "user":
		return m.knows(c.People, one.Get("identity").String())
	}
	attributes := one.Get("attributes").String()
	if one.Get("unique_name").String() == migrate.ClaimName {
		return m.digest(gjson.Get(attributes, "chatbridge_claim.source").String()) == c.Service
	}
	created, _ := time.Parse(time.RFC3339, one.Get("date_created").String())
	return m.knows(c.Conversations, mapping.Recognition(conversations.Conversation{
		UniqueName: one.Get("unique_name").String(), FriendlyName: one.Get("friendly_name").String(), DateCreated: created, Attributes: attributes,
	}))
}

// inCopy reports whether a participant or a message is what the copy made. It has
// to be in a conversation that the copy made.
func (m Made) inCopy(noun string, one gjson.Result) bool {
	if noun == "participant" {
		return m.knows(m.Copied.People, one.Get("identity").String())
	}
	dated, err := time.Parse(time.RFC3339, one.Get("date_created").String())
	return err == nil && dated.Before(m.Copied.Newest) && m.knows(m.Copied.People, one.Get("author").String())
}

// Named reports whether a service is named as those of rehearsals are.
func Named(friendlyName string) bool {
	token, ok := strings.CutPrefix(friendlyName, namePrefix)
	return ok && tokenForm.MatchString(token)
}

// Check says what of a Content is more than a rehearsal copies.
func (c Content) Check() error {
	switch {
	case c.Messages > MostMessages:
		return fmt.Errorf("the channels have more than %d messages", MostMessages)
	case c.Entries() > MostEntries:
		return fmt.Errorf("the channels have %d roles and people in them, and at most %d are copied", c.Entries(), MostEntries)
	}
	return nil
}
