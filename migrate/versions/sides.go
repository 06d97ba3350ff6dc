package versions

import (
	"context"
	"iter"
	"maps"
	"slices"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// sides reads one kind of record through both versions.
type sides[T chat.Resource] struct {
	kind   string
	raw    func(T) []byte // nil of a record that was listed and makes no sense
	sid    func(T) string
	decode func([]byte) (T, error)
	older  func(ctx context.Context, sid string) (T, error) // a single record, by v1
	newer  func(ctx context.Context, sid string) (T, error) // and by v2
	whole  func(older, newer []byte) bool                   // nothing is missing from what lists showed; nil if nothing can
	mark   func(sid string, v chat.Versions)
}

// looks is how often a record is fetched by both versions that show it otherwise: it
// may have been changed between the two.
const looks = 2

// settle makes one record of what the versions show of it; nil of one that does not.
// Before it believes that they do not agree it fetches the record from both. It is
// not there if neither shows it any more.
func (s *sides[T]) settle(ctx context.Context, sid string, older, newer *T) (one T, there bool, err error) {
	for look := 0; ; look++ {
		switch {
		case look > 0 && older == nil && newer == nil:
			return one, false, nil
		case look > 0 && newer == nil:
			return s.alone(sid, *older, v1)
		case look > 0 && older == nil:
			return s.alone(sid, *newer, v2)
		case older != nil && newer != nil:
			if s.raw(*older) == nil {
				return *older, true, nil // whoever fetches it learns what is wrong
			}
			if s.raw(*newer) == nil {
				return s.alone(sid, *older, v1)
			}
			differ := differences(s.kind, s.raw(*older), s.raw(*newer))
			whole := s.whole == nil || s.whole(s.raw(*older), s.raw(*newer))
			if len(differ) == 0 && whole || look == looks {
				one, err = s.join(sid, *older, *newer, chat.Versions{Differ: differ})
				return one, err == nil, err
			}
		}
		if older, err = found(s.older(ctx, sid)); err != nil {
			return one, false, err
		}
		if newer, err = found(s.newer(ctx, sid)); err != nil {
			return one, false, err
		}
	}
}

// single reads one record whole. A fetch of v1 shows all that v2 does of a user or a
// channel, so v2 is asked only if v1 does not show it, or a list told that they do not
// agree.
func single[T chat.Resource](ctx context.Context, m *marks, s *sides[T], service, sid string) (T, error) {
	switch m.only(service, "") {
	case v1:
		return s.older(ctx, sid)
	case v2:
		return s.newer(ctx, sid)
	}
	one, err := s.older(ctx, sid)
	if err == nil && !m.marked(sid) || err != nil && migrate.KindOf(err) != migrate.NotFound {
		return one, err
	}
	settled, there, err := s.settle(ctx, sid, nil, nil)
	if err == nil && !there {
		return s.older(ctx, sid)
	}
	return settled, err
}

// found is a record, and nil if there is none.
func found[T any](r T, err error) (*T, error) {
	if err != nil && migrate.KindOf(err) == migrate.NotFound {
		return nil, nil
	}
	return &r, err
}

func (s *sides[T]) join(sid string, older, newer T, v chat.Versions) (T, error) {
	raw, err := merged(s.raw(older), s.raw(newer), v)
	if err != nil {
		return older, unreadable("read "+s.kind, sid, err)
	}
	return s.decoded(sid, raw, v)
}

// alone is a record that one version does not show.
func (s *sides[T]) alone(sid string, one T, version string) (T, bool, error) {
	v := chat.Versions{Only: version}
	raw, err := withVersions(s.raw(one), v)
	if err != nil {
		return one, false, unreadable("read "+s.kind, sid, err)
	}
	one, err = s.decoded(sid, raw, v)
	return one, err == nil, err
}

func (s *sides[T]) decoded(sid string, raw []byte, v chat.Versions) (T, error) {
	one, err := s.decode(raw)
	if err != nil {
		return one, unreadable("read "+s.kind, sid, err)
	}
	s.mark(sid, v)
	return one, nil
}

// pair follows the lists of both versions in step and yields each record once. It
// holds what one of them showed and the other not yet: nothing to speak of if both
// have one order, and one whole list at the worst. What stays is fetched by itself.
func (s *sides[T]) pair(ctx context.Context, older, newer iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		next, stop := iter.Pull2(newer)
		defer stop()
		olds, news := map[string]*T{}, map[string]*T{}
		emit := func(sid string) bool {
			one, there, err := s.settle(ctx, sid, olds[sid], news[sid])
			delete(olds, sid)
			delete(news, sid)
			if err != nil {
				yield(none, err)
				return false
			}
			return !there || yield(one, nil)
		}
		// step takes the next record of v2, and says whether there was one.
		step := func() (more, goOn bool) {
			n, err, ok := next()
			if err != nil {
				yield(none, err)
				return false, false
			}
			if !ok {
				return false, true
			}
			sid := s.sid(n)
			if news[sid] = &n; olds[sid] != nil {
				return true, emit(sid)
			}
			return true, true
		}
		for o, err := range older {
			if err != nil {
				yield(none, err)
				return
			}
			sid := s.sid(o)
			if olds[sid] = &o; news[sid] != nil && !emit(sid) {
				return
			}
			if _, goOn := step(); !goOn {
				return
			}
		}
		for more, goOn := true, true; more; {
			if more, goOn = step(); !goOn {
				return
			}
		}
		left := slices.Sorted(maps.Keys(olds))
		for _, sid := range slices.Concat(left, slices.Sorted(maps.Keys(news))) {
			if !emit(sid) {
				return
			}
		}
	}
}

// unreadable is the error for a record of which nothing can be made.
func unreadable(op, sid string, err error) error {
	return &migrate.Error{
		Op: op, Kind: migrate.Unavailable, SID: sid, Err: err,
		Hint: "the two versions of Chat cannot be made one: to read through one of them: --source-api v1, or --source-api v2",
	}
}
