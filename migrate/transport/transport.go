package transport

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"time"
)

// Options are the settings of New. The zero value is usable.
type Options struct {
	// Base makes the connections.
	//
	// Defaults to NewBase(InFlight.Most), with connections of Dial(Settle).
	Base http.RoundTripper

	// Settle is how long a request that was given up may still be on its way
	// through this machine, as Dial says. It is not asked of a Base.
	Settle time.Duration

	// RootCAs vouch for the hosts. They are not asked of a Base.
	//
	// Defaults to the system's.
	RootCAs *x509.CertPool

	// InFlight bounds the requests in flight at once.
	InFlight InFlight

	// APS is how many writes a second each conversation, and each service, is
	// given. Zero does not pace.
	APS float64

	// AttemptTimeout is the time one attempt has for everything.
	//
	// Defaults to 30 seconds.
	AttemptTimeout time.Duration

	// MaxReply is the largest body that is read, in bytes.
	//
	// Defaults to 64 MiB: a page of a thousand users with attributes of 16 KiB,
	// escaped at its worst, is below it.
	MaxReply int64

	// Patience bounds the attempts of one call.
	Patience Patience

	// Counter counts the requests. May be nil.
	Counter *Counter

	// Observer is told of each attempt. May be nil.
	Observer Observer

	// Logger gets a debug line for each attempt. May be nil.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	o.InFlight = o.InFlight.withDefaults()
	if o.AttemptTimeout <= 0 {
		o.AttemptTimeout = 30 * time.Second
	}
	if o.MaxReply <= 0 {
		o.MaxReply = 64 << 20
	}
	if o.Base == nil {
		base := NewBase(o.InFlight.Most)
		base.DialContext = Dial(o.Settle)
		if o.RootCAs != nil {
			base.TLSClientConfig = &tls.Config{RootCAs: o.RootCAs}
		}
		o.Base = base
	}
	if o.Counter == nil {
		o.Counter = &Counter{}
	}
	return o
}

// New stacks the decorators. From the outside in:
//
//	retry     a wait between attempts must hold neither a token nor a slot
//	pace      every attempt takes a token, since Twilio counts every one
//	limit     a slot is held on the wire only, not while waiting for a token
//	count     attempts, not calls
//	await     as log: what waits for a slot or a token is not without an answer
//	observe   as log
//	log       attempts, with the time they took on the wire
//	deadline  its time is the wire's alone; all above see bodies that are whole
//	permit    the last question before the wire, after every wait
//
// The caller's http.Client must have no Timeout of its own, which would span
// every attempt and every wait.
func New(o Options) http.RoundTripper {
	o = o.withDefaults()
	rt := Deadline(Permit(o.Base), o.AttemptTimeout, o.MaxReply)
	if o.Logger != nil {
		rt = Log(rt, o.Logger)
	}
	if o.Observer != nil {
		rt = Observe(rt, o.Observer)
	}
	rt = Await(rt)
	rt = Count(rt, o.Counter)
	rt = Limit(rt, o.InFlight)
	rt = Pace(rt, o.APS)
	return Retry(rt, o.Patience, o.Counter)
}

// NewBase returns a transport that keeps as many idle connections to a host as
// there are requests at once: the default of 2 would open a new one for almost
// every request under load.
//
// It speaks HTTP/1.1 only. Over HTTP/2 all requests share one connection, and
// losing it would leave the outcome of every write in flight unknown at once.
//
// Its connections are those of Dial, without a settle time.
func NewBase(concurrency int) *http.Transport {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.DialContext = Dial(0)
	base.OnProxyConnectResponse = connected
	base.MaxIdleConnsPerHost = max(2, concurrency)
	base.MaxIdleConns = 2 * base.MaxIdleConnsPerHost
	base.Protocols = new(http.Protocols)
	base.Protocols.SetHTTP1(true)
	return base
}
