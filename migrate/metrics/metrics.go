package metrics

import (
	"cmp"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"chatbridge/migrate"
	"chatbridge/migrate/replay"
)

// Metrics are what one run counts. They are there before the run is: each part
// of it is given when it exists. All methods may be called from many goroutines.
type Metrics struct {
	registry *prometheus.Registry // nil for one of a Fleet, which serves it
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec

	traffic  atomic.Pointer[func() migrate.Traffic]
	progress atomic.Pointer[func() replay.Progress]

	mu     sync.Mutex
	totals map[string]int64 // by kind
	done   map[string]int64 // by kind
}

// buckets reach from an answer of the local emulator to the deadline of one
// attempt, in seconds.
var buckets = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// New returns metrics that are all zero.
func New() *Metrics {
	registry := prometheus.NewRegistry()
	m := register(registry)
	m.registry = registry
	return m
}

// register makes metrics that somebody else serves.
func register(to prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "chatbridge_requests_total",
			Help: "Attempts of requests, by host, method and status of the reply; the code is none if there was no reply.",
		}, []string{"host", "method", "code"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "chatbridge_request_duration_seconds",
			Help:    "Time that attempts of requests took on the wire, whole replies included.",
			Buckets: buckets,
		}, []string{"host", "method"}),
		totals: map[string]int64{},
		done:   map[string]int64{},
	}
	to.MustRegister(m.requests, m.latency, (*pulled)(m))
	return m
}

// Request counts one attempt. The status is 0 where there was no reply.
func (m *Metrics) Request(host, method string, status int, took time.Duration) {
	code := "none"
	if status != 0 {
		code = strconv.Itoa(status)
	}
	method = cmp.Or(method, http.MethodGet)
	m.requests.WithLabelValues(host, method, code).Inc()
	m.latency.WithLabelValues(host, method).Observe(took.Seconds())
}

// Traffic says where retries and throttling are counted.
func (m *Metrics) Traffic(read func() migrate.Traffic) { m.traffic.Store(&read) }

// Progress says where lanes and findings are counted. It is made for
// migrate.Migration.Began.
func (m *Metrics) Progress(read func() replay.Progress) { m.progress.Store(&read) }

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Observer counts what a run tells next.
func (m *Metrics) Observer(next migrate.Observer) migrate.Observer { return &observer{next, m} }

type observer struct {
	migrate.Observer
	metrics *Metrics
}

func (o *observer) Total(kind string, n int64) {
	o.metrics.mu.Lock()
	o.metrics.totals[kind] = n
	o.metrics.mu.Unlock()
	o.Observer.Total(kind, n)
}

func (o *observer) Done(kind string, n int64) {
	o.metrics.mu.Lock()
	o.metrics.done[kind] += n
	o.metrics.mu.Unlock()
	o.Observer.Done(kind, n)
}
