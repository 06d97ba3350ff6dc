package migrate

import (
	"context"
	"errors"
	"sync"
	"time"

	"chatbridge/mapping/conversations"
)

// Repairer brings back what a verification finds amiss and what can be brought
// back without reordering: roles, users, participants, horizons, dates,
// attributes, authors, bodies, and messages that are missing at the end. It
// deletes nothing.
type Repairer struct {
	Verifier
	Write  Target // the target again, with its verbs
	Record Ledger // is told of what was brought back; may be nil

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
}

// passes bounds how often a repair looks again. What a missing role or message
// hides shows in the second pass; the last one only confirms.
const passes = 4

// Run verifies, repairs what it finds if told to, and verifies again until
// nothing more can be repaired. It calls report once for each difference of the
// first pass, and for each new one that a later pass finds.
func (r *Repairer) Run(ctx context.Context, report func(Repair)) (Repairs, error) {
	started := time.Now()
	w := &mender{target: r.Write, ledger: r.Record, execute: r.Execute, latch: newLatch(), off: map[string]conversations.Notifications{}, said: map[item]bool{}, report: report}
	var v Verification
	var err error
	for range passes {
		w.mended = 0
		pass := r.Verifier
		pass.mender = w
		if v, err = pass.Run(ctx, func(Difference) {}); err != nil {
			break
		}
		if w.mended == 0 {
			break
		}
	}
	if restored := w.restore(context.WithoutCancel(ctx)); err == nil {
		err = restored
	}
	return Repairs{
		SchemaVersion: SchemaVersion, Command: "verify --repair", Executed: r.Execute,
		Possible: w.possible, Done: w.done, Impossible: w.impossible,
		Equal: v.Equal, Differences: v.Differences, Compared: v.Compared,
		Duration: time.Since(started).Seconds(),
	}, err
}

// mender does repairs. Before the first one in a service it puts the push
// notifications of the service off, and restores them at the end.
type mender struct {
	target  Target
	ledger  Ledger
	execute bool

	latch latch // held across requests: repairs come one at a time
	off   map[string]conversations.Notifications

	mu         sync.Mutex
	said       map[item]bool
	report     func(Repair)
	mended     int
	possible   int64
	done       int64
	impossible int64
	service    map[string]string
}

// item is what makes two differences the same one.
type item struct {
	class                                Class
	kind, channel, source, target, field string
}

var (
	errGone   = errors.New("the source does not have it any more")
	errCannot = errors.New("it cannot be brought back in its place: a message only ever arrives at the end")
)

// enter notes which service the differences that follow are in.
func (w *mender) enter(s *verifiedService) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.service == nil {
		w.service = map[string]string{}
	}
	w.service[s.source.SID] = s.target
}

// take decides about one difference.
func (w *mender) take(ctx context.Context, d Difference) error {
	if d.Class == Foreign {
		return nil
	}
	rep := Repair{Difference: d, Possible: d.mend != nil}
	rep.mend = nil
	key := item{d.Class, d.Kind, d.Channel, d.SourceSID, d.TargetSID, d.Field}
	switch {
	case d.mend == nil:
		rep.Reason = cannot(d)
	case w.execute:
		if err := w.do(ctx, d); err != nil {
			if ctx.Err() != nil || KindOf(err) == Credentials {
				return err
			}
			rep.Reason = err.Error()
		} else {
			rep.Done = true
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if rep.Done {
		w.mended++
	}
	if w.said[key] {
		return nil
	}
	w.said[key] = true
	switch {
	case !rep.Possible:
		w.impossible++
	default:
		w.possible++
	}
	if rep.Done {
		w.done++
	}
	w.report(rep)
	return nil
}

func cannot(d Difference) string {
	switch {
	case d.Class == Missing && d.Kind == KindChannels, d.Kind == KindServices && d.Class == Missing:
		return "it was not migrated; run: chatbridge migrate"
	case d.Class == Extra || d.Class == Doubled:
		return "it would have to be deleted, and a repair deletes nothing"
	case d.Class == Missing && d.Detail != "":
		return "mapping stops at it: " + d.Detail + "; choose a policy and run: chatbridge migrate"
	case d.Class == WrongHorizon:
		return "no request takes a read horizon away"
	default:
		return errCannot.Error()
	}
}

func (w *mender) do(ctx context.Context, d Difference) error {
	if err := w.latch.lock(ctx); err != nil {
		return err
	}
	defer w.latch.unlock()
	if err := w.hush(ctx); err != nil {
		return err
	}
	return d.mend(ctx, w)
}

// hush puts the notifications of every service off that a repair touches.
func (w *mender) hush(ctx context.Context) error {
	for _, sid := range w.services() {
		if _, done := w.off[sid]; done {
			continue
		}
		cfg, err := w.target.Configuration(ctx, sid)
		if err != nil {
			return err
		}
		w.off[sid] = cfg.Notifications
		if cfg.Notifications.Off() {
			continue
		}
		quiet := cfg.Notifications
		quiet.NewMessage.Enabled, quiet.AddedToConversation.Enabled, quiet.RemovedFromConversation.Enabled = false, false, false
		if err := w.target.SetNotifications(ctx, sid, quiet); err != nil {
			return err
		}
	}
	return nil
}

func (w *mender) services() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, target := range w.service {
		all = append(all, target)
	}
	return all
}

// restoreLater replaces what comes back at the end. The latch is held.
func (w *mender) restoreLater(serviceSID string, n conversations.Notifications) {
	w.off[serviceSID] = n
}

// pushes is what the notifications of a service are apart from the repair.
func (w *mender) pushes(serviceSID string, have conversations.Notifications) conversations.Notifications {
	w.latch <- struct{}{}
	defer w.latch.unlock()
	if before, touched := w.off[serviceSID]; touched {
		return before
	}
	return have
}

func (w *mender) restore(ctx context.Context) error {
	for sid, n := range w.off {
		cfg, err := w.target.Configuration(ctx, sid)
		if err != nil {
			return err
		}
		if cfg.Notifications == n {
			continue
		}
		if err := w.target.SetNotifications(ctx, sid, n); err != nil {
			return err
		}
	}
	return nil
}
