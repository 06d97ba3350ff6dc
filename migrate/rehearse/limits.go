package rehearse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"chatbridge/migrate"
)

const (
	// MostInFlight bounds the requests that a LimitsProbe has in flight. 100 is what
	// people report as the limit of an account; Twilio documents no number.
	MostInFlight = 100

	// limitsRead is what is asked: one service, which changes nothing and is small.
	limitsRead = "/v1/Services?PageSize=1"

	// concurrentHeader tells how many requests of the account were in flight when the
	// reply was made, those of live traffic too.
	concurrentHeader = "Twilio-Concurrent-Requests"

	// limitsPause is between two steps, so that live traffic gets a turn.
	limitsPause = time.Second
)

// widths are how many requests a step has in flight. Above 8 they grow by half or
// less: a limit is then known well enough to choose --concurrency.
var widths = []int{1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 80, MostInFlight}

// LimitsProbe finds out how many requests an account may have in flight: it raises
// their number step by step with reads, and ends at the first that is refused for
// being one too many. The limit is the account's: what it takes up, live traffic
// lacks. So it is never part of a rehearsal unless somebody asks for it.
type LimitsProbe struct {
	// Prober asks Conversations of the target. It must neither repeat a request nor
	// hold one back: it would measure itself.
	Prober migrate.Prober

	// Agree is shown what is about to be done, and returns an error to have it left.
	Agree func(warning string) error

	// Most is how many requests are in flight at most, up to MostInFlight, which is
	// also the default.
	Most int

	// Wait waits, and returns the cause if the context ends first. Defaults to a
	// timer.
	Wait func(ctx context.Context, d time.Duration) error
}

// Limits are what a LimitsProbe saw.
type Limits struct {
	// Admitted is the widest step of which every request was carried out.
	Admitted int
	// InFlight is the most requests of the whole account, live traffic included, that
	// a reply told of whose request was carried out; 0 if none tells.
	InFlight int
	// Refused is how many requests of ours were sent at once when one was refused; 0 if
	// none was. Code is the refusal's: 20429, or 0 if a 429 had none.
	Refused, Code int

	Requests int64
}

// Warning is what somebody has to agree to before p is run.
func (p LimitsProbe) Warning() string {
	requests := 0
	for _, w := range p.steps() {
		requests += w
	}
	return fmt.Sprintf("Find out how many requests this account may have in flight: at most %d reads, up to %d at once.\n"+
		"The limit is shared by everything that uses the account. If it is reached, live traffic is refused\n"+
		"too (429, code 20429), until the reads are over: a moment later. It ends at the first refusal.", requests, p.most())
}

func (p LimitsProbe) most() int {
	if p.Most <= 0 {
		return MostInFlight
	}
	return min(p.Most, MostInFlight)
}

// steps are the widths up to the most that are allowed, which is one itself.
func (p LimitsProbe) steps() []int {
	var all []int
	for _, w := range widths {
		if w >= p.most() {
			break
		}
		all = append(all, w)
	}
	return append(all, p.most())
}

// Run asks for agreement and then raises the number of requests in flight. What it saw
// is true also if the error is not nil, which it is if a request got no reply, or
// another one than 200 and 429.
func (p LimitsProbe) Run(ctx context.Context) (Limits, error) {
	var seen Limits
	if p.Agree == nil {
		return seen, &migrate.Error{Op: "probe limits", Kind: migrate.Usage, Err: errors.New("nobody agreed to it"), Hint: "ask first: live traffic shares the limit"}
	}
	if err := p.Agree(p.Warning()); err != nil {
		return seen, err
	}
	for i, width := range p.steps() {
		if i > 0 {
			if err := p.wait(ctx, limitsPause); err != nil {
				return seen, err
			}
		}
		if err := p.step(ctx, width, &seen); err != nil || seen.Refused > 0 {
			return seen, err
		}
		seen.Admitted = width
	}
	return seen, nil
}

func (p LimitsProbe) wait(ctx context.Context, d time.Duration) error {
	if p.Wait != nil {
		return p.Wait(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// errEnough ends the requests of a step that are still in flight.
var errEnough = errors.New("a request was refused")

// step has width requests in flight at once. At the first refusal the others are cut
// off, to make room.
func (p LimitsProbe) step(ctx context.Context, width int, seen *Limits) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	var failed error
	var all sync.WaitGroup
	for range width {
		all.Go(func() {
			if ctx.Err() != nil {
				return
			}
			mu.Lock()
			seen.Requests++
			mu.Unlock()
			reply, err := p.Prober.Get(ctx, migrate.TargetConversations, limitsRead)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case seen.Refused > 0 || failed != nil: // and this one was cut off, or came too late to count
			case err != nil:
				failed = err
			case reply.Status == http.StatusTooManyRequests:
				seen.Refused, seen.Code = width, reply.Code()
				cancel(errEnough)
			case !reply.OK():
				failed = &migrate.Error{
					Op: "probe limits", Kind: migrate.Unavailable, Code: reply.Code(), Err: fmt.Errorf("a read was answered with status %d", reply.Status),
					Hint: "nothing was changed; run the same command again later",
				}
			default:
				if n, err := strconv.Atoi(reply.Header.Get(concurrentHeader)); err == nil {
					seen.InFlight = max(seen.InFlight, n)
				}
			}
			if failed != nil {
				cancel(failed)
			}
		})
	}
	all.Wait()
	return failed
}

// Add runs p and puts what it saw into a rehearsal, for runs that have planned requests
// in flight. If a request is not answered, or refused for another reason, the rehearsal
// says so. The error is the cause of ctx, if that ended.
func (p LimitsProbe) Add(ctx context.Context, r *migrate.Rehearsal, planned int) error {
	seen, err := p.Run(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e := seen.Experiment(planned)
	if err != nil {
		e.Verdict, e.Seen, e.Follows = migrate.NotSeen, err.Error(), ""
	}
	r.Experiments = append(r.Experiments, e)
	r.Verdicts[e.Verdict]++
	r.Requests += e.Requests
	return nil
}

// Experiment is what was seen as one of a rehearsal, for runs that have so many
// requests in flight. A run that meets the limit halves what it has in flight, so a
// low one is slow and not dangerous.
func (l Limits) Experiment(planned int) migrate.Experiment {
	e := migrate.Experiment{
		Name: "limits", Assumed: fmt.Sprintf("the account may have %d requests in flight, which is what a migration has at most", planned),
		Requests: l.Requests, Verdict: migrate.AsAssumed,
	}
	highest := max(l.Admitted, l.InFlight)
	e.Seen = fmt.Sprintf("%d were admitted at once", highest)
	switch {
	case l.Refused > 0:
		e.Seen += fmt.Sprintf(", and one was refused when %d were sent (429, code %d)", l.Refused, l.Code)
	case l.Admitted > 0:
		e.Seen += ", and none was refused"
	default:
		e.Verdict, e.Seen = migrate.NotSeen, "no request was answered"
	}
	switch {
	case highest >= planned:
	case l.Refused == 0:
		e.Verdict = migrate.NotSeen // nobody tried as many
	default:
		e.Verdict = migrate.Harmless
		e.Follows = fmt.Sprintf("a migration slows down by itself when it is refused; to leave room for live traffic, give --concurrency %d", max(1, highest/4))
	}
	return e
}
