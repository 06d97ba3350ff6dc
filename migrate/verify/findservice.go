package verify

import (
	"context"
	"slices"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate/origin"
)

// find finds the target service: as told, by the ledger, by the stamps of its
// conversations, or by what they hold. created says whether its configuration is ours
// as well.
func (s *verifiedService) find(ctx context.Context) (created bool, err error) {
	if s.set.ToService != "" {
		s.target = s.set.ToService
		return false, nil
	}
	if s.Ledger != nil {
		rec, ok, err := s.Ledger.Service(ctx, s.source.SID)
		if err != nil {
			return false, err
		}
		if ok && rec.TargetSID != "" {
			s.target = rec.TargetSID
			return rec.Created, nil
		}
	}
	there, err := s.namesakes(ctx)
	if err != nil {
		return false, err
	}
	for _, t := range there {
		for conv, err := range s.Target.Conversations(ctx, t.SID) {
			if err != nil {
				return false, err
			}
			if _, from := stampOf(conv.Attributes); from == s.source.SID {
				s.target = t.SID
				return true, nil
			}
		}
	}
	s.target, s.unproved, err = s.findByContent(ctx, there)
	return s.target != "" && !s.unproved, err
}

// namesakes are the services of the target that bear the name of ours, oldest first.
// A service may store names a little otherwise.
func (s *verifiedService) namesakes(ctx context.Context) (there []conversations.Service, err error) {
	want, _ := s.set.Mapper.Service(s.source)
	for t, err := range s.Target.Services(ctx) {
		if err != nil {
			return nil, err
		}
		if t.SID != s.source.SID && origin.SameName(t.FriendlyName, want.FriendlyName) {
			there = append(there, t)
		}
	}
	slices.SortFunc(there, func(a, b conversations.Service) int {
		if origin.Stays(a, b).SID == a.SID {
			return -1
		}
		return 1
	})
	return there, nil
}

// findByContent is the one service of these that holds what a migration wrote. If
// none does, one that is as a migration of no channel leaves it will do. That is
// unproved: it may be somebody's, and nothing in it is repaired.
func (s *verifiedService) findByContent(ctx context.Context, there []conversations.Service) (sid string, unproved bool, err error) {
	var ours, empty []string
	for _, t := range there {
		holds, vacant, err := s.heldBy(ctx, t)
		switch {
		case err != nil:
			return "", false, err
		case holds:
			ours = append(ours, t.SID)
		case vacant:
			empty = append(empty, t.SID)
		}
	}
	switch {
	case len(ours) == 1:
		return ours[0], false, nil
	case len(ours) == 0 && len(empty) > 0:
		return empty[0], true, nil
	}
	return "", false, nil
}
