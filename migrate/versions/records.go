package versions

import (
	"context"

	"github.com/tidwall/gjson"

	"chatbridge/mapping/chat"
)

func unmarked(string, chat.Versions) {}

func (s *Source) serviceSides() *sides[chat.Service] {
	return &sides[chat.Service]{
		kind: "service", decode: chat.Decode[chat.Service], mark: s.marks.set,
		raw: func(r chat.Service) []byte { return r.Raw }, sid: func(r chat.Service) string { return r.SID },
		older: func(ctx context.Context, sid string) (chat.Service, error) { return s.older.Service(ctx, sid) },
		newer: func(ctx context.Context, sid string) (chat.Service, error) { return s.newer.Service(ctx, sid) },
	}
}

func (s *Source) roleSides(service string) *sides[chat.Role] {
	return &sides[chat.Role]{
		kind: "role", decode: chat.Decode[chat.Role], mark: unmarked,
		raw: func(r chat.Role) []byte { return r.Raw }, sid: func(r chat.Role) string { return r.SID },
		older: func(ctx context.Context, sid string) (chat.Role, error) { return s.older.Role(ctx, service, sid) },
		newer: func(ctx context.Context, sid string) (chat.Role, error) { return s.newer.Role(ctx, service, sid) },
	}
}

func (s *Source) userSides(service string) *sides[chat.User] {
	return &sides[chat.User]{
		kind: "user", decode: chat.DecodeListed[chat.User], mark: s.marks.set,
		raw: func(r chat.User) []byte { return r.Raw }, sid: func(r chat.User) string { return r.SID },
		older: func(ctx context.Context, sid string) (chat.User, error) { return s.older.User(ctx, service, sid) },
		newer: func(ctx context.Context, sid string) (chat.User, error) { return s.newer.User(ctx, service, sid) },
	}
}

func (s *Source) channelSides(service string) *sides[chat.Channel] {
	return &sides[chat.Channel]{
		kind: "channel", decode: chat.DecodeListed[chat.Channel], mark: s.marks.set,
		raw: func(r chat.Channel) []byte { return r.Raw }, sid: func(r chat.Channel) string { return r.SID },
		older: func(ctx context.Context, sid string) (chat.Channel, error) { return s.older.Channel(ctx, service, sid) },
		newer: func(ctx context.Context, sid string) (chat.Channel, error) { return s.newer.Channel(ctx, service, sid) },
	}
}

// memberSides fetches a member whose attributes a list of v2 does not show: v1 never
// shows them.
func (s *Source) memberSides(service, channel string) *sides[chat.Member] {
	return &sides[chat.Member]{
		kind: "member", decode: chat.Decode[chat.Member], mark: unmarked,
		raw: func(r chat.Member) []byte { return r.Raw }, sid: func(r chat.Member) string { return r.SID },
		older: func(ctx context.Context, sid string) (chat.Member, error) {
			return s.older.Member(ctx, service, channel, sid)
		},
		newer: func(ctx context.Context, sid string) (chat.Member, error) {
			return s.newer.Member(ctx, service, channel, sid)
		},
		whole: func(_, newer []byte) bool { return !absent(gjson.GetBytes(newer, "attributes")) },
	}
}

func (s *Source) messageSides(service, channel string) *sides[chat.Message] {
	return &sides[chat.Message]{
		kind: "message", decode: chat.Decode[chat.Message], mark: unmarked,
		raw: func(r chat.Message) []byte { return r.Raw }, sid: func(r chat.Message) string { return r.SID },
		older: func(ctx context.Context, sid string) (chat.Message, error) {
			return s.older.Message(ctx, service, channel, sid)
		},
		newer: func(ctx context.Context, sid string) (chat.Message, error) {
			return s.newer.Message(ctx, service, channel, sid)
		},
		whole: func(older, newer []byte) bool {
			return !absent(gjson.GetBytes(newer, "attributes")) || !absent(gjson.GetBytes(older, "attributes"))
		},
	}
}
