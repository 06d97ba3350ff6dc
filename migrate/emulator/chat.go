package emulator

import (
	"encoding/json"
	"iter"
	"net/http"
	"slices"
)

// How Chat v1 pages its lists.
var (
	chatServicePages = listing{key: "services", max: 100}
	chatRolePages    = listing{key: "roles", max: 1000}
	chatUserPages    = listing{key: "users", max: 1000}
	channelPages     = listing{key: "channels", max: 1000, filters: []string{"Type"}}
	memberPages      = listing{key: "members", max: 1000, filters: []string{"Identity"}}
	chatMessagePages = listing{key: "messages", max: 1000, filters: []string{"Order"}}
	invitePages      = listing{key: "invites", max: 1000, filters: []string{"Identity"}}
	userChannelPages = listing{key: "channels", max: 1000}
	chatKeyPages     = listing{key: "credentials", max: 1000}
)

type chatHandler func(*Exchange, *chatService) (Reply, error)

func (s *source) register(r *routes) {
	get := func(path string, h handler) {
		r.add(http.MethodGet+" "+path, func(x *Exchange) (Reply, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			return h(x)
		})
	}
	in := func(h chatHandler) handler {
		return func(x *Exchange) (Reply, error) {
			service, err := s.service(x.args[0])
			if err != nil {
				return Reply{}, err
			}
			return h(x, service)
		}
	}
	get("/v1/Services", s.listServices)
	get("/v1/Services/*", in(func(_ *Exchange, v *chatService) (Reply, error) { return ok(v.raw) }))
	get("/v1/Credentials", s.listCredentials)
	get("/v1/Credentials/*", s.fetchCredential)
	get("/v1/Services/*/Roles", in(s.listRoles))
	get("/v1/Services/*/Roles/*", in(s.fetchRole))
	get("/v1/Services/*/Users", in(s.listUsers))
	get("/v1/Services/*/Users/*", in(s.fetchUser))
	get("/v1/Services/*/Users/*/Channels", in(s.listUserChannels))
	get("/v1/Services/*/Channels", in(s.listChannels))
	get("/v1/Services/*/Channels/*", in(s.fetchChannel))
	get("/v1/Services/*/Channels/*/Members", in(s.listMembers))
	get("/v1/Services/*/Channels/*/Members/*", in(s.fetchMember))
	get("/v1/Services/*/Channels/*/Messages", in(s.listMessages))
	get("/v1/Services/*/Channels/*/Messages/*", in(s.fetchMessage))
	get("/v1/Services/*/Channels/*/Invites", in(s.listInvites))
	get("/v1/Services/*/Channels/*/Invites/*", in(s.fetchInvite))
}

// list answers with a page of items, where show says what lists show of each.
func list[T any](s *source, x *Exchange, l listing, items func(after int64) iter.Seq2[int64, T], show func(T) any) (Reply, error) {
	c, err := s.pager.cursor(x, l)
	if err != nil {
		return Reply{}, err
	}
	return s.pager.list(x, l, c, shown(items(c.after), show))
}

func asIs(raw json.RawMessage) any { return raw }

// attributesHidden shows a resource as lists do: attributes that are set are
// null, and only a single fetch tells them.
func attributesHidden(raw json.RawMessage) any {
	return hide(raw, func(name string, value []byte) bool { return name == "attributes" && string(value) != `"{}"` })
}

// presenceHidden hides also what no list of users shows.
func presenceHidden(raw json.RawMessage) any {
	return hide(raw, func(name string, value []byte) bool {
		return name == "attributes" && string(value) != `"{}"` || name == "is_online" || name == "is_notifiable"
	})
}

func (s *source) listServices(x *Exchange) (Reply, error) {
	return list(s, x, chatServicePages, s.services.from, func(v *chatService) any { return v.raw })
}

func (s *source) listCredentials(x *Exchange) (Reply, error) {
	return list(s, x, chatKeyPages, s.credentials.from, asIs)
}

func (s *source) fetchCredential(x *Exchange) (Reply, error) {
	return fetched("Credential", &s.credentials, x.args[0])
}

func fetched(what string, from *shelf[json.RawMessage], key string) (Reply, error) {
	raw, found := from.find(key)
	if !found {
		return Reply{}, notFound(what, key)
	}
	return ok(raw)
}

func (s *source) listRoles(x *Exchange, v *chatService) (Reply, error) {
	return list(s, x, chatRolePages, v.roles.from, asIs)
}

func (s *source) fetchRole(x *Exchange, v *chatService) (Reply, error) {
	return fetched("Role", &v.roles, x.args[1])
}

func (s *source) listUsers(x *Exchange, v *chatService) (Reply, error) {
	return list(s, x, chatUserPages, v.users.from, presenceHidden)
}

func (s *source) fetchUser(x *Exchange, v *chatService) (Reply, error) {
	return fetched("User", &v.users, v.userSID(x.args[1]))
}

// userSID is the SID of the user whom a SID or an identity names.
func (s *chatService) userSID(key string) string {
	if sid, found := s.identities[key]; found {
		return sid
	}
	return key
}

// listChannels leaves private channels out unless Type asks for them.
func (s *source) listChannels(x *Exchange, v *chatService) (Reply, error) {
	types := x.Query["Type"]
	for _, name := range types {
		if name != "public" && name != "private" {
			return Reply{}, invalid(20001, "Type %q is neither public nor private", name)
		}
	}
	if len(types) == 0 {
		types = []string{"public"}
	}
	wanted := func(c *channel) bool { return slices.Contains(types, c.kind) }
	return list(s, x, channelPages,
		func(after int64) iter.Seq2[int64, *channel] { return kept(v.channels.from(after), wanted) },
		func(c *channel) any { return attributesHidden(c.raw) })
}

func (s *source) fetchChannel(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	return ok(c.raw)
}
