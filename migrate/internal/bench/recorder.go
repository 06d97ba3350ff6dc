package bench

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Recorder notes what reaches a handler.
type Recorder struct {
	mu       sync.Mutex
	began    time.Time
	first    time.Time // when the first write arrived
	laneAt   time.Time // when the first of a participant or a message did
	last     time.Time // when the reply to the last was done
	gates    map[string]int
	lanes    map[string]int
	all      int
	reads    int
	refused  []time.Time // when something was answered with 429
	inFlight int
	most     int
}

// NewRecorder is a recorder of a run that begins now.
func NewRecorder() *Recorder {
	return &Recorder{began: time.Now(), gates: map[string]int{}, lanes: map[string]int{}}
}

// Run is what a recorder saw.
type Run struct {
	Writes
	Reads int
	// Before is the time before the first write, Span that from it to the end of
	// the last, and Opening that from it to the first participant or message.
	Before, Span, Opening time.Duration
	// Refused is when requests were answered with 429, after the first write, in
	// the order in which that happened.
	Refused []time.Duration
	// InFlight is the most requests that were in flight at once.
	InFlight int
}

// Run is what was seen so far. A write that was answered with 429 was not made.
func (r *Recorder) Run() Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	run := Run{Writes: Writes{All: r.all}, Reads: r.reads, InFlight: r.most}
	for _, n := range r.gates {
		run.Gate = max(run.Gate, n)
	}
	for _, n := range r.lanes {
		run.Lane = max(run.Lane, n)
	}
	if !r.first.IsZero() {
		run.Before, run.Span = r.first.Sub(r.began), r.last.Sub(r.first)
	}
	if !r.laneAt.IsZero() {
		run.Opening = r.laneAt.Sub(r.first)
	}
	for _, at := range r.refused {
		run.Refused = append(run.Refused, at.Sub(r.first))
	}
	return run
}

// Around is h, seen by the recorder.
func (r *Recorder) Around(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		arrived := time.Now()
		r.enter()
		s := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(s, req)
		r.leave(req, arrived, s.status)
	})
}

func (r *Recorder) enter() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inFlight++
	r.most = max(r.most, r.inFlight)
}

func (r *Recorder) leave(req *http.Request, arrived time.Time, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.inFlight--
	write := req.Method != http.MethodGet
	gate, lane := counts(req.Method, req.URL.EscapedPath())
	if write {
		earliest(&r.first, arrived)
		if lane != "" && strings.Contains(req.URL.Path, lane+"/") { // and not of a claim, which is a conversation that is updated
			earliest(&r.laneAt, arrived)
		}
	}
	switch {
	case status == http.StatusTooManyRequests:
		r.refused = append(r.refused, now)
	case !write:
		r.reads++
	default:
		r.last = now
		r.all++
		if gate != "" {
			r.gates[gate]++
		}
		if lane != "" {
			r.lanes[lane]++
		}
	}
}

func earliest(so *time.Time, at time.Time) {
	if so.IsZero() || at.Before(*so) {
		*so = at
	}
}

// counts says which limit a write counts against, by the SID of its service or its
// conversation. A service itself is made under none. The deletion of a conversation
// is the service's.
func counts(method, path string) (gate, lane string) {
	at := strings.Split(strings.Trim(path, "/"), "/") // v1 Services IS… Conversations CH… …
	switch {
	case len(at) < 4 || !strings.EqualFold(at[1], "services"):
		return "", ""
	case len(at) > 4 && strings.EqualFold(at[3], "conversations") && (method != http.MethodDelete || len(at) > 5):
		return "", at[4]
	}
	return at[2], ""
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (r Run) String() string {
	return fmt.Sprintf("%.1f s before, span %.1f s, %.1f s of it to the first participant; %d of gate, %d of lane, %d writes, %d reads, %d at once",
		r.Before.Seconds(), r.Span.Seconds(), r.Opening.Seconds(), r.Gate, r.Lane, r.All, r.Reads, r.InFlight)
}
