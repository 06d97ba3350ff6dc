package rehearse

import (
	"context"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"

	"chatbridge/migrate"
)

// inChat is the path of what is in the service, in a version of Chat.
func (s *session) inChat(version string, segments ...string) string {
	return "/" + version + strings.TrimPrefix(s.at(segments...), "/v1")
}

// chatAnswers asks Chat for the service.
func (s *session) chatAnswers(ctx context.Context) (finding, error) {
	var seen []string
	answers := map[string]bool{}
	for _, version := range []string{"v1", "v2"} {
		r, err := s.get(ctx, migrate.TargetChat, s.inChat(version))
		if err != nil {
			return finding{}, err
		}
		if answers[version] = r.OK(); r.OK() {
			// The service alone is shown also where nothing in it is.
			if r, err = s.get(ctx, migrate.TargetChat, s.inChat(version, "Channels")+"?PageSize=1"); err != nil {
				return finding{}, err
			}
			answers[version] = r.OK()
		}
		seen = append(seen, fmt.Sprintf("%s: %s", version, says(r)))
	}
	if answers["v1"] && answers["v2"] {
		return asAssumed("%s", strings.Join(seen, ", ")), nil
	}
	follows := "limits of a new service cannot be raised here; what the account of the source answers is for chatbridge doctor to say"
	if answers["v2"] {
		follows = "if this is the account of the source too, read it with --source-api v2"
	}
	return harmless(follows, "%s", strings.Join(seen, ", ")), nil
}

// chatListAttributes looks at lists of v1 whose records have attributes.
func (s *session) chatListAttributes(ctx context.Context) (finding, error) {
	var shown, wrong []string
	for _, list := range []struct{ what, target, sid string }{
		{"channels", s.inChat("v1", "Channels") + "?Type=public&Type=private", s.lobby},
		{"messages", s.inChat("v1", "Channels", s.lobby, "Messages"), s.read[0]},
	} {
		records, err := s.list(ctx, migrate.TargetChat, list.target)
		if err != nil {
			return finding{}, err
		}
		one, found := withSID(records, list.sid)
		if !found {
			return unseen("the list of %s does not show what has attributes", list.what), nil
		}
		switch a := one.Get("attributes"); {
		case a.Type == gjson.Null:
		case a.String() == "{}" || a.String() == "":
			wrong = append(wrong, list.what)
		default:
			shown = append(shown, list.what)
		}
	}
	switch {
	case len(wrong) > 0:
		return dangerous("read with --source-api v2: v1 would lose the attributes", "lists of %s show {} for attributes that are set", strings.Join(wrong, " and ")), nil
	case len(shown) > 0:
		return harmless("nothing to do: what a list shows is not asked for again", "lists of %s show them", strings.Join(shown, " and ")), nil
	}
	return asAssumed("null in the lists of channels and messages"), nil
}

func withSID(records []gjson.Result, sid string) (gjson.Result, bool) {
	for _, one := range records {
		if one.Get("sid").String() == sid {
			return one, true
		}
	}
	return gjson.Result{}, false
}

// chatty makes a conversation of some messages, and returns their SIDs.
func (s *session) chatty(ctx context.Context, what string, many int) (room string, sids []string, err error) {
	if room, err = s.room(ctx, what); err != nil {
		return "", nil, err
	}
	for i := range many {
		m, err := s.created(ctx, s.at("Conversations", room, "Messages"), form("Author", s.people[i%3], "Body", fmt.Sprint(i)))
		if err != nil {
			return "", nil, err
		}
		sids = append(sids, m.Get("sid").String())
	}
	return room, sids, nil
}

// chatCounters deletes a message and looks at messages_count.
func (s *session) chatCounters(ctx context.Context) (finding, error) {
	room, sids, err := s.chatty(ctx, "Counted", 4)
	if err != nil {
		return finding{}, err
	}
	if err := s.drop(ctx, s.at("Conversations", room, "Messages", sids[1])); err != nil {
		return finding{}, err
	}
	c, err := s.one(ctx, migrate.TargetChat, s.inChat("v1", "Channels", room))
	if err != nil {
		return finding{}, err
	}
	switch n := c.Get("messages_count"); {
	case n.Type != gjson.Number:
		return harmless("counts are not compared where there are none", "messages_count is %s", n.Raw), nil
	case n.Int() != int64(len(sids)-1):
		return harmless("findings named counts-differ are no loss by themselves: lists are read whole", "%d with one of %d messages deleted", n.Int(), len(sids)), nil
	}
	return asAssumed("%d with one of %d messages deleted", len(sids)-1, len(sids)), nil
}

// chatPageSize asks for the largest pages, and for larger ones.
func (s *session) chatPageSize(ctx context.Context) (finding, error) {
	var no, clamped, served []string
	for _, one := range []struct {
		what   string
		host   migrate.ProbeHost
		target string
		most   int
	}{
		{"Chat v1", migrate.TargetChat, s.inChat("v1", "Channels", s.lobby, "Messages"), 1000},
		{"Chat v2", migrate.TargetChat, s.inChat("v2", "Channels", s.lobby, "Messages"), 100},
		{"Conversations", migrate.TargetConversations, s.at("Conversations", s.lobby, "Messages"), 100},
	} {
		r, err := s.get(ctx, one.host, fmt.Sprintf("%s?PageSize=%d", one.target, one.most))
		if err != nil {
			return finding{}, err
		}
		if !r.OK() {
			no = append(no, fmt.Sprintf("%s %d (%s)", one.what, one.most, says(r)))
			continue
		}
		if r, err = s.get(ctx, one.host, fmt.Sprintf("%s?PageSize=%d", one.target, one.most+1)); err != nil {
			return finding{}, err
		}
		switch size := gjson.GetBytes(r.Body, "meta.page_size").Int(); {
		case !r.OK():
		case size > int64(one.most):
			served = append(served, one.what)
		default:
			clamped = append(clamped, one.what)
		}
	}
	switch {
	case len(no) == 2 && strings.HasPrefix(no[0], "Chat v1") && strings.HasPrefix(no[1], "Chat v2"):
		return unseen("Chat does not answer: %s", strings.Join(no, ", ")), nil
	case len(no) > 0:
		return dangerous("the documented page size is not accepted; what cannot be read is not carried", "refused: %s", strings.Join(no, ", ")), nil
	case len(clamped)+len(served) > 0:
		return harmless("nothing to do: larger pages than documented are never asked for", "one more is clamped by %s, and served by %s", orNobody(clamped), orNobody(served)), nil
	}
	return asAssumed("accepted, and one more is refused"), nil
}

func orNobody(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// tokenPage is a small page of messages in v1, and where it leads.
func (s *session) tokenPage(ctx context.Context, room string) (next string, err error) {
	_, next, err = s.page(ctx, migrate.TargetChat, s.inChat("v1", "Channels", room, "Messages")+"?Order=asc&PageSize=2")
	return next, err
}

// beginTokenAge reads a page whose token tokenAge follows.
func (s *session) beginTokenAge(ctx context.Context) (err error) {
	s.oldPage, err = s.tokenPage(ctx, s.lobby)
	return err
}

// tokenAge follows a token that waited.
func (s *session) tokenAge(ctx context.Context) (finding, error) {
	return s.follow(ctx, s.oldPage, s.read[2], "after "+short(tokenWait))
}

// tokenDeletion follows a token whose message was deleted.
func (s *session) tokenDeletion(ctx context.Context) (finding, error) {
	room, sids, err := s.chatty(ctx, "Tokens", 6)
	if err != nil {
		return finding{}, err
	}
	next, err := s.tokenPage(ctx, room)
	if err != nil {
		return finding{}, err
	}
	if err := s.drop(ctx, s.at("Conversations", room, "Messages", sids[1])); err != nil {
		return finding{}, err
	}
	return s.follow(ctx, next, sids[2], "after the last message of its page was deleted")
}

// follow follows a page token, which leads to a message.
func (s *session) follow(ctx context.Context, next, wants, when string) (finding, error) {
	if next == "" {
		return unseen("a page of two messages does not lead to the others"), nil
	}
	r, err := s.get(ctx, migrate.TargetChat, next)
	if err != nil {
		return finding{}, err
	}
	if !r.OK() {
		return harmless("a run reads such a list again from its beginning", "it is refused %s (%s)", when, says(r)), nil
	}
	key := gjson.GetBytes(r.Body, "meta.key").String()
	first := gjson.GetBytes(r.Body, gjson.Escape(key)+".0.sid").String()
	if first != wants {
		return dangerous("compare counts after the migration (chatbridge verify): a list that changes while it is read may lose records", "%s it leads to another message than the one that follows", when), nil
	}
	return asAssumed("it is good %s", when), nil
}

// chatType lists channels with and without Type.
func (s *session) chatType(ctx context.Context) (finding, error) {
	path := s.inChat("v1", "Channels")
	plain, err := s.list(ctx, migrate.TargetChat, path)
	if err != nil {
		return finding{}, err
	}
	both, err := s.list(ctx, migrate.TargetChat, path+"?Type=public&Type=private")
	if err != nil {
		return finding{}, err
	}
	if _, found := withSID(both, s.lobby); !found {
		return dangerous("read with --source-api v2, and compare the number of channels", "a list with both types does not show a conversation that is there"), nil
	}
	if len(plain) > 0 {
		return harmless("nothing to do: both types are always asked for", "%d of %d without Type", len(plain), len(both)), nil
	}
	return asAssumed("none of %d, which are all private, without Type", len(both)), nil
}
