package emulator

import (
	"encoding/json"
	"iter"
	"net/http"
	"slices"
)

// chatPages is how one version of Chat pages its lists.
type chatPages struct {
	services, roles, users, channels, members, messages, invites, userChannels, credentials listing
	webhooks, bindings, userBindings                                                        listing
}

func newChatPages(most, userChannels int) chatPages {
	return chatPages{
		services:     listing{key: "services", max: 100},
		roles:        listing{key: "roles", max: most},
		users:        listing{key: "users", max: most},
		channels:     listing{key: "channels", max: most, filters: []string{"Type"}},
		members:      listing{key: "members", max: most, filters: []string{"Identity"}},
		messages:     listing{key: "messages", max: most, filters: []string{"Order"}},
		invites:      listing{key: "invites", max: most, filters: []string{"Identity"}},
		userChannels: listing{key: "channels", max: userChannels},
		credentials:  listing{key: "credentials", max: 1000},
		webhooks:     listing{key: "webhooks", max: 5},
		bindings:     listing{key: "bindings", max: 50, filters: []string{"Identity", "BindingType"}},
		userBindings: listing{key: "bindings", max: 50, filters: []string{"BindingType"}},
	}
}

// edition is one version of the Chat API over the source: the same resources,
// shown differently.
type edition struct {
	*source
	target           *target
	version          string
	pages            chatPages
	whole            func(kind, json.RawMessage) json.RawMessage // by a single fetch
	listed           func(kind, json.RawMessage) json.RawMessage // in a list
	showsUserChannel func(*userChannelView)
}

// kind is what a resource is, where versions show it differently.
type kind int

const (
	aService kind = iota
	aRole
	aUser
	aChannel
	aMember
	aMessage
	anInvite
	aCredential
	aWebhook
	aBinding
)

type chatHandler func(*Exchange, *chatService) (Reply, error)

func (s *edition) register(r *routes) {
	get := func(path string, h handler) {
		r.add(http.MethodGet+" /"+s.version+path, func(x *Exchange) (Reply, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			return h(x)
		})
	}
	in := func(h chatHandler) handler {
		return func(x *Exchange) (Reply, error) {
			service, err := s.serviceFor(x)
			if err != nil {
				return Reply{}, err
			}
			return h(x, service)
		}
	}
	get("/Services", s.listServices)
	if s.version == "v1" { // that of v2 knows the services of Conversations too
		get("/Services/*", in(s.fetchService))
	}
	get("/Credentials", s.listCredentials)
	get("/Credentials/*", s.fetchCredential)
	get("/Services/*/Roles", in(s.listRoles))
	get("/Services/*/Roles/*", in(s.fetchRole))
	get("/Services/*/Users", in(s.listUsers))
	get("/Services/*/Users/*", in(s.fetchUser))
	get("/Services/*/Users/*/Channels", in(s.listUserChannels))
	if s.version != "v1" {
		get("/Services/*/Users/*/Channels/*", in(s.fetchUserChannel))
		get("/Services/*/Channels/*/Webhooks", in(s.listChannelWebhooks))
		get("/Services/*/Channels/*/Webhooks/*", in(s.fetchChannelWebhook))
		get("/Services/*/Bindings", in(s.listBindings))
		get("/Services/*/Bindings/*", in(s.fetchBinding))
		get("/Services/*/Users/*/Bindings", in(s.listUserBindings))
		get("/Services/*/Users/*/Bindings/*", in(s.fetchUserBinding))
	}
	get("/Services/*/Channels", in(s.listChannels))
	get("/Services/*/Channels/*", in(s.fetchChannel))
	get("/Services/*/Channels/*/Members", in(s.listMembers))
	get("/Services/*/Channels/*/Members/*", in(s.fetchMember))
	get("/Services/*/Channels/*/Messages", in(s.listMessages))
	get("/Services/*/Channels/*/Messages/*", in(s.fetchMessage))
	get("/Services/*/Channels/*/Invites", in(s.listInvites))
	get("/Services/*/Channels/*/Invites/*", in(s.fetchInvite))
}

// list answers with a page of items, where show says what lists show of each.
func list[T any](s *edition, x *Exchange, l listing, items func(after int64) iter.Seq2[int64, T], show func(T) any) (Reply, error) {
	c, err := s.pager.cursor(x, l)
	if err != nil {
		return Reply{}, err
	}
	return s.pager.list(x, l, c, shown(items(c.after), show))
}

// resources answers with a page of resources of a kind.
func (s *edition) resources(x *Exchange, k kind, l listing, items func(after int64) iter.Seq2[int64, json.RawMessage]) (Reply, error) {
	return list(s, x, l, items, func(raw json.RawMessage) any { return s.listed(k, raw) })
}

func (s *edition) listServices(x *Exchange) (Reply, error) {
	return list(s, x, s.pages.services, s.listedServices(x).from, func(v *chatService) any { return s.listed(aService, v.raw) })
}

func (s *edition) fetchService(_ *Exchange, v *chatService) (Reply, error) {
	return ok(s.whole(aService, v.raw))
}

func (s *edition) listCredentials(x *Exchange) (Reply, error) {
	return s.resources(x, aCredential, s.pages.credentials, s.credentials.from)
}

func (s *edition) fetchCredential(x *Exchange) (Reply, error) {
	return s.fetched("Credential", aCredential, &s.credentials, x.args[0])
}

func (s *edition) fetched(what string, k kind, from *shelf[json.RawMessage], key string) (Reply, error) {
	raw, found := from.find(key)
	if !found {
		return Reply{}, notFound(what, key)
	}
	return ok(s.whole(k, raw))
}

func (s *edition) listRoles(x *Exchange, v *chatService) (Reply, error) {
	return s.resources(x, aRole, s.pages.roles, v.roles.from)
}

func (s *edition) fetchRole(x *Exchange, v *chatService) (Reply, error) {
	return s.fetched("Role", aRole, &v.roles, x.args[1])
}

func (s *edition) listUsers(x *Exchange, v *chatService) (Reply, error) {
	return s.resources(x, aUser, s.pages.users, v.users.from)
}

func (s *edition) fetchUser(x *Exchange, v *chatService) (Reply, error) {
	return s.fetched("User", aUser, &v.users, v.userSID(x.args[1]))
}

// userSID is the SID of the user whom a SID or an identity names.
func (s *chatService) userSID(key string) string {
	if sid, found := s.identities[key]; found {
		return sid
	}
	return key
}

// listChannels leaves private channels out unless Type asks for them.
func (s *edition) listChannels(x *Exchange, v *chatService) (Reply, error) {
	types := x.Query["Type"]
	for _, name := range types {
		if name != "public" && name != "private" {
			return Reply{}, invalid(20001, "Type %q is neither public nor private", name)
		}
	}
	if len(types) == 0 && !s.habits.AllTypes {
		types = []string{"public"}
	}
	wanted := func(c *channel) bool { return len(types) == 0 || slices.Contains(types, c.kind) }
	return list(s, x, s.pages.channels,
		func(after int64) iter.Seq2[int64, *channel] { return kept(v.channels.from(after), wanted) },
		func(c *channel) any { return s.listed(aChannel, c.raw) })
}

func (s *edition) fetchChannel(x *Exchange, v *chatService) (Reply, error) {
	c, err := v.channel(x.args[1])
	if err != nil {
		return Reply{}, err
	}
	return ok(s.whole(aChannel, c.raw))
}
