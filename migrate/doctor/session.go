package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"chatbridge/migrate"
)

// Bounds of an examination, whatever an account holds.
const (
	examServices = 2 // services that are looked at, unless they are named
	examChannels = 4 // channels of all services whose messages are looked at
	examPages    = 3 // pages of a list that is to be whole
	examFetches  = 3 // single fetches for one question
)

// session is the state of one Doctor.Run.
type session struct {
	*Doctor
	asked   int64
	replies map[string]migrate.ProbeReply
	lacking []permission
	seenV1  map[string][]resource
	skew    []time.Duration
	inUse   int // replies with the header that counts requests
	sampled *sample
}

// permission is what the credentials may not do, and where.
type permission struct {
	action string
	host   migrate.ProbeHost
}

func (p permission) String() string {
	return p.action + " at " + [...]string{
		migrate.SourceChat: "Chat, the source", migrate.TargetConversations: "Conversations, the target", migrate.TargetChat: "Chat of the target account",
	}[p.host]
}

// sample is what the messages of a few channels are looked at in.
type sample struct {
	services []resource
	channels []resource // the chosen ones
}

func newSession(d *Doctor) *session {
	own := *d
	if own.Now == nil {
		own.Now = time.Now
	}
	own.Observer = migrate.Observed(own.Observer)
	return &session{Doctor: &own, replies: map[string]migrate.ProbeReply{}, seenV1: map[string][]resource{}}
}

// refusedRead is a read that was answered by a refusal.
type refusedRead struct {
	shape  string
	status int
	code   int
}

func (r *refusedRead) Error() string {
	if r.code == 0 {
		return fmt.Sprintf("GET %s was refused (HTTP %d)", r.shape, r.status)
	}
	return fmt.Sprintf("GET %s was refused (HTTP %d, Twilio error %d)", r.shape, r.status, r.code)
}

// get asks, unless the same was asked before. A reply that says nothing about
// the account, since the service is down or busy, ends the examination.
func (e *session) get(ctx context.Context, host migrate.ProbeHost, target string) (migrate.ProbeReply, error) {
	key := fmt.Sprint(host, " ", target)
	if r, ok := e.replies[key]; ok {
		return r, nil
	}
	sent := e.Now()
	r, err := e.Prober.Get(ctx, host, target)
	e.asked++
	if err != nil {
		return r, err
	}
	e.header(r.Header, sent, e.Now())
	switch {
	case r.Status == http.StatusTooManyRequests:
		return r, &migrate.Error{Op: "read " + shapeOf(target), Kind: migrate.Throttled, Code: r.Code(), Err: errors.New("too many requests")}
	case r.Status >= 500:
		return r, &migrate.Error{Op: "read " + shapeOf(target), Kind: migrate.Unavailable, Code: r.Code(), Err: fmt.Errorf("the service answered HTTP %d", r.Status)}
	case forbidden(r):
		path, _, _ := strings.Cut(target, "?")
		lack := permission{migrate.PermissionOf(http.MethodGet, path), host}
		if !slices.Contains(e.lacking, lack) {
			e.lacking = append(e.lacking, lack)
		}
	}
	e.replies[key] = r
	return r, nil
}

func forbidden(r migrate.ProbeReply) bool {
	return r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden && r.Code() != migrate.CodeNoChatService
}

// header notes what every reply says by the way.
func (e *session) header(h http.Header, sent, received time.Time) {
	if h.Get("Twilio-Concurrent-Requests") != "" {
		e.inUse++
	}
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	// The header is cut to the second, and was written between the two.
	switch {
	case at.Add(time.Second).Before(sent):
		e.skew = append(e.skew, at.Add(time.Second).Sub(sent))
	case at.After(received):
		e.skew = append(e.skew, at.Sub(received))
	default:
		e.skew = append(e.skew, 0)
	}
}

// sample chooses services, and channels that have messages: those that are read
// whole with one request first, the longest of them before the others.
func (e *session) sample(ctx context.Context) (*sample, error) {
	if e.sampled != nil {
		return e.sampled, nil
	}
	services, _, err := e.list(ctx, migrate.SourceChat, "/v1/Services?PageSize=100")
	if err != nil {
		return nil, err
	}
	named := slices.DeleteFunc(services, func(one resource) bool { return one.sid() == "" })
	selected, missing := migrate.Select(named, e.Services, resource.sid)
	if missing != "" {
		return nil, migrate.NoSuchService(missing)
	}
	if len(e.Services) == 0 {
		selected = selected[:min(len(selected), examServices)]
	}
	s := &sample{services: selected}
	var all []resource
	for _, one := range s.services {
		channels, _, err := e.list(ctx, migrate.SourceChat, channelsOf("v1", one.sid(), "public", "private"))
		if err != nil {
			return nil, err
		}
		all = append(all, channels...)
	}
	all = slices.DeleteFunc(all, func(c resource) bool {
		return c.sid() == "" || c.sidIn("service_sid") == "" || c.number("messages_count") < 1
	})
	slices.SortStableFunc(all, func(a, b resource) int {
		na, nb := a.number("messages_count"), b.number("messages_count")
		if (na > maxPage) != (nb > maxPage) {
			return cmp.Compare(na, nb)
		}
		return cmp.Compare(nb, na)
	})
	s.channels = all[:min(len(all), examChannels)]
	e.sampled = s
	return s, nil
}
