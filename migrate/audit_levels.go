package migrate

import (
	"cmp"
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// levels counts the channels that users muted, among those that were read.
func (t *audit) levels(ctx context.Context, s chat.Service, read []channelLoad) (int64, error) {
	if !t.set.UserChannels {
		return 0, nil
	}
	there := make(map[string]bool, len(read))
	for _, c := range read {
		there[c.sid] = true
	}
	var muted atomic.Int64
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(t.set.Concurrency)
	for u, err := range t.Source.Users(gctx, s.SID) {
		if err != nil {
			return 0, cmp.Or(g.Wait(), err)
		}
		g.Go(func() error {
			for c, err := range userChannels(gctx, t.Source, s.SID, u.SID) {
				if err != nil {
					return err
				}
				if !there[c.ChannelSID] {
					continue
				}
				level, _, found := t.set.Mapper.UserChannel(c)
				t.findings.add(found)
				if level == conversations.NotificationsMuted {
					muted.Add(1)
				}
			}
			return nil
		})
	}
	err := g.Wait()
	return muted.Load(), err
}
