package main

import (
	"context"
	"fmt"
	"strings"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/reports"
)

// What a run looks at to know a service of Twilio Flex before it writes: the first
// channels that one page of the list shows, and of these a few whole, where lists show
// no attributes. That is at most 11 requests for each service with Chat v1, and one
// with Chat v2.
const (
	flexListed  = 50
	flexFetched = 10
)

// refuseFlex sends whoever is about to migrate a service of Twilio Flex to Flex's own
// guide. A policy accepts such a service knowingly, and one sign alone is only
// mentioned; so is a service of Flex where nothing will be written.
func refuseFlex(ctx context.Context, src migrate.Source, services []chat.Service, m mapping.Mapper, again string, tell func(string)) error {
	for _, s := range services {
		signs, err := flexSigns(ctx, src, s)
		if err != nil {
			return err
		}
		found := m.Flex(s.SID, signs)
		if len(found) == 0 {
			continue
		}
		said := strings.Join(signs.Signs(), "; ")
		if mapping.Blocked(found) && again != "" {
			return &migrate.Error{
				Op: "check service", Kind: migrate.Usage, SID: s.SID,
				Err: fmt.Errorf("%q was made by Twilio Flex, by these signs: %s; nothing was written", reports.Plain(chat.Shorten(s.FriendlyName)), said),
				Hint: fmt.Sprintf("Flex has its own way to Conversations: %s; to go on all the same: %s --policy %s=accept",
					mapping.FlexGuide, again, mapping.FlexService),
			}
		}
		what := "shows one sign of Twilio Flex"
		if signs.Made() {
			what = "was made by Twilio Flex"
		}
		tell(fmt.Sprintf("Note: %s %s: %s.\n  Flex has its own way to Conversations: %s", s.SID, what, reports.Plain(said), mapping.FlexGuide))
	}
	return nil
}

// flexSigns reads as little of a service as tells. A channel that is gone, or that
// makes no sense, shows nothing here; the run itself says so.
func flexSigns(ctx context.Context, src migrate.Source, s chat.Service) (signs mapping.Flex, err error) {
	signs.Service(s)
	listed, fetched := 0, 0
	for c, err := range src.Channels(ctx, s.SID) {
		if err != nil {
			return signs, err
		}
		if c.Attributes == nil && fetched < flexFetched {
			fetched++
			whole, err := src.Channel(ctx, s.SID, c.SID)
			switch {
			case err == nil:
				c = whole
			case migrate.KindOf(err) != migrate.NotFound && !migrate.Unreadable(err):
				return signs, err
			}
		}
		signs.Channel(c)
		if listed++; listed == flexListed || signs.Made() {
			break
		}
	}
	return signs, nil
}
