package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Fleet are the metrics of many runs, one for each account, told apart by the label
// account.
type Fleet struct{ registry *prometheus.Registry }

// NewFleet returns one without accounts.
func NewFleet() *Fleet { return &Fleet{prometheus.NewRegistry()} }

// Account returns the metrics of one account. A name may be given once.
func (f *Fleet) Account(name string) *Metrics {
	return register(prometheus.WrapRegistererWith(prometheus.Labels{"account": name}, f.registry))
}

// Handler serves the metrics of all.
func (f *Fleet) Handler() http.Handler {
	return promhttp.HandlerFor(f.registry, promhttp.HandlerOpts{})
}
