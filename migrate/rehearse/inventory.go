package rehearse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"chatbridge/migrate"
)

// strange is something in the service that the rehearsal did not make. With it the
// service is somebody's, and stays.
type strange struct{ what string }

func (s *strange) Error() string {
	return s.what + ", so it is not deleted: it may be somebody's by now"
}

// madeByTwilio are the roles that every new service has, by name: a process that was
// killed may not have recorded which they are.
var madeByTwilio = []string{"service admin", "service user", "channel admin", "channel user"}

// inventory proves that everything in the service is of the rehearsal: it all
// bears the token, or is what was recorded of a copy before that began.
func (s *session) inventory(ctx context.Context) error {
	for _, kind := range []struct{ list, noun string }{
		{"/Roles", "role"}, {"/Users", "user"}, {"/Conversations", "conversation"},
	} {
		records, err := s.list(ctx, migrate.TargetConversations, s.at()+kind.list)
		if err != nil {
			return err
		}
		for _, one := range records {
			if kind.noun == "role" && (slices.Contains(s.made.Roles, one.Get("sid").String()) || slices.Contains(madeByTwilio, one.Get("friendly_name").String())) {
				continue
			}
			copied := s.made.ofCopy(kind.noun, one)
			if !copied && !s.bears(one, "friendly_name", "identity", "unique_name") {
				return &strange{fmt.Sprintf("it has a %s %s that the rehearsal did not make", kind.noun, one.Get("sid").String())}
			}
			if kind.noun != "conversation" {
				continue
			}
			if err := s.inConversation(ctx, one.Get("sid").String(), copied); err != nil {
				return err
			}
		}
	}
	return nil
}

// inConversation proves it of what is in a conversation, which the copy made or not.
func (s *session) inConversation(ctx context.Context, sid string, copied bool) error {
	for _, kind := range []struct{ list, noun string }{{"Participants", "participant"}, {"Messages", "message"}} {
		records, err := s.list(ctx, migrate.TargetConversations, s.at("Conversations", sid, kind.list))
		if err != nil {
			return err
		}
		for _, one := range records {
			if !s.bears(one, "identity", "author", "attributes", "body") && !(copied && s.made.inCopy(kind.noun, one)) {
				return &strange{fmt.Sprintf("it has a %s %s in conversation %s that the rehearsal did not make", kind.noun, one.Get("sid").String(), sid)}
			}
		}
	}
	return nil
}

// bears reports whether this process created a resource, or one of its fields holds
// the token.
func (s *session) bears(one gjson.Result, fields ...string) bool {
	return s.mine[one.Get("sid").String()] || slices.ContainsFunc(fields, func(f string) bool { return strings.Contains(one.Get(f).String(), s.made.Token) })
}
