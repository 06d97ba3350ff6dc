package faults

import (
	"bytes"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"chatbridge/migrate/emulator"
)

// fault is one kind about to strike one exchange.
type fault struct {
	plan   *Plan
	kind   Kind
	w      http.ResponseWriter
	r      *http.Request
	x      *emulator.Exchange
	commit func() emulator.Reply
	random *rand.Rand
}

// struck counts the fault. What is called after it may not return.
func (f *fault) struck() { f.plan.count(f.kind, f.x) }

// drop closes the connection without an answer. A hard drop is a reset.
func (f *fault) drop(hard bool) {
	conn, _, err := http.NewResponseController(f.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, isTCP := conn.(*net.TCPConn); isTCP && hard {
		_ = tcp.SetLinger(0) // what is left is an ordinary close
	}
	_ = conn.Close()
}

// hold lasts until the client goes away, or longer than it should.
func (f *fault) hold() {
	pause(f.r.Context().Done(), orDefault(f.plan.Stall, DefaultStall))
}

// pause reports whether the time passed before done.
func pause(done <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-done:
		return false
	}
}

// send answers with a body that need not be JSON, whole.
func (f *fault) send(status int, mediaType string, body []byte) {
	f.w.Header().Set("Content-Type", mediaType)
	f.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	f.w.WriteHeader(status)
	_, _ = f.w.Write(body) // the client may have gone
}

const (
	htmlType = "text/html"
	jsonType = "application/json"
)

// errorPage is what a proxy answers in the name of a service.
func errorPage(status int) []byte {
	var b bytes.Buffer
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	b.WriteString("<html>\r\n<head><title>" + title + "</title></head>\r\n")
	b.WriteString("<body>\r\n<center><h1>" + title + "</h1></center>\r\n</body>\r\n</html>\r\n")
	return b.Bytes()
}
