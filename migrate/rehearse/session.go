package rehearse

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"chatbridge/migrate"
)

// session is the state of one run.
type session struct {
	*Rehearser
	made Made

	mu     sync.Mutex // of what experiments may count concurrently
	asked  int64
	writes map[string][]time.Duration // by what was created: those that did not have to wait for their turn

	mine map[string]bool // SIDs of what this process created

	contents
}

func newSession(r *Rehearser) *session {
	own := *r
	own.Observer = migrate.Observed(own.Observer)
	if own.Now == nil {
		own.Now = time.Now
	}
	if own.Wait == nil {
		own.Wait = wait
	}
	if own.Token == nil {
		own.Token = token
	}
	return &session{Rehearser: &own, writes: map[string][]time.Duration{}, mine: map[string]bool{}}
}

func token() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails
	return hex.EncodeToString(raw[:])
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// pause waits, and says why.
func (s *session) pause(ctx context.Context, d time.Duration, why string) error {
	if d <= 0 {
		return nil
	}
	defer migrate.Awaiting(ctx, migrate.Settling, why)()
	return s.Wait(ctx, d)
}

// refused is a request that was answered by a refusal where the experiment needs
// it to be carried out.
type refused struct {
	method, shape string
	status, code  int
}

func (r *refused) Error() string {
	return fmt.Sprintf("%s %s was refused (%s)", r.method, r.shape, status(r.status, r.code))
}

func asRefused(err error) (*refused, bool) { return errors.AsType[*refused](err) }

// explained is the error of a rehearsal that cannot do without what was refused.
func (r *refused) explained(hint string) error {
	e := &migrate.Error{Op: "rehearse", Kind: migrate.Refused, Code: r.code, Err: r, Hint: fmt.Sprintf("see https://www.twilio.com/docs/errors/%d", r.code)}
	if r.code == 0 {
		e.Hint = "to see what led to it, run again with -v"
	}
	if r.status == http.StatusForbidden {
		e.Kind, e.Hint = migrate.Credentials, cmp.Or(hint, "use the auth token, or a key that may create and delete services, users, roles and conversations")
	}
	return e
}

func status(http, code int) string {
	if code == 0 {
		return fmt.Sprintf("HTTP %d", http)
	}
	return fmt.Sprintf("HTTP %d, Twilio error %d", http, code)
}

// says words how a request was answered.
func says(r migrate.ProbeReply) string { return status(r.Status, r.Code()) }

var sidForm = regexp.MustCompile(`[A-Z]{2}[0-9a-f]{32}`)

// shapeOf is a target without what differs from one resource to the next, and
// without names.
func shapeOf(target string) string {
	path, _, _ := strings.Cut(target, "?")
	return sidForm.ReplaceAllStringFunc(path, func(sid string) string { return "{" + sid[:2] + "}" })
}

// try sends a trial. A refusal is a reply; that the service is down, busy, or does
// not take the credentials is an error.
func (s *session) try(ctx context.Context, t migrate.Trial) (migrate.ProbeReply, error) {
	s.mu.Lock()
	s.asked++
	s.mu.Unlock()
	r, err := s.Experimenter.Try(ctx, t)
	if err != nil {
		return r, err
	}
	fail := func(kind migrate.Kind, hint string) error {
		return &migrate.Error{Op: "experiment", Kind: kind, Code: r.Code(), Hint: hint,
			Err: fmt.Errorf("%s %s was answered with %s", t.Method, shapeOf(t.Target), says(r))}
	}
	switch {
	case r.Status == http.StatusUnauthorized:
		return r, fail(migrate.Credentials, s.CredentialHint)
	case r.Status == http.StatusTooManyRequests:
		return r, fail(migrate.Throttled, "")
	case r.Status >= 500 && t.Method == http.MethodGet:
		return r, fail(migrate.Unavailable, "")
	case r.Status >= 500:
		return r, fail(migrate.InDoubt, "")
	}
	return r, nil
}

// at is the path of what is in the service.
func (s *session) at(segments ...string) string {
	var b strings.Builder
	b.WriteString("/v1/Services/" + s.made.ServiceSID)
	for _, one := range segments {
		b.WriteString("/" + escaped(one))
	}
	return b.String()
}

func escaped(segment string) string {
	switch segment {
	case ".":
		return "%2E"
	case "..":
		return "%2E%2E"
	}
	return url.PathEscape(segment)
}

// form makes a form of pairs.
func form(pairs ...string) url.Values {
	f := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Add(pairs[i], pairs[i+1])
	}
	return f
}

// post writes to a path in the service, and is answered whichever way.
func (s *session) post(ctx context.Context, path string, f url.Values) (migrate.ProbeReply, error) {
	return s.write(ctx, migrate.Trial{Method: http.MethodPost, Target: path, Form: f})
}

// write writes once. A message bears the token in its attributes, unless they are
// what is tried: its text and its author may be stored otherwise.
func (s *session) write(ctx context.Context, t migrate.Trial) (migrate.ProbeReply, error) {
	t.Host = migrate.TargetConversations
	t.Service, t.Conversation = s.made.ServiceSID, conversationOf(t.Target)
	if strings.HasSuffix(t.Target, "/Messages") && !t.Form.Has("Attributes") {
		t.Form = maps.Clone(t.Form)
		t.Form.Set("Attributes", s.marked())
	}
	r, err := s.try(ctx, t)
	if err == nil && r.OK() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.mine[sidOf(r)] = true
	}
	return r, err
}

// marked are attributes that bear the token, with more fields.
func (s *session) marked(fields ...string) string {
	return "{" + strings.Join(append(fields, `"rehearsal":"`+s.made.Token+`"`), ",") + "}"
}

// timed creates when it need not wait for its turn, and notes how long that took.
func (s *session) timed(ctx context.Context, kind, path string, f url.Values) error {
	if err := s.pause(ctx, 2*leaves, "the next write is to be timed"); err != nil {
		return err
	}
	r, err := s.post(ctx, path, f)
	if err == nil && r.Status == http.StatusCreated {
		s.writes[kind] = append(s.writes[kind], r.Took)
	}
	return err
}

// created writes once, and has to be carried out. It is given time if somebody else
// is said to be writing to the same resource.
func (s *session) created(ctx context.Context, path string, f url.Values) (gjson.Result, error) {
	for attempt := 1; ; attempt++ {
		r, err := s.post(ctx, path, f)
		switch {
		case err != nil:
			return gjson.Result{}, err
		case migrate.CodeContended(r.Code()) && attempt < 5:
			if err := s.pause(ctx, time.Second, "somebody else is writing there"); err != nil {
				return gjson.Result{}, err
			}
			continue
		case !r.OK():
			return gjson.Result{}, &refused{http.MethodPost, shapeOf(path), r.Status, r.Code()}
		case !sidForm.MatchString(gjson.GetBytes(r.Body, "sid").String()) && !strings.Contains(path, "/Configuration"):
			return gjson.Result{}, &migrate.Error{Op: "experiment", Kind: migrate.InDoubt, Err: fmt.Errorf("POST %s was answered with %s and no SID", shapeOf(path), says(r))}
		}
		return gjson.ParseBytes(r.Body), nil
	}
}

// drop deletes by SID. What is not there is deleted.
func (s *session) drop(ctx context.Context, path string) error {
	r, err := s.try(ctx, migrate.Trial{Host: migrate.TargetConversations, Method: http.MethodDelete, Target: path,
		Service: s.made.ServiceSID, Conversation: conversationOf(path), Repeat: true})
	if err == nil && !r.OK() && r.Status != http.StatusNotFound {
		return &refused{http.MethodDelete, shapeOf(path), r.Status, r.Code()}
	}
	return err
}

// conversationOf is the conversation whose limit a write to a path counts against:
// everything in it, and it itself but for its creation and deletion, which count
// against the service like everything else (Twilio, conversations-limits).
func conversationOf(path string) string {
	_, rest, in := strings.Cut(path, "/Conversations/")
	if !in {
		return ""
	}
	sid, _, _ := strings.Cut(rest, "/")
	return sid
}

// medians are how many seconds a write of each kind took.
func (s *session) medians() map[string]float64 {
	out := map[string]float64{}
	for kind, took := range s.writes {
		out[kind] = median(took).Seconds()
	}
	return out
}

func median(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}
