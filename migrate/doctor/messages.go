package doctor

import (
	"context"
	"errors"
	"fmt"

	"chatbridge/migrate"
)

// log is the messages of one channel, as far as one page shows them.
type log struct {
	channel  resource
	messages []resource
	whole    bool
}

func (e *session) logs(ctx context.Context) ([]log, error) {
	s, err := e.sample(ctx)
	if err != nil {
		return nil, err
	}
	var all []log
	for _, c := range s.channels {
		p, err := e.readPage(ctx, migrate.SourceChat, messagesOf(c))
		if refusal, no := errors.AsType[*refusedRead](err); no && refusal.status == 404 {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = append(all, log{c, p.records, p.next == ""})
	}
	return all, nil
}

func (e *session) messageOrder(ctx context.Context) (finding, error) {
	logs, err := e.logs(ctx)
	if err != nil {
		return finding{}, err
	}
	n, gaps, channels := 0, int64(0), 0
	for _, l := range logs {
		for i, m := range l.messages {
			if n++; i == 0 {
				channels++
				continue
			}
			before, index := l.messages[i-1].number("index"), m.number("index")
			if index <= before {
				return dangerous("do not migrate: resuming relies on this order; report what was seen",
					"in %s index %d follows %d", l.channel.sid(), index, before)
			}
			gaps += index - before - 1
		}
	}
	if n < 2 {
		return notSeen("there are not enough messages"), nil
	}
	return asAssumed("%d messages of %d channels in order, %d numbers skipped", n, channels, gaps)
}

func (e *session) firstIndex(ctx context.Context) (finding, error) {
	logs, err := e.logs(ctx)
	if err != nil {
		return finding{}, err
	}
	lowest, n := int64(0), 0
	for _, l := range logs {
		if len(l.messages) == 0 {
			continue
		}
		first := l.messages[0].number("index")
		if n++; n == 1 || first < lowest {
			lowest = first
		}
	}
	switch {
	case n == 0:
		return notSeen("there are no messages"), nil
	case lowest < 0:
		return dangerous("do not migrate: such messages would be left out; report what was seen", "the lowest first index of %d channels is %d", n, lowest)
	}
	return asAssumed("the lowest first index of %d channels is %d", n, lowest)
}

func (e *session) messagesCount(ctx context.Context) (finding, error) {
	logs, err := e.logs(ctx)
	if err != nil {
		return finding{}, err
	}
	compared, off := 0, []string{}
	for _, l := range logs {
		if !l.whole {
			continue
		}
		compared++
		count, listed := l.channel.number("messages_count"), int64(len(l.messages))
		if count != listed {
			off = append(off, fmt.Sprintf("%s counts %d but lists %d", l.channel.sid(), count, listed))
		}
	}
	switch {
	case compared == 0:
		return notSeen("no channel with messages was read whole"), nil
	case len(off) > 0:
		return harmless("if nobody is writing right now, progress and estimates are off by this much; migrate and verify use the list", "%s", brief(off))
	}
	return asAssumed("%d channels have correct counts", compared)
}

// media looks through v2 for messages with files, which v1 does not show.
func (e *session) media(ctx context.Context) (finding, error) {
	logs, err := e.logs(ctx)
	if err != nil {
		return finding{}, err
	}
	blank, looked := 0, 0
	for _, l := range logs {
		bodies := map[string]string{}
		for _, m := range l.messages {
			bodies[m.sid()] = m.text("body")
		}
		newer, err := e.readPage(ctx, migrate.SourceChat, v2MessagesOf(l.channel))
		if err != nil {
			return finding{}, err
		}
		for _, m := range newer.records {
			looked++
			body, known := bodies[m.sid()]
			if m.null("media") || !known {
				continue
			}
			if body != m.text("body") && body != "" {
				return dangerous("a migration from v1 would write this text as if the author wrote it; read through Chat v2 (--source-api v2)",
					"v1 shows a text of %d bytes for %s, but v2 does not", len(body), m.sid())
			}
			if body == "" {
				blank++
			}
		}
	}
	if blank == 0 {
		return notSeen("%d messages read through v2, no message with a file but without text", looked), nil
	}
	return asAssumed("%d messages with files have an empty body in v1; read through Chat v2 (--source-api v2) to see their files", blank)
}
