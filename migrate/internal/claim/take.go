package claim

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
)

// taking is one service on the way to being claimed.
type taking struct {
	*Claims
	service string
	mark    Mark
	keep    func(json.RawMessage) error
	asked   time.Time // when the claim was first asked for
}

// takes bounds how often the claim may turn out to be another's between a look
// and a create.
const takes = 5

const friendlyName = "chatbridge is at work here, and removes this by itself"

var errContested = errors.New("several runs claim it at the same moment")

func (t *taking) take(ctx context.Context) (*holding, error) {
	ctx = migrate.Ahead(ctx)
	for range takes {
		h, err := t.create(ctx)
		if h != nil || err != nil {
			return h, err
		}
		h, err = t.clear(ctx)
		if h != nil || err != nil {
			return h, err
		}
	}
	return nil, &migrate.Error{Op: "claim service", Kind: migrate.Conflict, SID: t.service, Err: errContested, Hint: "run one of them at a time"}
}

// create makes the claim, and holds it if it is there when it is read again. It
// returns neither claim nor error if there is one already, or may be.
func (t *taking) create(ctx context.Context) (*holding, error) {
	asked := time.Now()
	if t.asked.IsZero() {
		t.asked = asked
	}
	made, err := t.Target.AppendConversation(ctx, t.service, conversations.Conversation{
		UniqueName: migrate.ClaimName, FriendlyName: friendlyName, Attributes: t.mark.attributes(),
	})
	switch migrate.KindOf(err) {
	case migrate.InDoubt:
		if err := t.Drain.Wait(ctx, t.Settle); err != nil {
			return nil, err
		}
	case migrate.Exists, migrate.Contended:
		return nil, nil
	default:
		if err != nil {
			return nil, err
		}
	}
	there, found, err := t.shown(ctx, made.SID != "")
	switch {
	case err != nil:
		return nil, err
	case found && there.Run == t.run:
		return newHolding(t, there.SID, asked), nil
	case made.SID != "":
		// The name leads to another: the target took it twice.
		return nil, t.Target.DeleteConversation(ctx, t.service, made.SID)
	}
	return nil, nil
}

// shown reads the claim. What was made may take a moment to be shown.
func (t *taking) shown(ctx context.Context, made bool) (Seen, bool, error) {
	for began := time.Now(); ; {
		there, found, err := Look(ctx, t.Target, t.service)
		if err != nil || found || !made || time.Since(began) >= t.Settle {
			return there, found, err
		}
		if err := t.Drain.Pass(ctx, time.Second); err != nil {
			return there, found, err
		}
	}
}

// clear returns when the claim that is there is gone, and whoever held it cannot
// write any more.
func (t *taking) clear(ctx context.Context) (*holding, error) {
	seen, found, err := Look(ctx, t.Target, t.service)
	switch {
	case err != nil || !found:
		return nil, err
	case !seen.ours:
		return nil, &migrate.Error{
			Op: "claim service", Kind: migrate.Usage, SID: t.service,
			Err:  errors.New("conversation " + seen.SID + " has the name " + migrate.ClaimName + " and is not from chatbridge"),
			Hint: "rename it, then run again",
		}
	case seen.Run == t.run:
		// A create of ours that nobody answered.
		return newHolding(t, seen.SID, t.asked), nil
	case seen.Run == "":
		return nil, t.remove(ctx, seen, time.Time{})
	case t.left(seen.Mark):
		if seen.Unrecorded {
			if err := drain.Until(ctx, time.Now().Add(seen.underway(t.Settle)), t.Observer, t.Drain); err != nil {
				return nil, err
			}
		}
		return nil, t.remove(ctx, seen, time.Time{})
	}
	gone, looked, err := t.watch(ctx, seen)
	if err != nil || gone {
		return nil, err
	}
	t.event(migrate.Notice, "taking over from a run that is dead", migrate.KeyService, t.service, "run", seen.who())
	return nil, t.remove(ctx, seen, looked)
}

// left reports whether the claim was left by a run on this very ledger. As we
// have its lock, or its lease, that run is over.
func (t *taking) left(m Mark) bool {
	return t.mark.Ledger != "" && t.mark.File != "" && m.Ledger == t.mark.Ledger && m.File == t.mark.File && (m.Host == t.mark.Host || t.shared())
}

func (t *taking) shared() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ledger != nil && t.ledger.Shared
}

// watch looks at the claim until it is old enough to be of a dead run, and fails
// if it is renewed meanwhile. However old it seems it is watched for as long as a
// renewal takes to come: a replica may lag, and the dates may not mean what they
// say. looked is from before the last look.
func (t *taking) watch(ctx context.Context, then Seen) (gone bool, looked time.Time, err error) {
	left := max(renewEvery+retryEvery, then.expiry(t.Settle)-then.Age)
	until := time.Now().Add(left)
	t.event(migrate.Notice, "another run has claimed the service: waiting to see whether it is alive",
		migrate.KeyService, t.service, "run", then.Who(), migrate.KeyWait, left)
	defer migrate.Awaiting(ctx, migrate.Claiming, "another run has claimed the target service, and may be alive")()
	for {
		if err := t.Drain.Pass(ctx, min(watchEvery, time.Until(until))); err != nil {
			return false, looked, err
		}
		last := !time.Now().Before(until)
		looked = time.Now()
		now, found, err := Look(ctx, t.Target, t.service)
		switch {
		case err != nil || !found:
			return !found, looked, err
		case now.Run == "":
			return true, looked, nil // let go of, and another look tells what it says
		case now.moved(then):
			return false, looked, conflict(t.service, now, t.Settle)
		case last:
			return false, looked, nil
		}
	}
}

// remove deletes a claim that was looked at. looked is zero if nobody holds it.
func (t *taking) remove(ctx context.Context, s Seen, looked time.Time) error {
	if len(s.Notifications) > 0 {
		t.mark.Notifications = s.Notifications
		if t.keep != nil {
			if err := t.keep(s.Notifications); err != nil {
				return err
			}
		}
	}
	if err := t.Target.DeleteConversation(ctx, t.service, s.SID); err != nil {
		return err
	}
	if looked.IsZero() || time.Since(looked) <= swift {
		return nil
	}
	// Whoever held it may have renewed it after we looked.
	return t.Drain.Wait(ctx, validFor+s.expiry(t.Settle)-expiry)
}
