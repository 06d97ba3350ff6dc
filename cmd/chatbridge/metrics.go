package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/migrate/metrics"
	"chatbridge/migrate/replay"
)

// metricsOption says where metrics are served while a command works.
type metricsOption struct{ MetricsAddr string }

func (o *metricsOption) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringVar(&o.MetricsAddr, "metrics-addr", "", "serve Prometheus metrics on this `host:port`; without a host, to this machine only")
	})
}

// meter measures a command. A nil one measures nothing.
type meter struct {
	metrics *metrics.Metrics
	server  *metrics.Server
}

// measure begins to serve metrics, and has the requests of c counted in them;
// the meter is nil where nobody asked for it. It is to be closed.
func (o *metricsOption) measure(c *connectionOptions, on *console) (*meter, error) {
	if on.of != nil {
		return on.of.measure(c), nil
	}
	if o.MetricsAddr == "" {
		return nil, nil
	}
	m := metrics.New()
	served, err := o.serve(m.Handler(), on)
	if err != nil {
		return nil, err
	}
	c.observe = m.Request
	served.metrics = m
	return served, nil
}

// serve begins to serve metrics, and says where.
func (o *metricsOption) serve(h http.Handler, on *console) (*meter, error) {
	s, err := metrics.Serve(o.MetricsAddr, h)
	if err != nil {
		return nil, usageError("choose another address; --metrics-addr :0 takes a free port and prints it", "--metrics-addr: %w", plainly(err))
	}
	fmt.Fprintf(on.err, "Metrics: %s\n", s.URL)
	if s.Public {
		fmt.Fprintln(on.err, "warning: other machines can read these metrics; to prevent that, give no host, or 127.0.0.1")
	}
	return &meter{server: s}, nil
}

// Close ends serving.
func (m *meter) Close() error {
	if m == nil || m.server == nil {
		return nil
	}
	return m.server.Close()
}

// observer is next, measured.
func (m *meter) observer(next migrate.Observer) migrate.Observer {
	if m == nil {
		return next
	}
	return m.metrics.Observer(next)
}

// run measures a whole migration.
func (m *meter) run(r *replay.Migration) {
	if m == nil {
		return
	}
	m.metrics.Traffic(r.Traffic)
	r.Observer, r.Began = m.observer(r.Observer), m.metrics.Progress
}
