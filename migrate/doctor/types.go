package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"chatbridge/migrate"
)

// channelTypes lists channels in four ways. The list of both types comes last:
// what is made meanwhile is then in it too.
func (e *session) channelTypes(ctx context.Context) (finding, error) {
	s, err := e.sample(ctx)
	if err != nil {
		return finding{}, err
	}
	var none, public, private, both int
	for _, service := range s.services {
		var lists [4]map[string]bool
		whole := false
		// The sample has read the list of both types already; the other order of
		// the same question has it read again.
		for i, types := range [][]string{nil, {"public"}, {"private"}, {"private", "public"}} {
			if lists[i], whole, err = e.sids(ctx, channelsOf("v1", service.sid(), types...)); err != nil {
				return finding{}, err
			}
		}
		for _, part := range lists[1:3] {
			if !whole {
				break
			}
			gone, err := e.missing(ctx, service, part, lists[3])
			if err != nil {
				return finding{}, err
			}
			if gone != "" {
				return dangerous("do not migrate from v1, which would leave channels out; read through Chat v2 (--source-api v2)",
					"asked for both types, the list has %d of %d channels; %s is missing", len(lists[3]), len(lists[1])+len(lists[2]), gone)
			}
		}
		none, public, private, both = none+len(lists[0]), public+len(lists[1]), private+len(lists[2]), both+len(lists[3])
	}
	counts := fmt.Sprintf("channels listed: %d without Type, %d public, %d private, %d for both", none, public, private, both)
	switch {
	case both == 0:
		return notSeen("there are no channels"), nil
	case private == 0 || public == 0:
		return notSeen("%s: the test needs channels of both types", counts), nil
	case none == public:
		return asAssumed("%s", counts)
	}
	return harmless("nothing to do: chatbridge always asks for both", "%s", counts)
}

func (e *session) sids(ctx context.Context, target string) (map[string]bool, bool, error) {
	all, whole, err := e.list(ctx, migrate.SourceChat, target)
	got := map[string]bool{}
	for _, r := range all {
		got[r.sid()] = true
	}
	return got, whole, err
}

// missing names a channel of part that is not in the list of all although it is
// there still.
func (e *session) missing(ctx context.Context, service resource, part, all map[string]bool) (string, error) {
	left := examFetches
	for _, sid := range slices.Sorted(maps.Keys(part)) {
		if all[sid] {
			continue
		}
		_, err := e.one(ctx, migrate.SourceChat, "/v1/Services/"+service.sid()+"/Channels/"+sid)
		if _, gone := errors.AsType[*refusedRead](err); !gone {
			return sid, err
		}
		if left--; left == 0 {
			break
		}
	}
	return "", nil
}
