package metrics

import (
	"maps"

	"github.com/prometheus/client_golang/prometheus"

	"chatbridge/migrate"
)

// pulled are the metrics that are read when somebody asks for them.
type pulled Metrics

var (
	doneDesc     = prometheus.NewDesc("chatbridge_entities_done_total", "Resources handled, by kind: written, there before, left out or failed.", []string{"kind"}, nil)
	knownDesc    = prometheus.NewDesc("chatbridge_entities_known", "Resources known to exist in the source, by kind.", []string{"kind"}, nil)
	backlogDesc  = prometheus.NewDesc("chatbridge_backlog_messages", "Messages known to exist in the source and not handled yet.", nil, nil)
	retriesDesc  = prometheus.NewDesc("chatbridge_retries_total", "Attempts that repeated an earlier one.", nil, nil)
	answersDesc  = prometheus.NewDesc("chatbridge_throttled_responses_total", "Replies that reported too many requests.", nil, nil)
	waitedDesc   = prometheus.NewDesc("chatbridge_throttled_seconds_total", "Time waited because of too many requests, added up over all waiters.", nil, nil)
	lanesDesc    = prometheus.NewDesc("chatbridge_lanes", "Channels being worked on.", nil, nil)
	findingsDesc = prometheus.NewDesc("chatbridge_findings_total", "Details that could not be carried unchanged, by code.", []string{"code"}, nil)
)

// Describe is of prometheus.Collector.
func (p *pulled) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{doneDesc, knownDesc, backlogDesc, retriesDesc, answersDesc, waitedDesc, lanesDesc, findingsDesc} {
		out <- d
	}
}

// Collect is of prometheus.Collector.
func (p *pulled) Collect(out chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	totals, done := p.entities()
	for kind, n := range done {
		count(doneDesc, float64(n), kind)
	}
	for kind, n := range totals {
		gauge(knownDesc, float64(max(n, done[kind])), kind)
	}
	gauge(backlogDesc, float64(max(0, totals[migrate.KindMessages]-done[migrate.KindMessages])))
	if read := p.traffic.Load(); read != nil {
		t := (*read)()
		count(retriesDesc, float64(t.Retried))
		count(answersDesc, float64(t.Throttled))
		count(waitedDesc, t.ThrottledTime.Seconds())
	}
	if read := p.progress.Load(); read != nil {
		now := (*read)()
		gauge(lanesDesc, float64(now.Lanes))
		for code, n := range now.Findings {
			count(findingsDesc, float64(n), string(code))
		}
	}
}

func (p *pulled) entities() (totals, done map[string]int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.totals), maps.Clone(p.done)
}
