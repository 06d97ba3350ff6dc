package faults

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Parse makes the plan that a specification describes. An error names what
// would have been valid.
func Parse(spec string) (*Plan, error) {
	p := &Plan{rates: rates{}}
	if err := p.apply(spec, true); err != nil {
		return nil, fmt.Errorf("parse faults: %w", err)
	}
	if len(p.rates) == 0 && len(p.rules) == 0 {
		return nil, errors.New("parse faults: nothing to inject: set rate=…, KIND=… or nth(…)=KIND")
	}
	if err := p.rates.check(); err != nil {
		return nil, fmt.Errorf("parse faults: %w", err)
	}
	return p, nil
}

// apply reads settings that commas separate. Only those of the command line
// may name a script.
func (p *Plan) apply(spec string, scripts bool) error {
	for _, setting := range split(spec) {
		name, value, found := strings.Cut(setting, "=")
		if !found {
			return fmt.Errorf("setting %q: want NAME=VALUE", setting)
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if name == "script" && scripts {
			if err := p.applyScript(value); err != nil {
				return err
			}
			continue
		}
		if err := p.set(name, value); err != nil {
			return err
		}
	}
	return nil
}

// split cuts at commas that stand outside of parentheses.
func split(spec string) []string {
	depth := 0
	parts := strings.FieldsFunc(spec, func(r rune) bool {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		return r == ',' && depth == 0
	})
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return slices.DeleteFunc(parts, func(s string) bool { return s == "" })
}

func (p *Plan) applyScript(value string) error {
	name, found := strings.CutPrefix(value, "@")
	if !found || name == "" {
		return fmt.Errorf("script %q: want @FILE", value)
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read script: %w", err)
	}
	lines := bufio.NewScanner(strings.NewReader(string(raw)))
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if err := p.apply(line, false); err != nil {
			return fmt.Errorf("%s, line %d: %w", name, n, err)
		}
	}
	return lines.Err()
}

func (p *Plan) set(name, value string) (err error) {
	if arguments, isRule := strings.CutPrefix(name, "nth("); isRule {
		arguments, closed := strings.CutSuffix(arguments, ")")
		if !closed {
			return fmt.Errorf("rule %s: the parenthesis is not closed", name)
		}
		r, err := parseRule(arguments, value)
		p.rules = append(p.rules, r)
		return err
	}
	switch name {
	case "seed":
		p.Seed, err = strconv.ParseUint(value, 10, 64)
	case "limit":
		p.Limit, err = positive(strconv.Atoi(value))
	case "late-within":
		p.Late, err = positive(time.ParseDuration(value))
	case "late-after":
		p.LateAfter, err = positive(time.ParseDuration(value))
	case "stall-for":
		p.Stall, err = positive(time.ParseDuration(value))
	case "slow-for":
		p.Slow, err = positive(time.ParseDuration(value))
	case "retry-after":
		p.RetryAfter, err = positive(time.ParseDuration(value))
	case "rate":
		p.rates[""], err = share(value)
	default:
		if !known(name) {
			return unknownKind(name)
		}
		p.rates[name], err = share(value)
	}
	if err != nil {
		return fmt.Errorf("setting %s=%s: %w", name, value, err)
	}
	return nil
}

func positive[T cmp.Ordered](v T, err error) (T, error) {
	var zero T
	if err == nil && v <= zero {
		err = errors.New("want more than zero")
	}
	return v, err
}

func share(value string) (float64, error) {
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || !(v >= 0 && v <= 1) {
		return 0, errors.New("want a share from 0 to 1")
	}
	return v, nil
}

func unknownKind(name string) error {
	all := make([]string, len(effects))
	for i, k := range Kinds() {
		all[i] = string(k)
	}
	return fmt.Errorf("%q is neither a setting nor a kind of fault; kinds are %s, and each of their dotted prefixes",
		name, strings.Join(all, ", "))
}
