package rehearse

import (
	"context"
	"fmt"
	"net/http"

	"github.com/tidwall/gjson"

	"chatbridge/migrate"
)

// seated makes a conversation with one participant and three messages. last is the
// index of the last one.
func (s *session) seated(ctx context.Context, what string) (seat string, last int64, err error) {
	room, err := s.room(ctx, what)
	if err != nil {
		return "", 0, err
	}
	p, err := s.created(ctx, s.at("Conversations", room, "Participants"), form("Identity", s.people[0]))
	if err != nil {
		return "", 0, err
	}
	for range 3 {
		m, err := s.created(ctx, s.at("Conversations", room, "Messages"), form("Author", s.people[1], "Body", "read me"))
		if err != nil {
			return "", 0, err
		}
		last = m.Get("index").Int()
	}
	return s.at("Conversations", room, "Participants", p.Get("sid").String()), last, nil
}

// horizonOf is the read horizon of a participant.
func (s *session) horizonOf(ctx context.Context, seat string) (gjson.Result, error) {
	p, err := s.one(ctx, migrate.TargetConversations, seat)
	return p.Get("last_read_message_index"), err
}

// horizonBeyond sets a horizon beyond the last message.
func (s *session) horizonBeyond(ctx context.Context) (finding, error) {
	seat, last, err := s.seated(ctx, "Beyond")
	if err != nil {
		return finding{}, err
	}
	want := last + 1000
	r, err := s.post(ctx, seat, form("LastReadMessageIndex", fmt.Sprint(want)))
	if err != nil {
		return finding{}, err
	}
	if !r.OK() {
		return harmless("nothing to do: a horizon is set to a message that is there, after all messages are", "it is refused (%s)", says(r)), nil
	}
	got, err := s.horizonOf(ctx, seat)
	if err != nil {
		return finding{}, err
	}
	if got.Type != gjson.Number || got.Int() != want {
		return harmless("nothing to do: a horizon is set to a message that is there, after all messages are", "%d beyond the last message %d becomes %s", want-last, last, got.String()), nil
	}
	return asAssumed("it is kept"), nil
}

// horizonNull sets a horizon, and then one of nothing.
func (s *session) horizonNull(ctx context.Context) (finding, error) {
	seat, last, err := s.seated(ctx, "Nothing")
	if err != nil {
		return finding{}, err
	}
	if _, err := s.created(ctx, seat, form("LastReadMessageIndex", fmt.Sprint(last))); err != nil {
		return finding{}, err
	}
	got, err := s.horizonOf(ctx, seat)
	switch {
	case err != nil:
		return finding{}, err
	case got.Type != gjson.Number || got.Int() != last:
		return dangerous("read horizons do not arrive: people find everything unread, or nothing", "a horizon of %d is stored as %s", last, got.Raw), nil
	}
	r, err := s.post(ctx, seat, form("LastReadMessageIndex", ""))
	if err != nil {
		return finding{}, err
	}
	if !r.OK() {
		return harmless("nothing to do: a horizon that was never set is not sent", "it is refused (%s)", says(r)), nil
	}
	if got, err = s.horizonOf(ctx, seat); err != nil {
		return finding{}, err
	}
	if got.Type != gjson.Null {
		return harmless("nothing to do: a horizon that was never set is not sent", "the horizon stays at %s", got.String()), nil
	}
	return asAssumed("the horizon is null again"), nil
}

// roleNames makes two roles of one name.
func (s *session) roleNames(ctx context.Context) (finding, error) {
	f := form("FriendlyName", s.name("Twin"), "Type", "conversation", "Permission", "sendMessage")
	if _, err := s.created(ctx, s.at("Roles"), f); err != nil {
		return finding{}, err
	}
	r, err := s.post(ctx, s.at("Roles"), f)
	if err != nil {
		return finding{}, err
	}
	if !r.OK() {
		return harmless("roles of one type that share a name in the source arrive as one, or under another name", "the second is refused (%s)", says(r)), nil
	}
	return asAssumed("both are there"), nil
}

// rejoin adds somebody, removes them and adds them again.
func (s *session) rejoin(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Again")
	if err != nil {
		return finding{}, err
	}
	path, f := s.at("Conversations", room, "Participants"), form("Identity", s.people[0])
	seat, err := s.created(ctx, path, f)
	if err != nil {
		return finding{}, err
	}
	if err := s.drop(ctx, path+"/"+seat.Get("sid").String()); err != nil {
		return finding{}, err
	}
	again, err := s.post(ctx, path, f)
	if err != nil {
		return finding{}, err
	}
	there, err := s.list(ctx, migrate.TargetConversations, path)
	if err != nil {
		return finding{}, err
	}
	switch {
	case again.OK() && len(there) == 1:
		return asAssumed("they are there again"), nil
	case again.Status == http.StatusNotFound && len(there) == 1:
		return harmless("nothing to do: after a 404 the list is read", "404 (Twilio error %d), and they are there", again.Code()), nil
	case len(there) == 0:
		return dangerous("people who left and came back would be missing: delete and create such a user before the migration", "%s, and they are not there", says(again)), nil
	}
	return harmless("nothing to do: participants are read before they are added", "%s, and the list shows %d", says(again), len(there)), nil
}
