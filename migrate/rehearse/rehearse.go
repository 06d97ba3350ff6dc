package rehearse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"chatbridge/migrate"
)

// Rehearser makes a rehearsal.
type Rehearser struct {
	Experimenter migrate.Experimenter

	// Record keeps what was made, for whoever comes after a kill.
	Record Record

	// Account, Region and Host are where the rehearsal takes place, and Version is
	// that of chatbridge. The result is bound to them.
	Account, Region, Host, Version string

	// Skip leaves out experiments by name, and Only all others, unless it is empty.
	Skip, Only []string

	// Keep leaves the service, to be looked at. Clean removes it.
	Keep bool

	// Content is copied into the service when the experiments are made. Nil copies
	// nothing.
	Content *Content

	// CredentialHint says what to check if the credentials are refused. May be empty.
	CredentialHint string

	// Observer is told of each experiment. May be nil.
	Observer migrate.Observer

	// Now is the clock of this machine. Defaults to time.Now.
	Now func() time.Time

	// Wait waits, and returns the cause if the context ends first. Defaults to a
	// timer.
	Wait func(ctx context.Context, d time.Duration) error

	// Token is what is random about the names of one rehearsal: 32 hexadecimal
	// digits. Defaults to random ones.
	Token func() string

	// Drain, when it is closed, ends the experiments; the service is still removed. To
	// end the context stops everything at once, and leaves that to Clean. May be nil.
	Drain <-chan struct{}
}

// KindExperiments is what a Rehearser counts before its Observer.
const KindExperiments = "experiments"

// removal bounds the removal of a service at the end of a rehearsal.
const removal = 2 * time.Minute

// unanswered is how many experiments may end one after the other since the service
// did not answer, before the rehearsal ends.
const unanswered = 3

// Run makes the experiments. left is why the service was not removed, or not proved
// to be gone; the Record then still has it. It is nil if the service is gone, or was
// to be kept. err is why not all experiments were made.
func (r *Rehearser) Run(ctx context.Context) (got migrate.Rehearsal, left, err error) {
	s := newSession(r)
	began := s.Now()
	got = migrate.Rehearsal{
		SchemaVersion: migrate.SchemaVersion, Command: "rehearse",
		AccountSID: r.Account, Region: r.Region, Host: r.Host, Version: r.Version, Began: began.UTC().Truncate(time.Second),
		Experiments: []migrate.Experiment{}, Verdicts: map[migrate.Verdict]int{},
	}
	work, stop := s.drained(ctx)
	if err = s.create(ctx, work); err == nil {
		got.Experiments, err = s.experiments(work)
	}
	if err == nil && s.Content != nil {
		var e migrate.Experiment
		if e, err = s.content(work); err == nil {
			got.Experiments = append(got.Experiments, e)
		}
	}
	switch refusal, no := asRefused(err); {
	case err != nil && work.Err() != nil:
		err = context.Cause(work)
	case no:
		err = refusal.explained(s.CredentialHint)
	}
	stop()
	got.ServiceSID = s.made.ServiceSID
	got.Removed, left = s.finish(ctx, err == nil)
	got.Sound = true
	for _, e := range got.Experiments {
		got.Verdicts[e.Verdict]++
		got.Sound = got.Sound && e.Stops == ""
	}
	got.WriteTimes = s.medians()
	got.Requests, got.Duration = s.asked, s.Now().Sub(began).Seconds()
	return got, left, err
}

// drained is a context that also ends when the rehearsal is to.
func (s *session) drained(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-s.Drain: // a nil one never is
			cancel(&migrate.Error{Op: "rehearse", Kind: migrate.Interrupted, Err: errors.New("interrupted"), Hint: "run the same command again"})
		case <-over:
		}
	}()
	return ctx, func() {
		close(over)
		<-done
		cancel(nil)
	}
}

// finish removes what was made, unless it is to be kept. If ctx has ended there is no
// time for that.
func (s *session) finish(ctx context.Context, whole bool) (removed bool, left error) {
	switch {
	case s.made.Name == "":
		return false, nil // nothing was made
	case whole && s.Keep:
		s.made.Kept = true
		return false, s.Record.Put(s.made)
	case s.made.ServiceSID == "":
		return false, &migrate.Error{Op: "create service", Kind: migrate.InDoubt, Err: fmt.Errorf("it had no answer: a service named %q may be there, or come to be there", s.made.Name),
			Hint: "to look for it and remove it: chatbridge rehearse --clean"}
	}
	ctx, cancel := context.WithTimeout(ctx, s.made.removalTime())
	defer cancel()
	left = s.remove(ctx)
	return left == nil, left
}

// selected are the experiments of this run, in their order.
func (r *Rehearser) selected() []experiment {
	return slices.DeleteFunc(all(), func(e experiment) bool {
		return slices.Contains(r.Skip, e.name) || len(r.Only) > 0 && !slices.Contains(r.Only, e.name)
	})
}

// Empty reports whether no experiment is left to make.
func (r *Rehearser) Empty() bool { return len(r.selected()) == 0 }

// Takes is how long the experiments wait for real. Their requests come on top: a
// few hundred, one after the other.
func (r *Rehearser) Takes() time.Duration {
	var at time.Duration
	for _, e := range ordered(r.selected()) {
		at = max(at, e.after) + e.takes
	}
	return at
}

// ordered has those come last that wait for something begun before, by how long:
// the others are made in the meantime.
func ordered(list []experiment) []experiment {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b experiment) int { return cmp.Compare(a.after, b.after) })
	return list
}

func (s *session) experiments(ctx context.Context) ([]migrate.Experiment, error) {
	selected := s.selected()
	s.Observer.Total(KindExperiments, int64(len(selected)))
	if err := s.furnish(ctx); err != nil {
		return []migrate.Experiment{}, fmt.Errorf("fill the service: %w", err)
	}
	began, spoilt := map[string]time.Time{}, map[string]error{}
	for _, e := range selected {
		if e.begin != nil {
			spoilt[e.name] = e.begin(s, ctx)
			began[e.name] = s.Now()
		}
	}
	results, silent := map[string]migrate.Experiment{}, 0
	for _, e := range ordered(selected) {
		if at, waits := began[e.name]; waits && spoilt[e.name] == nil {
			if err := s.pause(ctx, at.Add(e.after).Sub(s.Now()), "what "+e.name+" begun needs time"); err != nil {
				return told(selected, results), err
			}
		}
		from, before := s.Now(), s.asked
		found, err := finding{}, spoilt[e.name]
		if err == nil {
			found, err = e.look(s, ctx)
		}
		found, err = s.judged(ctx, found, err, &silent)
		if err != nil {
			return told(selected, results), fmt.Errorf("experiment %s: %w", e.name, err)
		}
		results[e.name] = migrate.Experiment{
			Name: e.name, Assumed: e.assumed, Seen: found.seen, Verdict: found.verdict, Follows: found.follows,
			Settle: found.settle.Seconds(), Stops: found.stops, Requests: s.asked - before, Duration: s.Now().Sub(from).Seconds(),
		}
		s.Observer.Done(KindExperiments, 1)
	}
	return told(selected, results), nil
}

// told are the results in the order of the list.
func told(list []experiment, results map[string]migrate.Experiment) []migrate.Experiment {
	out := []migrate.Experiment{}
	for _, e := range list {
		if got, made := results[e.name]; made {
			out = append(out, got)
		}
	}
	return out
}

// judged decides what an error means: that one experiment says nothing, or that
// none would any more.
func (s *session) judged(ctx context.Context, f finding, err error, silent *int) (finding, error) {
	if err == nil {
		*silent = 0
		return f, nil
	}
	if ctx.Err() != nil {
		return f, context.Cause(ctx)
	}
	if refusal, no := errors.AsType[*refused](err); no {
		*silent = 0
		return unseen("%s", refusal.Error()), nil
	}
	switch migrate.KindOf(err) {
	case migrate.Usage:
		return unseen("%s", err), nil
	case migrate.Unavailable, migrate.InDoubt, migrate.Throttled:
		if *silent++; *silent < unanswered {
			return unseen("the service did not answer: %s", err), nil
		}
	}
	return f, err
}
