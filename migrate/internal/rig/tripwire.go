package rig

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
)

// Trip is how a Tripwire answers.
type Trip struct {
	At     int                           // the how many-th request after Arm, from 1
	Reply  emulator.Reply                // what it is answered
	After  bool                          // it takes effect before that
	Late   time.Duration                 // if given, it has no answer, and takes effect that much later
	Outage bool                          // every later request gets that answer, too
	Count  func(*emulator.Exchange) bool // which requests count; nil counts all
}

// Tripwire is an interceptor that answers one request in the emulator's place,
// so that a test can have each request of a command fail, one after the other.
// It lets everything pass until it is armed.
type Tripwire struct {
	mu     sync.Mutex
	trip   Trip
	seen   int
	hit    string
	claims []string // SIDs of the claims that were made
}

// ofClaim is what a hit ends in that was about a claim on a service.
const ofClaim = " (claim)"

// OfClaim reports whether a hit was a write of a claim: one that is only renewed
// or given up may fail, and the command goes on.
func OfClaim(hit string) bool { return strings.HasSuffix(hit, ofClaim) }

// Denied is how Twilio answers a key that may not do this.
func Denied() emulator.Reply {
	return emulator.Refusal(http.StatusForbidden, migrate.CodeKeyRestricted, "Restricted key")
}

// Refused is how Twilio answers what it will never do.
func Refused() emulator.Reply { return emulator.Refusal(http.StatusBadRequest, 20001, "Not this one") }

// Failing is how Twilio answers while it is out of order.
func Failing() emulator.Reply {
	return emulator.Refusal(http.StatusServiceUnavailable, 20503, "Service unavailable")
}

// Arm has requests counted from now on.
func (w *Tripwire) Arm(t Trip) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trip, w.seen, w.hit = t, 0, ""
}

// Disarm lets everything pass again, and says which request was hit: its method
// and path, whether it was about a claim, and nothing if there were fewer.
func (w *Tripwire) Disarm() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trip = Trip{}
	return w.hit
}

// Intercept is an emulator.Interceptor.
func (w *Tripwire) Intercept(out http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
	if !w.trips(r, x) {
		w.commit(x, commit).WriteTo(out)
		return
	}
	w.mu.Lock()
	t := w.trip
	w.mu.Unlock()
	if t.Late > 0 {
		time.AfterFunc(t.Late, func() { w.commit(x, commit) })
		panic(http.ErrAbortHandler)
	}
	if t.After {
		w.commit(x, commit)
	}
	t.Reply.WriteTo(out)
}

// commit has a request take effect, and keeps in mind which claims there are.
func (w *Tripwire) commit(x *emulator.Exchange, commit func() emulator.Reply) emulator.Reply {
	reply := commit()
	if claims(x) && reply.Status == http.StatusCreated {
		var made struct{ SID string }
		_ = json.Unmarshal(reply.Body, &made) // what cannot be read makes a test fail that asks OfClaim
		w.mu.Lock()
		w.claims = append(w.claims, made.SID)
		w.mu.Unlock()
	}
	return reply
}

func claims(x *emulator.Exchange) bool {
	return x.Method == http.MethodPost && x.Form.Get("UniqueName") == migrate.ClaimName
}

func (w *Tripwire) trips(r *http.Request, x *emulator.Exchange) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.trip.At == 0 || w.trip.Count != nil && !w.trip.Count(x) {
		return false
	}
	w.seen++
	if w.seen != w.trip.At && (!w.trip.Outage || w.seen < w.trip.At) {
		return false
	}
	if w.hit == "" {
		w.hit = r.Method + " " + r.URL.Path
		if x.Write() && (claims(x) || slices.Contains(w.claims, x.Path[len(x.Path)-1])) {
			w.hit += ofClaim
		}
	}
	return true
}
