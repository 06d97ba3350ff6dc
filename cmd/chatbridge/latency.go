package main

import (
	"cmp"
	"time"

	"github.com/spf13/pflag"

	"chatbridge/migrate/transport"
)

// latencyOption says how long a request takes.
type latencyOption struct {
	Latency time.Duration
}

// mostLatency is what no request takes: an attempt is given up long before.
const mostLatency = time.Minute

func (o *latencyOption) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.DurationVar(&o.Latency, "latency", 0, "how long a request to Twilio takes, such as 120ms, for the estimate; by default what the reads of the audit took, or 100ms if the source is an archive")
	})
}

func (o *latencyOption) check() error {
	if o.Latency < 0 || o.Latency > mostLatency {
		return usageError("write a duration with its unit, such as 120ms, or leave it out to have it measured", "--latency %s is not between 0s and %s", o.Latency, mostLatency)
	}
	return nil
}

// measured is how long a read took on the wire, and false if nothing was read there.
func (o *connectionOptions) measured() (time.Duration, bool) {
	if o.wire == nil {
		return 0, false
	}
	return o.wire.Latency()
}

// observer tells both the meter and whoever else observes.
func (o *connectionOptions) observer() transport.Observer {
	if o.observe == nil {
		return o.wire.Request
	}
	return func(host, method string, status int, took time.Duration) {
		o.wire.Request(host, method, status, took)
		o.observe(host, method, status, took)
	}
}

// writeTime is how long a write is taken to take: as a rehearsal measured, as somebody
// said, or as long as a read.
func (o *auditOptions) writeTime() time.Duration {
	read, _ := o.measured()
	return cmp.Or(o.rehearsed.WriteTime(), o.Latency, read)
}
