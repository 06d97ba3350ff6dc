package torture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

const (
	chatHost          = "127.0.0.1:1"
	conversationsHost = "127.0.0.1:2"
	mediaHost         = "127.0.0.1:3"
)

var errKilled = errors.New("the process is gone")

// wire is the network of one process.
type wire struct {
	*process
	handlers map[string]http.RoundTripper
	fall     func(keepLedger bool)
	writes   atomic.Int64
	fallen   atomic.Bool
	kept     string // the ledger as the kill leaves it
	older    string // the ledger before

	shared *shared // the ledger, if others have it too
	lease  int     // its generation
	drain  func()  // tells the process to stop
	frozen atomic.Pointer[time.Time]
	spent  atomic.Bool // it stood still, or was told to stop
}

// thaw returns when the process goes on.
func (n *wire) thaw() {
	if until := n.frozen.Load(); until != nil {
		time.Sleep(time.Until(*until))
	}
}

// RoundTrip is of http.RoundTripper. No two requests arrive at one moment, and no
// two answers, so that what comes first does not depend on the scheduler.
func (n *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	asked, err := n.read(r)
	if err != nil {
		return nil, err
	}
	there, back := n.times(asked)
	if err := pause(r.Context(), there); err != nil {
		return nil, err
	}
	n.thaw()
	if n.fallen.Load() {
		return nil, errKilled
	}
	write := r.Method != http.MethodGet
	if write && n.dies() && !n.death.after {
		if err := n.die(asked); err != nil {
			return nil, err
		}
		r = r.WithContext(context.WithoutCancel(r.Context())) // it is past every check
	}
	if parts := strings.Split(r.URL.Path, "/"); n.shared != nil && len(parts) > 5 && parts[4] == "Conversations" {
		n.shared.touched(n.lease, parts[5], write && parts[len(parts)-1] == "Messages")
	}
	resp, err := n.handlers[r.URL.Host].RoundTrip(r)
	n.arrived(asked, resp, err)
	if n.spent.Load() && n.death.lose && !n.fallen.Swap(true) {
		n.log("%s dies when it wakes up", n.name)
		n.fall(true)
		return nil, errKilled
	}
	if write && n.dies() && n.death.after && !n.fallen.Load() {
		if err := n.die(asked); err != nil {
			return nil, err
		}
	}
	n.thaw()
	if write {
		n.writes.Add(1)
	}
	n.meddle(mix(n.seed, uint64(there), uint64(back)))
	if err := pause(r.Context(), back); err != nil {
		if resp != nil {
			_ = resp.Body.Close()
		}
		return nil, err
	}
	if n.fallen.Load() {
		return nil, errKilled
	}
	if resp != nil && r.URL.Host != mediaHost {
		resp.Body, resp.ContentLength = here(resp.Body), -1
	}
	return resp, err
}

// queue lets no two requests come to the transport at one moment: it has places for
// some, and who gets one first would be the scheduler's choice.
type queue struct {
	wire *wire
	next http.RoundTripper
}

// RoundTrip is of http.RoundTripper.
func (q queue) RoundTrip(r *http.Request) (*http.Response, error) {
	asked, err := q.wire.read(r)
	if err != nil {
		return nil, err
	}
	turn, _ := q.wire.times("turn " + asked)
	if err := pause(r.Context(), turn/8); err != nil {
		return nil, &transport.AttemptError{Sent: false, Err: err}
	}
	return q.next.RoundTrip(r)
}

// dies reports whether the write that is on its way is the last one.
func (n *wire) dies() bool {
	if n.death == nil || n.fallen.Load() || n.spent.Load() {
		return false
	}
	at := int(n.writes.Load()) + 1
	if n.death.rollback > 0 && n.older == "" && at >= n.death.write-n.death.rollback {
		n.older = n.snapshot(n.ledger, "older")
	}
	return at == n.death.write
}

// die ends the process, or has it stand still or stop, and go on with the request.
func (n *wire) die(asked string) error {
	if d := *n.death; d.drain || d.freeze > 0 {
		if n.spent.Swap(true) {
			return nil
		}
		if d.drain {
			n.log("%s is told to stop at %s", n.name, asked)
			n.drain()
			return nil
		}
		until := time.Now().Add(d.freeze)
		n.frozen.Store(&until)
		n.log("%s stands still for %s at %s", n.name, d.freeze, asked)
		time.Sleep(d.freeze)
		n.shared.mu.Lock()
		n.shared.woken = append(n.shared.woken, time.Now())
		n.shared.mu.Unlock()
		return nil
	}
	n.fallen.Store(true)
	n.log("%s dies at %s", n.name, asked)
	n.fall(n.death.cut)
	if n.older != "" {
		n.kept = n.older
	}
	return errKilled
}

// read is what a request asks, in a form that does not depend on the machine.
func (n *wire) read(r *http.Request) (string, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return r.Method + " " + r.URL.Host + r.URL.RequestURI(), nil
	}
	raw, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err != nil {
		return "", err
	}
	if r.URL.Host == mediaHost {
		r.Body = io.NopCloser(bytes.NewReader(raw)) // what asks again opens the file anew
		return fmt.Sprintf("%s %s%s %d bytes %x", r.Method, r.URL.Host, r.URL.RequestURI(), len(raw), sha256.Sum256(raw)), nil
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil {
		return "", err
	}
	if a := form.Get("Attributes"); strings.Contains(a, `"pid":`) {
		form.Set("Attributes", anywhere(a))
	}
	text := form.Encode()
	r.ContentLength = int64(len(text))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	r.Body, err = r.GetBody()
	if err != nil {
		return "", err
	}
	return r.Method + " " + r.URL.Host + r.URL.RequestURI() + " " + text, nil
}

var pid = regexp.MustCompile(`"pid":\d+`)

const anyHost = "some-host"

// anywhere takes the machine out of a claim, and here puts it back.
func anywhere(attributes string) string {
	host, _ := os.Hostname()
	return strings.Replace(pid.ReplaceAllString(attributes, `"pid":1`), `"host":"`+host+`"`, `"host":"`+anyHost+`"`, 1)
}

func here(body io.ReadCloser) io.ReadCloser {
	raw, err := io.ReadAll(body)
	_ = body.Close()
	host, _ := os.Hostname()
	if err == nil {
		raw = bytes.ReplaceAll(raw, []byte(`\"host\":\"`+anyHost+`\"`), []byte(`\"host\":\"`+host+`\"`))
		return io.NopCloser(bytes.NewReader(raw))
	}
	return io.NopCloser(io.MultiReader(bytes.NewReader(raw), broken{err}))
}

// broken is the end of a body that is not its end.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// times are how long a request takes to arrive, and its answer to come back. They
// follow from what is asked and when, and not from how often it was asked: a
// request that was cut off before it left may have been asked or not.
func (n *wire) times(asked string) (there, back time.Duration) {
	h := fnv.New64a()
	_, _ = io.WriteString(h, n.name+asked) // never fails
	at := mix(n.seed, h.Sum64(), uint64(time.Since(n.began)))
	const least, span = time.Millisecond, 30 * time.Millisecond
	return least + time.Duration(at%uint64(span)), least + time.Duration(mix(at)%uint64(span))
}

func (n *wire) arrived(asked string, resp *http.Response, err error) {
	if err != nil {
		n.log("%s %s: %v", n.name, asked, err)
		return
	}
	n.log("%s %s: %d", n.name, asked, resp.StatusCode)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// mix spreads its arguments over 64 bits.
func mix(values ...uint64) uint64 {
	var z uint64
	for _, v := range values {
		z += v + 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
	}
	return z
}

var _ migrate.Observer = (*world)(nil)
