package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// unit is what is run at once: a test, or a subtest of one that takes long.
type unit struct {
	binary *binary
	name   string
	took   time.Duration // with no mutant on
	slow   bool          // left out
	reach  map[int]bool  // numbers of the sites that it reaches
}

// pattern selects one test by the name that go test prints.
func pattern(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return "-test.run=" + strings.Join(parts, "/")
}

// recording is how long a test may take with no mutant on.
const recording = 10 * time.Minute

// survey runs every test by itself, with no mutant on, and notes what it
// reaches.
type survey struct {
	sites       int
	args        []string // for those test binaries that know these flags
	split, slow time.Duration
	workers     int
	progress    io.Writer
}

func (s *survey) run(ctx context.Context, binaries []*binary) ([]*unit, error) {
	var tests []*unit
	for _, b := range binaries {
		names, err := s.names(ctx, b)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			tests = append(tests, &unit{binary: b, name: name})
		}
	}
	parts := make([][]*unit, len(tests))
	err := parallel(ctx, s.workers, len(tests), func(ctx context.Context, i int) error {
		var err error
		parts[i], err = s.measure(ctx, tests[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	all := slices.Concat(parts...)
	slices.SortStableFunc(all, func(a, b *unit) int { return int(a.took - b.took) })
	for _, u := range all {
		u.slow = s.slow > 0 && u.took > s.slow
	}
	return all, nil
}

// names are the tests of a binary. Flags that it does not define are not for it.
func (s *survey) names(ctx context.Context, b *binary) ([]string, error) {
	b.args = s.args
	o, err := b.start(ctx, "-1", recording, "-test.list=.")
	if err == nil && !o.passed && strings.Contains(o.output, "flag provided but not defined") {
		b.args = nil
		o, err = b.start(ctx, "-1", recording, "-test.list=.")
	}
	if err != nil {
		return nil, err
	}
	if !o.passed {
		return nil, fmt.Errorf("list the tests of %s: %s", b.pkg, o.output)
	}
	var names []string
	for line := range strings.Lines(o.output) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "Test") || strings.HasPrefix(line, "Fuzz") || strings.HasPrefix(line, "Example") {
			names = append(names, line)
		}
	}
	return names, nil
}

// measure runs a test, and its subtests each by itself where it takes long and
// they pass alone.
func (s *survey) measure(ctx context.Context, u *unit) ([]*unit, error) {
	o, err := s.record(ctx, u)
	if err != nil {
		return nil, err
	}
	if !o.passed {
		return nil, fmt.Errorf("%s of %s fails with no mutant on:\n%s", u.name, u.binary.pkg, o.output)
	}
	if s.split <= 0 || u.took <= s.split {
		return []*unit{u}, nil
	}
	var parts []*unit
	for _, name := range subtests(u.name, o.output) {
		part := &unit{binary: u.binary, name: name}
		o, err := s.record(ctx, part)
		if err != nil {
			return nil, err
		}
		if !o.passed {
			return []*unit{u}, nil
		}
		parts = append(parts, part)
	}
	if len(parts) < 2 {
		return []*unit{u}, nil
	}
	return parts, nil
}

func (s *survey) record(ctx context.Context, u *unit) (outcome, error) {
	o, err := u.binary.start(ctx, fmt.Sprintf("record %d", s.sites), recording, pattern(u.name), "-test.v", "-test.count=1")
	if err != nil {
		return o, err
	}
	u.took, u.reach = o.took, map[int]bool{}
	for _, n := range o.reached {
		u.reach[n] = true
	}
	_, _ = fmt.Fprintf(s.progress, "%8.2fs %5d  %s %s\n", o.took.Seconds(), len(o.reached), u.binary.pkg, u.name)
	return o, nil
}

var result = regexp.MustCompile(`^ {4}--- (?:PASS|SKIP): (\S+) \(`)

// subtests are the direct subtests that a verbose run printed.
func subtests(test, output string) []string {
	var names []string
	for line := range strings.Lines(output) {
		m := result.FindStringSubmatch(line)
		if m != nil && strings.HasPrefix(m[1], test+"/") {
			names = append(names, m[1])
		}
	}
	return names
}
