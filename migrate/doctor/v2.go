package doctor

import (
	"context"
	"strings"

	"chatbridge/migrate"
)

func (e *session) v2Same(ctx context.Context) (finding, error) {
	const advice = "do not read through Chat v2 alone: --source-api auto compares both and stops at what differs; a migration from v1 is not affected"
	s, err := e.sample(ctx)
	if err != nil {
		return finding{}, err
	}
	channels, messages := 0, 0
	for _, service := range s.services {
		older, whole, err := e.list(ctx, migrate.SourceChat, channelsOf("v1", service.sid(), "public", "private"))
		if err != nil {
			return finding{}, err
		}
		newer, err := e.readPage(ctx, migrate.SourceChat, channelsOf("v2", service.sid(), "public", "private"))
		if err != nil {
			return finding{}, err
		}
		known := map[string]bool{}
		for _, c := range older {
			known[c.sid()] = true
		}
		for _, c := range newer.records {
			if channels++; whole && !known[c.sid()] {
				return harmless(advice, "v2 lists channel %s, but v1 does not", c.sid())
			}
		}
		if newer.next == "" && whole && len(newer.records) != len(older) {
			return harmless(advice, "v2 lists %d channels, v1 %d", len(newer.records), len(older))
		}
	}
	logs, err := e.logs(ctx)
	if err != nil {
		return finding{}, err
	}
	for _, l := range logs {
		newer, err := e.readPage(ctx, migrate.SourceChat, v2MessagesOf(l.channel))
		if err != nil {
			return finding{}, err
		}
		for i, m := range newer.records[:min(len(newer.records), len(l.messages))] {
			if messages++; m.sid() != l.messages[i].sid() || m.number("index") != l.messages[i].number("index") {
				return harmless(advice, "in %s message %d is %s in v2 and %s in v1", l.channel.sid(), i, m.sid(), l.messages[i].sid())
			}
		}
	}
	if channels+messages == 0 {
		return notSeen("there are no channels"), nil
	}
	return asAssumed("%d channels and %d messages compared", channels, messages)
}

// v2Attributes reads what v2Same has read.
func (e *session) v2Attributes(ctx context.Context) (finding, error) {
	logs, err := e.logs(ctx)
	if err != nil {
		return finding{}, err
	}
	shown, hidden := 0, 0
	for _, l := range logs {
		newer, err := e.readPage(ctx, migrate.SourceChat, v2MessagesOf(l.channel))
		if err != nil {
			return finding{}, err
		}
		for _, m := range newer.records {
			switch text := m.text("attributes"); {
			case m.null("attributes"):
				hidden++
			case strings.TrimSpace(text) != "{}":
				shown++
			}
		}
	}
	switch {
	case hidden > 0:
		return harmless("reading through Chat v2 takes a request for each of them, as v1 does", "v2 lists %d messages whose attributes are null", hidden)
	case shown > 0:
		return asAssumed("v2 lists %d messages with attributes, none with null", shown)
	}
	return notSeen("no message that was read has attributes"), nil
}
