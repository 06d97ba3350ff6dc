package audit

import (
	"context"
	"iter"
	"sync/atomic"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/drain"
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
	listed := func(ctx context.Context) iter.Seq2[chat.User, error] { return t.Source.Users(ctx, s.SID) }
	err := drain.Each(ctx, t.set.Concurrency, listed, func(u chat.User) drain.Job {
		withheld := func() { t.findings.Add(t.set.Mapper.NotShown(migrate.KindUserChannels, u.SID, "")) }
		return func(ctx context.Context) error {
			for c, err := range migrate.UnlessWithheld(migrate.UserChannels(ctx, t.Source, s.SID, u.SID), withheld) {
				if migrate.Unreadable(err) {
					t.leaveOut(migrate.KindUserChannels, u.SID, err)
					break
				}
				if err != nil {
					return err
				}
				if !there[c.ChannelSID] {
					continue
				}
				level, _, found := t.set.Mapper.UserChannel(c)
				t.findings.Add(found)
				if level == conversations.NotificationsMuted {
					muted.Add(1)
				}
			}
			return nil
		}
	})
	return muted.Load(), err
}
