package main

import "time"

// rate tells how fast a count grows, over the last few samples: what was there
// when a run resumed must not count as speed.
type rate struct {
	now     func() time.Time
	gap     time.Duration // between two samples, at the least
	samples []counted
}

type counted struct {
	at    time.Time
	count int64
}

const samplesKept = 12

func (r *rate) add(count int64) (perSecond float64) {
	now := r.now()
	if n := len(r.samples); n == 0 || now.Sub(r.samples[n-1].at) >= r.gap {
		r.samples = append(r.samples, counted{now, count})
	}
	if len(r.samples) > samplesKept {
		r.samples = r.samples[1:]
	}
	first, last := r.samples[0], r.samples[len(r.samples)-1]
	if span := last.at.Sub(first.at).Seconds(); span > 0 {
		return float64(last.count-first.count) / span
	}
	return 0
}
