package replay

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"chatbridge/migrate"
)

// servicesAtOnce is how many services are prepared beside each other. Each has
// a gate of its own, so that two take hardly longer than one.
const servicesAtOnce = 4

// prepare brings every service up to its lanes.
func (r *run) prepare(ctx context.Context, all []*service) error {
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(servicesAtOnce)
	for _, s := range all {
		g.Go(func() error { return migrate.Quietly(s.prepare(gctx)) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return r.proceed(ctx)
}

// queue puts the lanes of all services in one line, the longest first, because
// the run is at least as long as the longest. The line is begun with the plan of the
// first service, and no plan is kept beside it: most runs have one service, and its
// plan may be long.
func queue(all []*service) []planned {
	var line []planned
	for i, s := range all {
		for at := range s.queue {
			s.queue[at].service = int32(i)
		}
		s.pending.Store(int64(len(s.queue)) + 1)
		if line == nil {
			line = s.queue
		} else {
			line = append(line, s.queue...)
		}
		s.queue = nil
	}
	slices.SortStableFunc(line, func(a, b planned) int { return cmp.Compare(b.length(), a.length()) })
	return line
}

func lengths(line []planned) []int64 {
	all := make([]int64, len(line))
	for i, q := range line {
		all[i] = q.length()
	}
	return all
}

// runLanes runs every lane as soon as there is a slot for it. When all have
// begun, the gates are free for the users that no lane asked for. A service
// ends with the last of them.
func (r *run) runLanes(ctx context.Context, all []*service) error {
	g, gctx := errgroup.WithContext(ctx)
	line := queue(all)
	r.sheet.Plan(lengths(line))
	for _, q := range line {
		s := all[q.service]
		if err := r.slot(gctx); err != nil {
			g.Go(func() error { return migrate.Quietly(err) })
			break
		}
		g.Go(func() error {
			err := s.runLane(gctx, q)
			if err == nil { // or the run ends, and no other lane begins
				<-r.lanes
			}
			return migrate.Quietly(cmp.Or(err, s.ended(gctx)))
		})
	}
	for _, s := range all {
		g.Go(func() error {
			return migrate.Quietly(cmp.Or(s.users.rest(gctx), s.ended(gctx)))
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return r.proceed(ctx)
}

// ended concludes the service when the last of its lanes ended.
func (s *service) ended(ctx context.Context) error {
	if s.pending.Add(-1) > 0 {
		return nil
	}
	return s.conclude(ctx)
}

// slot waits until one more lane may run.
func (r *run) slot(ctx context.Context) error {
	if err := r.proceed(ctx); err != nil {
		return err
	}
	select {
	case r.lanes <- struct{}{}:
		return nil
	case <-r.Drain:
		return migrate.ErrDrained
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
