package rehearse

import (
	"context"
	"strconv"

	"chatbridge/migrate"
)

// contents are the invented people and what they wrote.
type contents struct {
	people []string // identities
	role   string   // SID of a role of conversations
	lobby  string   // SID of the conversation that looks like one of a sample
	read   []string // SIDs of its messages, in order

	lateFile string // SID of a file that no message took yet
	oldPage  string // path and query of a page, as a reply gave it
}

// identity is that of an invented person. All of them bear the token.
func (s *session) identity(name string) string { return name + "-" + s.made.Token }

// named is a name that bears the token.
func (s *session) name(what string) string { return what + " " + s.made.Token }

// room makes an empty conversation.
func (s *session) room(ctx context.Context, what string) (sid string, err error) {
	got, err := s.created(ctx, s.at("Conversations"), form("FriendlyName", s.name(what)))
	return got.Get("sid").String(), err
}

// furnish makes three people, a role and a conversation in the shapes of the
// sample: bodies of a few bytes and of many, scripts that are read from the right,
// attributes that are nested, empty and large, an edited message, a deleted one,
// and horizons in different places.
func (s *session) furnish(ctx context.Context) error {
	role, err := s.created(ctx, s.at("Roles"), form("FriendlyName", s.name("Guest"), "Type", "conversation", "Permission", "sendMessage", "Permission", "leaveConversation"))
	if err != nil {
		return err
	}
	s.role = role.Get("sid").String()
	for i, name := range []string{"ann", "ben@example.com", "Çelik"} {
		id := s.identity(name)
		if _, err := s.created(ctx, s.at("Users"), form("Identity", id, "FriendlyName", "Invented person "+strconv.Itoa(i+1), "Attributes", `{"invented":true,"n":`+strconv.Itoa(i)+`}`)); err != nil {
			return err
		}
		s.people = append(s.people, id)
	}
	lobby, err := s.created(ctx, s.at("Conversations"), form("FriendlyName", s.name("Lobby"), "UniqueName", "lobby-"+s.made.Token,
		"Attributes", `{"topic":"invented","nested":{"list":[1,2,{"deep":null}]},"big":9007199254740993}`,
		"DateCreated", "2019-03-01T09:00:00Z", "DateUpdated", "2019-03-02T09:00:00Z"))
	if err != nil {
		return err
	}
	s.lobby = lobby.Get("sid").String()
	var seats []string
	for i, id := range s.people {
		f := form("Identity", id, "DateCreated", "2019-03-01T09:00:00Z")
		if i == 0 {
			f.Set("RoleSid", s.role)
		}
		seat, err := s.created(ctx, s.at("Conversations", s.lobby, "Participants"), f)
		if err != nil {
			return err
		}
		seats = append(seats, seat.Get("sid").String())
	}
	if err := s.chatter(ctx); err != nil {
		return err
	}
	for i, seat := range seats[:2] {
		last, err := s.one(ctx, migrate.TargetConversations, s.at("Conversations", s.lobby, "Messages", s.read[len(s.read)-1-3*i]))
		if err != nil {
			return err
		}
		if _, err := s.created(ctx, s.at("Conversations", s.lobby, "Participants", seat), form("LastReadMessageIndex", last.Get("index").String())); err != nil {
			return err
		}
	}
	return nil
}

// texts are what is said in the lobby. One is edited and one deleted afterwards.
var texts = []string{
	"Hello", "ok", "On my way, ten minutes", "☕️ שלום عليكم 你好", "a line\nand another", "yes", "yes",
	"A longer one, with 'quotes', \"more quotes\", & ampersands = signs; and a path C:\\temp", "👩‍👩‍👧‍👦", "this will be edited", "this will be deleted", "Bye",
}

func (s *session) chatter(ctx context.Context) error {
	path := s.at("Conversations", s.lobby, "Messages")
	for i, text := range texts {
		at := "2019-03-01T10:" + strconv.Itoa(10+i) + ":00Z"
		f := form("Author", s.people[i%len(s.people)], "Body", text, "DateCreated", at, "DateUpdated", at)
		if i%3 == 0 {
			f.Set("Attributes", s.marked(`"i":`+strconv.Itoa(i), `"tags":["invented"]`))
		}
		m, err := s.created(ctx, path, f)
		if err != nil {
			return err
		}
		sid := m.Get("sid").String()
		switch text {
		case "this will be edited":
			if _, err := s.created(ctx, path+"/"+sid, form("Body", "this was edited", "DateUpdated", "2019-03-01T11:00:00Z")); err != nil {
				return err
			}
		case "this will be deleted":
			if err := s.drop(ctx, path+"/"+sid); err != nil {
				return err
			}
			continue
		}
		s.read = append(s.read, sid)
	}
	return nil
}
