package verify

import (
	"cmp"
	"context"
	"errors"
	"time"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/claim"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/internal/push"
)

// Repairer brings back what a verification finds amiss and what can be brought
// back without reordering: roles, users, participants, horizons, dates,
// attributes, authors, bodies, and messages that are missing at the end. It
// deletes nothing.
type Repairer struct {
	Verifier
	Write  migrate.Target // the target again, with its verbs
	Record migrate.Ledger // is told of what was brought back, and knows when the last run ended; may be nil

	// Bring writes what a conversation lacks at its end; without it that stays
	// missing.
	Bring migrate.BringTail

	// Execute makes the repairs. Without it they are only listed.
	Execute bool
}

// Repair is one difference and what becomes of it.
type Repair struct {
	Difference
	Possible bool   `json:"possible"`
	Done     bool   `json:"done"`
	Reason   string `json:"reason,omitempty"` // why it is not possible, or why it failed
}

// Repairs is what a repair did.
type Repairs struct {
	SchemaVersion int              `json:"schema_version"`
	Command       string           `json:"command"`
	Executed      bool             `json:"executed"`
	Possible      int64            `json:"possible"`
	Done          int64            `json:"done"`
	Impossible    int64            `json:"impossible"`
	Equal         bool             `json:"equal"`       // both sides, at the last look
	Differences   map[Class]int64  `json:"differences"` // at the last look
	Compared      map[string]int64 `json:"compared"`
	Duration      float64          `json:"duration_seconds"`
	// Unmatched are the entries of files of settings that had no effect.
	Unmatched []migrate.Unmatched `json:"unmatched,omitempty"`
}

// passes bounds how often a repair looks again. What a missing role or message
// hides shows in the second pass, and the last one is there to confirm.
const passes = 4

// Run verifies, repairs what it finds if told to, and verifies again until
// nothing more can be repaired. It calls report once for each difference, and
// again if a later pass changes what becomes of it: the last word counts, and the
// counts are of last words.
func (r *Repairer) Run(ctx context.Context, report func(Repair)) (Repairs, error) {
	started := time.Now()
	var sent drain.Unanswered
	ctx, claims, release := r.hold(ctx, &sent)
	w := &repair{
		source: r.Source, mapper: r.Settings.Mapper, target: r.Write, ledger: r.Record, bring: r.Bring, execute: r.Execute,
		said: map[item]fate{}, report: report,
	}
	if claims != nil {
		w.target = claims.Guard()
		w.muted = push.NewMuted(w.target, claims.Note)
	}
	var v Verification
	err := r.settled(ctx)
	for n := 0; err == nil && n < passes; n++ {
		if err = landed(ctx, &sent, r.Settings.WithDefaults().Settle); err != nil {
			break
		}
		w.begin()
		pass := r.Verifier
		pass.muted, pass.claims = w.muted, claims
		v, err = pass.compare(ctx, func(d Difference) error { return w.take(ctx, d) })
		if w.repaired == 0 {
			break
		}
	}
	if err == nil {
		w.conclude()
	}
	if claims != nil && claims.Err() == nil {
		if restored := w.muted.Restore(context.WithoutCancel(ctx)); restored != nil {
			v.Equal, err = false, cmp.Or(err, restored)
		}
	}
	if lost := release(); lost != nil {
		err = lost
	}
	all := Repairs{
		SchemaVersion: migrate.SchemaVersion, Command: "verify --repair", Executed: r.Execute,
		Equal: v.Equal, Differences: v.Differences, Compared: v.Compared,
		Duration: time.Since(started).Seconds(), Unmatched: r.Settings.WithoutEffect(),
	}
	for _, one := range w.said {
		switch {
		case !one.possible:
			all.Impossible++
		case one.done:
			all.Done++
			fallthrough
		default:
			all.Possible++
		}
	}
	return all, err
}

// hold has every write go through claims on the services. The returned function
// lets go of them, and says why one was lost. What only lists holds none.
func (r *Repairer) hold(ctx context.Context, sent *drain.Unanswered) (context.Context, *claim.Claims, func() error) {
	if !r.Execute {
		return ctx, nil, func() error { return nil }
	}
	ctx, cut := context.WithCancelCause(ctx)
	o := claim.Options{
		Target: r.Write, Verb: "verify --repair", Unrecorded: true, Settle: r.Settings.WithDefaults().Settle, Observer: r.Observer, Lost: cut,
		Unanswered: sent.Now,
	}
	if r.Record != nil {
		o.Ledger = r.Record
	}
	claims := claim.New(o)
	return ctx, claims, func() error {
		denied := claims.Release(ctx)
		cut(nil)
		return cmp.Or(claims.Err(), denied)
	}
}

// landed waits until what had no answer has landed, and can be looked for: a role would
// be made a second time.
func landed(ctx context.Context, sent *drain.Unanswered, settle time.Duration) error {
	at := sent.Last()
	if at.IsZero() {
		return nil
	}
	return drain.Signal(nil).Wait(ctx, time.Until(at.Add(settle)))
}

// settled waits until what is missing cannot land any more: it would be there
// twice. What only lists does not wait.
func (r *Repairer) settled(ctx context.Context) error {
	if !r.Execute {
		return nil
	}
	s := drain.Settling{Settle: r.Settings.WithDefaults().Settle, Observer: r.Observer}
	if r.Record != nil {
		s.Ledger = r.Record
	}
	return s.Wait(ctx)
}

// repair is the state of one Repairer.Run. A comparison reports to it one
// difference at a time, so that repairs come one at a time too.
type repair struct {
	source  migrate.Source
	mapper  mapping.Mapper
	target  migrate.Target
	ledger  migrate.Ledger
	bring   migrate.BringTail
	execute bool
	muted   *push.Muted

	said     map[item]fate
	report   func(Repair)
	repaired int             // in this pass
	again    []Repair        // done in an earlier pass, and found in this one
	failed   map[item]bool   // in this pass
	failures []Repair        // in any pass, each once
	torn     map[string]bool // conversations whose end could not be brought in this pass
	whole    map[string]bool // those whose end was
}

var (
	errShown  = errors.New("it exists, but the list of messages does not show it")
	errGone   = errors.New("the source does not have it any more")
	errCannot = errors.New("it cannot be brought back in its place: new messages can only go to the end")
	errStays  = errors.New("it was written, but is still different; run the same command again")
	errBehind = errors.New("a message before it was not brought back; run the same command again")
)

// take decides about one difference.
func (r *repair) take(ctx context.Context, d Difference) error {
	if d.Class == Foreign {
		return nil
	}
	rep := Repair{Difference: d, Possible: d.fix != nil}
	rep.fix = nil
	switch {
	case d.fix == nil:
		rep.Reason = cannot(d)
	case r.execute:
		if err := r.do(ctx, d.fix); err != nil {
			if migrate.EndsRun(ctx, err) {
				return err
			}
			rep.Reason = err.Error()
			r.fail(rep)
		} else {
			rep.Done = true
			r.repaired++
			if r.said[itemOf(d)].done {
				r.again = append(r.again, rep)
			}
		}
	}
	r.tell(rep)
	return nil
}

// do carries a fix out, with push notifications off.
func (r *repair) do(ctx context.Context, f fix) error {
	if err := r.muted.Mute(ctx, f.in()); err != nil {
		return err
	}
	return r.carryOut(ctx, f)
}

func cannot(d Difference) string {
	switch {
	case d.Class == Missing && d.Kind == migrate.KindChannels, d.Kind == migrate.KindServices && d.Class == Missing:
		return "it was not migrated; run: chatbridge migrate"
	case d.Class == Extra || d.Class == Doubled:
		return "it would have to be deleted, but a repair deletes nothing"
	case d.Class == Missing && d.Kind == migrate.KindRoles && d.Field != "":
		return "it could be any of them; rename or delete all but one in the Twilio Console"
	case d.Class == Missing && d.Detail != "":
		return "it needs a policy: " + d.Detail + "; choose one and run: chatbridge migrate"
	case d.behind:
		return "it comes after a message that needs a policy; choose one and run: chatbridge migrate"
	case d.Kind == migrate.KindRoles || d.Kind == migrate.KindUsers:
		return "somebody else may have made it; the ledger of the migration, given with --ledger, would show"
	case d.Class == WrongHorizon:
		return "Twilio has no request that removes a read horizon"
	case d.Class == Altered && d.Field == "state":
		return "a closed conversation stays closed"
	case d.Class == Altered:
		return "Twilio has no request that removes a name"
	default:
		return errCannot.Error()
	}
}
