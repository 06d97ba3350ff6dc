package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// options are the flags.
type options struct {
	packages, tests            string
	n, workers                 int
	seed                       uint64
	only, allow, args          string
	budget, slow, split, grace time.Duration
	json, list                 bool
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("mutants", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.packages, "packages", "./migrate", "patterns of the packages to mutate")
	f.StringVar(&o.tests, "tests", "./migrate/...", "patterns of the packages whose tests are run")
	f.IntVar(&o.n, "n", 0, "how many mutants to draw; 0 takes all")
	f.Uint64Var(&o.seed, "seed", 0, "what the draw depends on; 0 takes the time")
	f.StringVar(&o.only, "only", "", "mutants to draw from: IDs, files or file:line, separated by commas")
	f.StringVar(&o.allow, "allow", "", "`file` of accepted survivors, each with its reason")
	f.DurationVar(&o.budget, "budget", 0, "start no mutant and end those that run after this time; 0 never does")
	f.DurationVar(&o.slow, "slow", 0, "leave out tests that take longer than this; 0 leaves out none")
	f.DurationVar(&o.grace, "grace", 5*time.Second, "end a test after four times what it takes with no mutant on, and this")
	f.DurationVar(&o.split, "split", time.Second, "run a test that takes longer than this by its subtests; 0 never does")
	f.StringVar(&o.args, "args", "", "flags for those test binaries that know them, as in -args='-seeds=5'")
	f.IntVar(&o.workers, "j", runtime.NumCPU(), "how many tests run at a time")
	f.BoolVar(&o.json, "json", false, "report as JSON")
	f.BoolVar(&o.list, "list", false, "print the mutants and run none")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixNano())
	}
	return o, nil
}

// command runs the program: 0 when every mutant was noticed or is accepted, 1
// when one was not, 2 when it could not be found out.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	var r *report
	if err == nil {
		r, err = mutate(ctx, o, stdout, stderr)
	}
	if err == nil && r != nil {
		if o.json {
			err = r.json(stdout)
		} else {
			err = r.text(stdout)
		}
	}
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "error:", err)
		return 2
	case r != nil && len(r.unexpected()) > 0:
		return 1
	}
	return 0
}

func mutate(ctx context.Context, o options, stdout, stderr io.Writer) (*report, error) {
	allowed, err := readAccepted(o.allow)
	if err != nil {
		return nil, err
	}
	m, err := openModule(ctx, ".")
	if err != nil {
		return nil, err
	}
	packages, err := m.load(ctx, strings.Fields(o.packages))
	if err != nil {
		return nil, err
	}
	var sites []*site
	for _, p := range packages {
		if err := p.generate(m); err != nil {
			return nil, err
		}
		sites = append(sites, p.sites...)
	}
	number(sites)
	work, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	name, err := overlay(m, packages, work)
	if err != nil {
		return nil, err
	}
	numbers := len(sites)
	sites = sites[:0]
	for _, p := range packages {
		sites = append(sites, p.sites...)
	}
	chosen := draw(choose(sites, o.only), o.n, o.seed)
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no mutant in %s", strings.TrimSpace(o.packages+" "+o.only))
	}
	if o.list {
		for _, s := range chosen {
			_, _ = fmt.Fprintf(stdout, "%s %s %s\n", s.ID, s.where(), s.Key)
		}
		return nil, nil
	}
	_, _ = fmt.Fprintf(stderr, "seed %d: %d of %d mutants\n", o.seed, len(chosen), len(sites))
	binaries, err := build(ctx, m, packages, strings.Fields(o.tests), name, work)
	if err != nil {
		return nil, err
	}
	s := &survey{sites: numbers, args: strings.Fields(o.args), split: o.split, slow: o.slow, workers: o.workers, progress: stderr}
	units, err := s.run(ctx, binaries)
	if err != nil {
		return nil, err
	}
	h := &hunt{units: units, workers: o.workers, budget: o.budget, grace: o.grace, progress: stderr}
	trials, err := h.run(ctx, chosen)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(trials, func(a, b *trial) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.N, b.N))
	})
	allowed.mark(trials)
	return &report{Seed: o.seed, Sites: len(sites), Mutants: trials, Stale: allowed.stale(packages, trials)}, nil
}
