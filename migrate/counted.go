package migrate

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"chatbridge/mapping/chat"
)

// Counted shows a source, and compares what its lists show with what it says
// elsewhere that there is: messages_count and members_count of a channel,
// joined_channels_count of all users, the channels that users are in, and how far
// members have read.
//
// If fewer came than are announced it reads again, messages once, whose other end was
// seen, and other lists up to three times, as messages of which none came, and goes on
// with what the first reading did not show. If that is still too few, the list is proved short and ends with ErrShort.
// A counter that alone disagrees proves nothing, since no document says what it counts:
// it is a finding, given to Noting. If everything agrees it asks for nothing, but that
// it reads services and users twice, which nothing counts.
//
// It must be below what selects a part of a source, and keeps a few numbers for each
// channel.
func Counted(src Source) Source {
	return &counted{Source: src, services: map[string]*countedService{}}
}

type counted struct {
	Source

	mu       sync.Mutex
	services map[string]*countedService
	channels countedChannels
}

type countedService struct {
	joined   int64 // memberships, as the users say
	known    bool  // all users were listed
	compared bool
	named    map[string]bool // channels that users are in and no list showed so far
	listed   bool            // all channels were
	latest   time.Time       // when the last of them was made
	unread   int             // channels that were listed and whose members were not read yet
	seen     int64           // members that came, of those whose were
	said     bool            // that the memberships differ
}

func (c *counted) service(sid string) *countedService {
	if c.services[sid] == nil {
		c.services[sid] = &countedService{}
	}
	return c.services[sid]
}

// Services yields those that any of several readings shows: a service that is not
// listed would be left out, and nothing would say so.
func (c *counted) Services(ctx context.Context) iter.Seq2[chat.Service, error] {
	return func(yield func(chat.Service, error) bool) {
		r := reading[chat.Service]{
			list: func() iter.Seq2[chat.Service, error] { return c.Source.Services(ctx) },
			sid:  func(s chat.Service) string { return s.SID },
			came: func(chat.Service) {},
		}
		r.twice(yield)
	}
}

// Channels compares, the first time after the users are known, how many memberships
// there are by the channels and by the users. A channel that no list shows is
// missing from one of them.
func (c *counted) Channels(ctx context.Context, serviceSID string) iter.Seq2[chat.Channel, error] {
	return func(yield func(chat.Channel, error) bool) {
		var members int64
		r := reading[chat.Channel]{
			list: func() iter.Seq2[chat.Channel, error] { return c.Source.Channels(ctx, serviceSID) },
			sid:  func(ch chat.Channel) string { return ch.SID },
			came: func(ch chat.Channel) { members += ch.MembersCount; c.show(serviceSID, ch) },
		}
		if _, goOn := r.pass(yield); !goOn {
			return
		}
		if err := c.missing(ctx, serviceSID); err != nil {
			yield(chat.Channel{}, err)
			return
		}
		c.mu.Lock()
		joined, compare := c.service(serviceSID).joined, c.service(serviceSID).known && !c.service(serviceSID).compared
		c.service(serviceSID).compared = c.service(serviceSID).compared || compare
		c.mu.Unlock()
		if !compare || joined == 0 || joined == members {
			return // of 0 nobody knows whether users say it or say nothing
		}
		shown := r.seen.Len()
		for again := 0; again < rereads && joined > members; again++ {
			if _, goOn := r.pass(yield); !goOn {
				return
			}
		}
		if fresh := r.seen.Len() - shown; joined > members && (fresh > 0 || r.seen.Len() == 0) {
			yield(chat.Channel{}, short("list channels", serviceSID,
				"later readings showed %d channels that the first did not; the channels have %d members, but users are in %d channels", fresh, members, joined))
			return
		}
		if joined != members {
			c.sayMemberships(ctx, serviceSID, joined, members)
		}
	}
}

// rereads is how often a list is read again that shows fewer than are announced:
// what does not show is not brought over, and nothing else would say so.
const rereads = 3

// Channel takes note of what a channel says now.
func (c *counted) Channel(ctx context.Context, serviceSID, channelSID string) (chat.Channel, error) {
	ch, err := c.Source.Channel(ctx, serviceSID, channelSID)
	if err == nil {
		c.announce(ch)
	}
	return ch, err
}

func (c *counted) announce(ch chat.Channel) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.change(ch.SID, func(one *countedChannel) { one.members, one.messages = ch.MembersCount, ch.MessagesCount })
}

// reading follows a list, more than once if need be, and yields each record once.
type reading[T any] struct {
	list func() iter.Seq2[T, error]
	sid  func(T) string
	came func(T)
	seen SIDSet
}

// pass reads the list once. It says how many records it showed that were not seen,
// and whether to go on.
func (r *reading[T]) pass(yield func(T, error) bool) (fresh int, goOn bool) {
	for one, err := range r.list() {
		if err == nil && !r.seen.Add(r.sid(one)) {
			continue
		}
		if err == nil {
			fresh++
			r.came(one)
		}
		if !yield(one, err) || err != nil {
			return fresh, false
		}
	}
	return fresh, true
}

// twice reads a list that nothing counts until a reading shows nothing new. One that
// shows nothing at all is read as often as others that are too short.
func (r *reading[T]) twice(yield func(T, error) bool) (goOn bool) {
	if _, goOn := r.pass(yield); !goOn {
		return false
	}
	for range rereads {
		fresh, goOn := r.pass(yield)
		if !goOn {
			return false
		}
		if fresh == 0 && r.seen.Len() > 0 {
			break
		}
	}
	return true
}

func short(op, sid, how string, args ...any) error {
	return &Error{
		Op: op, Kind: Unavailable, SID: sid,
		Err:  fmt.Errorf("%w: %s", ErrShort, fmt.Sprintf(how, args...)),
		Hint: "the service shows less than it has: run again; if that does not help, ask Twilio",
	}
}
