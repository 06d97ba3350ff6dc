package metrics

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"sync"
	"time"
)

// ErrNotLoopback is the error of an address for profiles that other machines could
// reach.
var ErrNotLoopback = errors.New("is not an address of this machine alone")

// profilesPath is where go tool pprof looks.
const profilesPath = "/debug/pprof/"

// Seconds that are recorded if nobody says how many, as net/http/pprof has them, and
// the most.
const (
	profileSeconds = 30
	traceSeconds   = 1
	mostSeconds    = 3600
)

// ServeProfiles listens on addr, a host:port of this machine, and serves what
// package runtime/pprof has under /debug/pprof/: goroutine, heap, allocs,
// threadcreate, block and mutex, the processor as profile, and trace; profile and
// trace take ?seconds=, 3600 at most. Without a host it listens on 127.0.0.1; port 0
// picks one. An address that other machines could reach is ErrNotLoopback.
//
// Package net/http/pprof is not used: it adds itself to http.DefaultServeMux, and
// shows the command line.
func ServeProfiles(addr string) (*Server, error) {
	at, err := address(addr)
	if err != nil {
		return nil, err
	}
	tcp, err := net.ResolveTCPAddr("tcp", at)
	if err != nil {
		return nil, err
	}
	if !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("%s %w", addr, ErrNotLoopback)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+profilesPath+"{$}", listProfiles)
	mux.HandleFunc("GET "+profilesPath+"{name}", sendProfile)
	mux.HandleFunc("GET "+profilesPath+"profile", recorded(profileSeconds, pprof.StartCPUProfile, pprof.StopCPUProfile))
	mux.HandleFunc("GET "+profilesPath+"trace", recorded(traceSeconds, trace.Start, trace.Stop))
	return listen(tcp.String(), mux, profilesPath)
}

func listProfiles(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, p := range pprof.Profiles() {
		fmt.Fprintf(w, "%s\n", p.Name())
	}
	fmt.Fprintf(w, "profile?seconds=%d\ntrace?seconds=%d\n", profileSeconds, traceSeconds)
}

// sendProfile sends a profile in the form that go tool pprof reads, and with
// ?debug=1 or 2 as text.
func sendProfile(w http.ResponseWriter, r *http.Request) {
	p := pprof.Lookup(r.PathValue("name"))
	if p == nil {
		http.Error(w, "there is no such profile", http.StatusNotFound)
		return
	}
	debug, _ := strconv.Atoi(r.FormValue("debug"))
	_ = p.WriteTo(w, debug) // whoever asked is gone
}

// recorded sends what is recorded for some seconds, or until nobody waits for it any
// more. One recording runs at a time.
func recorded(seconds int, start func(io.Writer) error, stop func()) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.ParseFloat(cmp.Or(r.FormValue("seconds"), strconv.Itoa(seconds)), 64)
		if err != nil || !(n > 0 && n <= mostSeconds) {
			http.Error(w, fmt.Sprintf("seconds is not a number above 0 and up to %d", mostSeconds), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		body := &sharedWriter{to: w}
		if err := start(body); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		defer stop()
		body.flush() // so that whoever asked knows that it has begun
		timer := time.NewTimer(time.Duration(n * float64(time.Second)))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	}
}

// sharedWriter writes a response from two goroutines: what records writes whenever it
// has something, and the handler sends the header meanwhile.
type sharedWriter struct {
	mu sync.Mutex
	to http.ResponseWriter
}

func (w *sharedWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(b)
}

func (w *sharedWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = http.NewResponseController(w.to).Flush() // whoever asked is gone
}
