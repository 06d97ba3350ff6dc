package faults

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"chatbridge/migrate/emulator"
)

// rates are shares of requests by the name of a kind or group. The empty name
// is the group of all.
type rates map[string]float64

// governs returns the longest name set that has the kind.
func (s rates) governs(k Kind) (name string, set bool) {
	name = string(k)
	for {
		if _, set := s[name]; set {
			return name, true
		}
		at := strings.LastIndexByte(name, '.')
		if at < 0 && k == LieGone {
			return "", false
		}
		if at < 0 {
			_, set := s[""]
			return "", set
		}
		name = name[:at]
	}
}

// draw returns what hits the exchange, or nil.
func (s rates) draw(x *emulator.Exchange, random *rand.Rand) *effect {
	if len(s) == 0 {
		return nil
	}
	fitting := map[string]int{}
	for i := range effects {
		if name, set := s.governs(effects[i].kind); set && effects[i].possible(x) {
			fitting[name]++
		}
	}
	point := random.Float64()
	for i := range effects {
		name, set := s.governs(effects[i].kind)
		if !set || !effects[i].possible(x) {
			continue
		}
		if point -= s[name] / float64(fitting[name]); point < 0 {
			return &effects[i]
		}
	}
	return nil
}

// check refuses shares that cannot all be had.
func (s rates) check() error {
	reads, writes := map[string]bool{}, map[string]bool{}
	for _, e := range effects {
		if name, set := s.governs(e.kind); set {
			reads[name] = reads[name] || e.reads
			writes[name] = writes[name] || e.writes
		}
	}
	if err := s.checkSum("reads", reads); err != nil {
		return err
	}
	return s.checkSum("writes", writes)
}

func (s rates) checkSum(what string, governing map[string]bool) error {
	sum := 0.0
	for name, has := range governing {
		if has {
			sum += s[name]
		}
	}
	if sum > 1+1e-9 { // sums of decimal fractions are not exact
		return fmt.Errorf("the rates that apply to %s add up to %.3g, more than 1", what, sum)
	}
	return nil
}
