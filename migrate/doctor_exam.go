package migrate

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Bounds of an examination, whatever an account holds.
const (
	examServices = 2 // services that are looked at, unless they are named
	examChannels = 4 // channels of all services whose messages are looked at
	examPages    = 3 // pages of a list that is to be whole
	examFetches  = 3 // single fetches for one question
)

// exam is the state of one Doctor.Run.
type exam struct {
	*Doctor
	asked   int64
	replies map[string]ProbeReply
	refused []string // shapes of reads that the credentials may not make
	seenV1  map[string][]resource
	skew    []time.Duration
	inUse   int // replies with the header that counts requests
	sampled *sample
}

// resource is one record of a reply, by field.
type resource map[string]json.RawMessage

// sample is what the messages of a few channels are looked at in.
type sample struct {
	services []resource
	channels []resource // the chosen ones
}

func newExam(d *Doctor) *exam {
	own := *d
	if own.Now == nil {
		own.Now = time.Now
	}
	if own.Observer == nil {
		own.Observer = unobserved{}
	}
	return &exam{Doctor: &own, replies: map[string]ProbeReply{}, seenV1: map[string][]resource{}}
}

type unobserved struct{}

func (unobserved) Total(string, int64) {}
func (unobserved) Done(string, int64)  {}
func (unobserved) Event(Event)         {}

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
func (e *exam) get(ctx context.Context, host ProbeHost, target string) (ProbeReply, error) {
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
		return r, &Error{Op: "read " + shapeOf(target), Kind: Throttled, Code: r.Code(), Err: errors.New("too many requests")}
	case r.Status >= 500:
		return r, &Error{Op: "read " + shapeOf(target), Kind: Unavailable, Code: r.Code(), Err: fmt.Errorf("the service answered HTTP %d", r.Status)}
	case forbidden(r) && !slices.Contains(e.refused, shapeOf(target)):
		e.refused = append(e.refused, shapeOf(target))
	}
	e.replies[key] = r
	return r, nil
}

// codeNoService is how Chat says, with status 403, that a service is not there.
const codeNoService = 50050

func forbidden(r ProbeReply) bool {
	return r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden && r.Code() != codeNoService
}

// header notes what every reply says by the way.
func (e *exam) header(h http.Header, sent, received time.Time) {
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

// leaf is one page of a list.
type leaf struct {
	key     string
	records []resource
	size    int64  // that the reply says it has room for
	next    string // as in the reply; empty on the last page
}

// page reads one page of a list. A refusal is a *refusedRead.
func (e *exam) page(ctx context.Context, host ProbeHost, target string) (leaf, error) {
	r, err := e.get(ctx, host, target)
	if err != nil {
		return leaf{}, err
	}
	if !r.OK() {
		return leaf{}, &refusedRead{shapeOf(target), r.Status, r.Code()}
	}
	var meta struct {
		Key  string  `json:"key"`
		Size int64   `json:"page_size"`
		Next *string `json:"next_page_url"`
	}
	var envelope map[string]json.RawMessage
	p := leaf{}
	err = json.Unmarshal(r.Body, &envelope)
	if err == nil {
		err = json.Unmarshal(envelope["meta"], &meta)
	}
	if err == nil {
		err = json.Unmarshal(envelope[meta.Key], &p.records)
	}
	if err != nil {
		return leaf{}, &Error{Op: "read " + shapeOf(target), Kind: Unavailable, Err: fmt.Errorf("make sense of reply: %w", err), Hint: "check that --chat-url and --conversations-url are the addresses of the API"}
	}
	p.key, p.size = meta.Key, meta.Size
	if meta.Next != nil {
		p.next = *meta.Next
	}
	e.note(host, target, p)
	return p, nil
}

// note keeps what the probes of dates and fields look through.
func (e *exam) note(host ProbeHost, target string, p leaf) {
	if host != SourceChat || !strings.HasPrefix(target, "/v1/") {
		return
	}
	kind := p.key
	if kind == "channels" && strings.Contains(target, "/Users/") {
		kind = "user_channels"
	}
	e.seenV1[kind] = append(e.seenV1[kind], p.records...)
}

// list reads a list up to examPages, and says whether that was all of it.
func (e *exam) list(ctx context.Context, host ProbeHost, target string) (all []resource, whole bool, err error) {
	for range examPages {
		p, err := e.page(ctx, host, target)
		if err != nil {
			return all, false, err
		}
		all = append(all, p.records...)
		if p.next == "" {
			return all, true, nil
		}
		if target, err = following(p.next); err != nil {
			return all, false, err
		}
	}
	return all, false, nil
}

// following is the path and query of the address of a page.
func following(next string) (string, error) {
	u, err := url.Parse(next)
	if err != nil || !strings.HasPrefix(u.EscapedPath(), "/") {
		return "", &Error{Op: "follow page", Kind: Unavailable, Err: errors.New("next_page_url is no address")}
	}
	return u.RequestURI(), nil
}

// one reads one resource.
func (e *exam) one(ctx context.Context, host ProbeHost, target string) (resource, error) {
	r, err := e.get(ctx, host, target)
	if err != nil {
		return nil, err
	}
	if !r.OK() {
		return nil, &refusedRead{shapeOf(target), r.Status, r.Code()}
	}
	var got resource
	if err := json.Unmarshal(r.Body, &got); err != nil {
		return nil, &Error{Op: "read " + shapeOf(target), Kind: Unavailable, Err: fmt.Errorf("make sense of reply: %w", err)}
	}
	return got, nil
}

// sample chooses services, and channels that have messages: those that are read
// whole with one request first, the longest of them before the others.
func (e *exam) sample(ctx context.Context) (*sample, error) {
	if e.sampled != nil {
		return e.sampled, nil
	}
	services, _, err := e.list(ctx, SourceChat, "/v1/Services?PageSize=100")
	if err != nil {
		return nil, err
	}
	s := &sample{}
	for _, one := range services {
		named := slices.Contains(e.Services, one.sid())
		if one.sid() != "" && (named || len(e.Services) == 0 && len(s.services) < examServices) {
			s.services = append(s.services, one)
		}
	}
	if len(s.services) == 0 && len(e.Services) > 0 {
		return nil, &Error{
			Op: "select service", Kind: NotFound, SID: e.Services[0], Err: errors.New("the source account has no such service"),
			Hint: "list the services that are there with: chatbridge audit",
		}
	}
	var all []resource
	for _, one := range s.services {
		channels, _, err := e.list(ctx, SourceChat, channelsOf("v1", one.sid(), "public", "private"))
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

// maxPage is the largest page of messages of Chat v1.
const maxPage = 1000

func channelsOf(version, service string, types ...string) string {
	q := url.Values{"PageSize": {"1000"}}
	if version == "v2" {
		q.Set("PageSize", "100")
	}
	if len(types) > 0 {
		q["Type"] = types
	}
	return "/" + version + "/Services/" + service + "/Channels?" + q.Encode()
}

func channelPath(c resource) string {
	return "/v1/Services/" + c.sidIn("service_sid") + "/Channels/" + c.sid()
}

func messagesOf(c resource) string { return channelPath(c) + "/Messages?Order=asc&PageSize=1000" }

func v2MessagesOf(c resource) string {
	return strings.Replace(channelPath(c), "/v1/", "/v2/", 1) + "/Messages?Order=asc&PageSize=100"
}

var sidForm = regexp.MustCompile(`[A-Z]{2}[0-9a-f]{32}`)

// shapeOf is a target without what differs from one resource to the next.
func shapeOf(target string) string {
	path, _, _ := strings.Cut(target, "?")
	return sidForm.ReplaceAllStringFunc(path, func(sid string) string { return "{" + sid[:2] + "}" })
}

// sid is the SID of a resource, and empty where it has none or one of another
// form: it becomes part of a path.
func (r resource) sid() string { return r.sidIn("sid") }

func (r resource) sidIn(field string) string {
	s := r.text(field)
	if len(s) != 34 || !sidForm.MatchString(s) {
		return ""
	}
	return s
}

func (r resource) text(field string) string {
	var s string
	_ = json.Unmarshal(r[field], &s)
	return s
}

func (r resource) number(field string) int64 {
	var n int64
	_ = json.Unmarshal(r[field], &n)
	return n
}

func (r resource) null(field string) bool { return r[field] == nil || string(r[field]) == "null" }

func (r resource) object(field string) resource {
	var o resource
	_ = json.Unmarshal(r[field], &o)
	return o
}
