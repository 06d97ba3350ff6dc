package claim

import (
	"context"
	"errors"
	"maps"
	"slices"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/origin"
)

// Alone makes sure that no other run made a service for the same source at the
// same moment, when neither could see that of the other. mine is claimed, and
// nothing was written into it yet. If it is the one that has to go, the error has
// Kind Conflict, and the caller deletes it.
//
// It looks twice, and says in between that it has begun. If both runs see each
// other before either has begun, the same one stays for both; who sees another
// that has begun goes. At worst both go, and never do both stay.
func (c *Claims) Alone(ctx context.Context, mine conversations.Service) error {
	h := c.of(mine.SID)
	if h == nil {
		return errUnclaimed(mine.SID)
	}
	var source string
	h.amend(func(m *Mark) bool { source = m.Source; return false })
	if err := c.against(ctx, &mine, source, func(rival Seen, its conversations.Service) bool {
		return rival.Begun || origin.Stays(mine, its).SID != mine.SID
	}); err != nil {
		return err
	}
	h.amend(func(m *Mark) bool { m.Begun = true; return true })
	if err := h.said(ctx); err != nil {
		return err
	}
	return c.against(ctx, &mine, source, func(rival Seen, _ conversations.Service) bool { return rival.Begun })
}

// against fails if a service of the same name has a live claim, for the same
// source, of a run that goes before ours. It brings mine up to what the list
// shows.
func (c *Claims) against(ctx context.Context, mine *conversations.Service, source string, before func(Seen, conversations.Service) bool) error {
	others := map[string]conversations.Service{}
	for range 2 { // one reading may end early
		for s, err := range c.Target.Services(ctx) {
			switch {
			case err != nil:
				return err
			case s.SID == mine.SID:
				*mine = s
			case origin.SameName(s.FriendlyName, mine.FriendlyName) && s.SID != source:
				others[s.SID] = s
			}
		}
	}
	for _, sid := range slices.Sorted(maps.Keys(others)) {
		s := others[sid]
		seen, found, err := Look(ctx, c.Target, s.SID)
		if err != nil {
			if migrate.KindOf(err) == migrate.NotFound {
				continue // deleted since
			}
			return err
		}
		if found && seen.Live(c.Settle) && seen.Run != c.run && seen.Source == source && before(seen, s) {
			return rivalry(s, seen)
		}
	}
	return nil
}

func rivalry(s conversations.Service, seen Seen) error {
	return &migrate.Error{
		Op: "claim service", Kind: migrate.Conflict, SID: s.SID,
		Err:  errors.New("another run made one for the same source at the same moment: " + seen.Who()),
		Hint: "wait for that run, then run the same command again: it goes on in that service",
	}
}
