package emulator

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// host is the way that both products take a request: credentials, the
// concurrency limit, the interceptor, and then the handler.
type host struct {
	name      Host
	emulator  *Emulator
	base      string // of the URLs in replies; empty for what the request names
	accept    []credentials
	routes    *routes
	before    func(*Exchange) error // refuses what no route should see; may be nil
	counts    *hostCounts
	inFlight  *atomic.Int64 // of the account, on all hosts
	unrouted  func(x *Exchange, known bool) error
	maxFlight int64
	open      bool // takes no credentials, and counts whoever sends some
	read      func(*Exchange, *http.Request) error
}

type credentials struct {
	user, password string
	guest          bool // see Exchange.guest
	key            bool // see Exchange.key
	main           bool // see Exchange.main
	own            bool // of the account itself, and not of its target
	token          bool // the password is the auth token that the account has by then
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := time.Now()
	h.emulator.land()
	n := h.inFlight.Add(1) + int64(h.emulator.config.InFlight)
	defer h.inFlight.Add(-1)
	if !h.open {
		w.Header().Set("Twilio-Concurrent-Requests", strconv.FormatInt(n, 10))
	}
	d := &durationWriter{ResponseWriter: w, started: started, now: h.emulator.now}
	d.date()
	x, err := h.admit(r, n)
	if err != nil {
		d.send(h.refused(err))
		return
	}
	stayed := h.wait(r, x)
	if h.postpone(r, x) || !stayed {
		return
	}
	commit := func() Reply { return h.commit(x) }
	if intercept := h.emulator.config.Intercept; intercept != nil {
		intercept(d, r, x, commit)
		return
	}
	d.send(commit())
}

// admit checks what Twilio checks before it looks at a resource.
func (h *host) admit(r *http.Request, inFlight int64) (*Exchange, error) {
	if r.Method == http.MethodGet {
		h.counts.reads.Add(1)
	} else {
		h.counts.writes.Add(1)
	}
	who, known := h.authenticate(r)
	switch {
	case h.open && r.Header.Get("Authorization") != "":
		h.emulator.counts.credentialsLeaked.Add(1)
		return nil, refuse(http.StatusBadRequest, 0, "Only one auth mechanism allowed")
	case !h.open && !known:
		return nil, refuse(http.StatusUnauthorized, 20003, "Authenticate")
	}
	if who.own {
		if err := h.emulator.admits(h.name, who); err != nil {
			return nil, err
		}
	}
	if h.maxFlight > 0 && inFlight > h.maxFlight {
		return nil, refuse(http.StatusTooManyRequests, 20429, "Too Many Requests")
	}
	base := h.base
	if base == "" {
		base = "http://" + r.Host
	}
	x, err := newExchange(h.name, r, base, h.emulator.now(), h.read)
	if err == nil {
		x.guest, x.key, x.main = who.guest, who.key, who.main
	}
	return x, err
}

func (h *host) authenticate(r *http.Request) (credentials, bool) {
	user, password, sent := r.BasicAuth()
	for _, c := range h.accept {
		if c.token {
			c.password = h.emulator.account.authToken()
		}
		if sent && equal(user, c.user) && equal(password, c.password) {
			return c, true
		}
	}
	return credentials{}, false
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// wait adds the latency, and reports whether the client is still there.
func (h *host) wait(r *http.Request, x *Exchange) bool {
	latency := h.emulator.config.Latency
	if x.Write() {
		latency += h.emulator.mischief.Takes[x.subject()]
	}
	if latency <= 0 {
		return true
	}
	timer := time.NewTimer(latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (h *host) commit(x *Exchange) Reply { return h.commitAt(x, h.emulator.now()) }

func (h *host) commitAt(x *Exchange, now time.Time) Reply {
	x.now = now
	if h.name == ConversationsHost {
		x.now = now.Add(h.emulator.mischief.Skew)
	}
	if err := h.permit(x); err != nil {
		return h.refused(err)
	}
	if h.before != nil {
		if err := h.before(x); err != nil {
			return h.refused(err)
		}
	}
	handle, known := h.routes.find(x)
	if handle == nil {
		return h.refused(h.unrouted(x, known))
	}
	return h.emulator.mischief.serve(x, func() Reply {
		reply, err := handle(x)
		if err != nil {
			return h.refused(err)
		}
		h.emulator.written.note(x, reply)
		return reply
	})
}

func (h *host) refused(err error) Reply {
	var no *refusal
	if !errors.As(err, &no) {
		no = &refusal{http.StatusInternalServerError, 20500, err.Error()}
	}
	if no.status == http.StatusTooManyRequests {
		h.counts.throttled.Add(1)
	}
	if h.open {
		return no.xml()
	}
	reply := no.reply()
	if no.status == http.StatusUnauthorized {
		reply.Header = http.Header{"Www-Authenticate": {`Basic realm="Twilio API"`}}
	}
	return reply
}

// durationWriter says when a reply starts, and how long the request took.
type durationWriter struct {
	http.ResponseWriter
	started time.Time
	now     func() time.Time
	dated   string // the date that the reply has
}

func (w *durationWriter) date() {
	w.dated = w.now().UTC().Format(http.TimeFormat)
	w.Header().Set("Date", w.dated)
}

func (w *durationWriter) send(r Reply) { r.WriteTo(w) }

func (w *durationWriter) WriteHeader(status int) {
	seconds := time.Since(w.started).Seconds()
	w.Header().Set("Twilio-Request-Duration", strconv.FormatFloat(seconds, 'f', 3, 64))
	if w.Header().Get("Date") == w.dated { // and not another, or none, that an interceptor wants
		w.date()
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController hijack, flush and set deadlines.
func (w *durationWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
