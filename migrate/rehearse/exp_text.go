package rehearse

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// bodies are texts that something on the way may alter. Each is sent as the body of
// a message.
var bodies = []struct{ what, text string }{
	{"space at its ends", "  two before and two after  "},
	{"a line feed at its end", "the end\n"},
	{"CR LF", "one\r\ntwo"},
	{"a lone CR", "one\rtwo"},
	{"tabs", "one\ttwo\t"},
	{"a decomposed letter", "cafe\u0301"},
	{"a composed letter", "caf\u00e9"},
	{"a compatibility character", "\ufb01ne \u2460"},
	{"an emoji of several", "👩‍👩‍👧‍👦🏽"},
	{"text from right to left", "\u200fשלום\u200e ok"},
	{"a zero width space", "a\u200bb"},
	{"a no-break space", "\u00a0a\u00a0b\u00a0"},
	{"markup", "<b>&amp;</b> \"it's\" \\n %20 +"},
	{"lines", "\n\none\n\n\ntwo\n"},
}

// text compares what is stored with what was sent.
func (s *session) text(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Text")
	if err != nil {
		return finding{}, err
	}
	path := s.at("Conversations", room, "Messages")
	sent, no := map[string]string{}, []string{}
	for _, b := range bodies {
		r, err := s.post(ctx, path, form("Author", s.people[0], "Body", b.text))
		switch {
		case err != nil:
			return finding{}, err
		case !r.OK():
			no = append(no, fmt.Sprintf("%s (%s)", b.what, says(r)))
		default:
			sent[sidOf(r)] = b.text
		}
	}
	there, err := s.list(ctx, migrate.TargetConversations, path)
	if err != nil {
		return finding{}, err
	}
	var altered []string
	for _, m := range there {
		want, got := sent[m.Get("sid").String()], m.Get("body").String()
		_, ours := sent[m.Get("sid").String()]
		delete(sent, m.Get("sid").String())
		if ours && want != got {
			altered = append(altered, fmt.Sprintf("a body of %d bytes with %s is stored as %d bytes", len(want), whatOf(want), len(got)))
		}
	}
	name := "  " + s.name("Cafe\u0301") + "  "
	got, err := s.created(ctx, s.at("Conversations"), form("FriendlyName", name))
	if err != nil {
		return finding{}, err
	}
	if got.Get("friendly_name").String() != name {
		altered = append(altered, "a name with space at its ends and a decomposed letter is stored otherwise")
	}
	switch {
	case len(altered) > 0:
		return dangerous("do not migrate into this account unless texts may arrive altered", "%s", brief(altered)).stopping("text is stored otherwise than it was sent"), nil
	case len(sent) > 0:
		return unseen("the list does not show %d of the messages", len(sent)), nil
	case len(no) > 0:
		return harmless("what is refused meets the policy message-refused", "refused: a body with %s", brief(no)), nil
	}
	return asAssumed("%d bodies and a name", len(bodies)), nil
}

func whatOf(text string) string {
	for _, b := range bodies {
		if b.text == text {
			return b.what
		}
	}
	return ""
}

// objects are attributes that something on the way may alter.
var objects = []string{
	`{}`,
	`{ "b" : 1 , "a" : [ 1 , 2 ] }`,
	`{"big":9007199254740993,"neg":-9223372036854775808}`,
	`{"decimals":1.10,"exponent":1e2,"small":0.1000000000000000055511151231257827}`,
	`{"text":"caf\u00e9 \ud83d\ude00 \"quoted\" \\ \/"}`,
	`{"nothing":null,"yes":true,"list":[],"object":{},"blank":""}`,
	`{"deep":{"deep":{"deep":{"deep":{"deep":[[[[1]]]]}}}}}`,
	`{"":"a key without letters","ключ":"значение"}`,
}

// attributes compares what is stored with what was sent, of a message each, and of
// a conversation, a participant and a user once.
func (s *session) attributes(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Attributes")
	if err != nil {
		return finding{}, err
	}
	var changed, reformatted, no []string
	check := func(what, path string, pairs ...string) error {
		r, err := s.post(ctx, path, form(pairs...))
		if err != nil {
			return err
		}
		want, got := form(pairs...).Get("Attributes"), ""
		if !r.OK() {
			no = append(no, fmt.Sprintf("%s (%s)", what, says(r)))
			return nil
		}
		stored, err := s.one(ctx, migrate.TargetConversations, path+"/"+sidOf(r))
		if err != nil {
			return err
		}
		switch got = stored.Get("attributes").String(); {
		case !mapping.EqualAttributes(want, got):
			changed = append(changed, what)
		case want != got:
			reformatted = append(reformatted, what)
		}
		return nil
	}
	for _, o := range objects {
		if err := check("of a message: "+o, s.at("Conversations", room, "Messages"), "Author", s.people[0], "Body", s.name("attributes"), "Attributes", o); err != nil {
			return finding{}, err
		}
	}
	odd := objects[2]
	for _, one := range []struct {
		what, path string
		pairs      []string
	}{
		{"of a conversation", s.at("Conversations"), []string{"FriendlyName", s.name("Attributed"), "Attributes", odd}},
		{"of a participant", s.at("Conversations", room, "Participants"), []string{"Identity", s.people[0], "Attributes", odd}},
		{"of a user", s.at("Users"), []string{"Identity", s.identity("attributed"), "Attributes", odd}},
	} {
		if err := check(one.what, one.path, one.pairs...); err != nil {
			return finding{}, err
		}
	}
	switch {
	case len(changed) > 0:
		return dangerous("do not migrate into this account: values would be lost", "values differ: %s", brief(changed)).stopping("attributes are stored with other values"), nil
	case len(no) > 0:
		return harmless("a run sends what is refused once more in its plainest form; what is refused then meets the policy message-refused", "refused: %s", brief(no)), nil
	case len(reformatted) > 0:
		return harmless("nothing to do: attributes are compared by value", "the values are kept, and the writing differs: %s", brief(reformatted)), nil
	}
	return asAssumed("%d objects, byte for byte", len(objects)+3), nil
}

// blankBody sends bodies of nothing but white space.
func (s *session) blankBody(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Blank")
	if err != nil {
		return finding{}, err
	}
	var no, altered []string
	blanks := []string{" ", "\n", "\t \t", "\u00a0"}
	for _, b := range blanks {
		r, err := s.post(ctx, s.at("Conversations", room, "Messages"), form("Author", s.people[0], "Body", b))
		switch {
		case err != nil:
			return finding{}, err
		case !r.OK():
			no = append(no, fmt.Sprintf("%q (%s)", b, says(r)))
		case textOf(r, "body") != b:
			altered = append(altered, fmt.Sprintf("%q as %q", b, textOf(r, "body")))
		}
	}
	switch {
	case len(no) > 0:
		return harmless("give --policy empty-body=placeholder or skip: empty-body=space sends what is refused", "refused: %s", brief(no)), nil
	case len(altered) > 0:
		return harmless("give --policy empty-body=placeholder or skip: what empty-body=space sends is stored otherwise", "stored otherwise: %s", brief(altered)), nil
	}
	return asAssumed("%d were accepted", len(blanks)), nil
}

// emptyBody sends a body that is empty, and none.
func (s *session) emptyBody(ctx context.Context) (finding, error) {
	room, err := s.room(ctx, "Empty")
	if err != nil {
		return finding{}, err
	}
	var taken []string
	for what, pairs := range map[string][]string{"an empty Body": {"Body", ""}, "no Body": nil} {
		r, err := s.post(ctx, s.at("Conversations", room, "Messages"), form(append(pairs, "Author", s.people[0])...))
		if err != nil {
			return finding{}, err
		}
		if r.OK() {
			taken = append(taken, what)
		}
	}
	sort.Strings(taken)
	if len(taken) > 0 {
		return harmless("nothing to do: the policy body-empty decides about such messages all the same", "accepted: %s", strings.Join(taken, " and ")), nil
	}
	return asAssumed("both were refused"), nil
}
