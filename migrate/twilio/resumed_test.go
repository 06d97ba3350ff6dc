package twilio

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// tenAPage serves 30 messages of a channel, ten a page: the token of a page is the index
// that it begins with.
type tenAPage struct {
	answers func(from int, token string) (status int, body string) // nil, or status 0, for what is true
}

func (l tenAPage) answer(r seen) (int, string) {
	q, _ := url.ParseQuery(r.Query)
	token := q.Get("PageToken")
	from, _ := strconv.Atoi(token)
	if l.answers != nil {
		if status, body := l.answers(from, token); status != 0 {
			return status, body
		}
	}
	if q.Get("Order") == "desc" && token == "" {
		return 200, list("messages", r.Path+"?Order=desc&PageToken=28", recordsOf(29)...)
	} else if q.Get("Order") == "desc" {
		return 200, pageOf(28, 27)
	}
	next := ""
	if from < 20 {
		next = fmt.Sprintf("https://chat.twilio.com%s?PageSize=10&PageToken=%d", r.Path, from+10)
	}
	return 200, list("messages", next, recordsOf(tens(from)...)...)
}

func tens(from int) (all []int) {
	for i := from; i < from+10; i++ {
		all = append(all, i)
	}
	return all
}

func recordsOf(indexes ...int) (all []string) {
	for _, i := range indexes {
		all = append(all, fmt.Sprintf(`{"sid": "IM%032d", "index": %d, "attributes": "{}"}`, i, i))
	}
	return all
}

func pageOf(indexes ...int) string { return list("messages", "", recordsOf(indexes...)...) }

const messagesPath = "/v1/Services/" + service + "/Channels/" + channel + "/Messages"

func TestMessageListsThatGoOn(t *testing.T) {
	const second = messagesPath + "?PageSize=10&PageToken=10"
	atMost := func(left int, answers func(from int, token string) (int, string)) func(int, string) (int, string) {
		return func(from int, token string) (int, string) {
			status, body := answers(from, token)
			if left--; status == 0 {
				left++
			}
			if left < 0 {
				return 0, ""
			}
			return status, body
		}
	}
	once := func(answers func(int, string) (int, string)) func(int, string) (int, string) {
		return atMost(1, answers)
	}
	onSecond := func(status int, body string) func(int, string) (int, string) {
		return func(_ int, token string) (int, string) {
			if token == "10" {
				return status, body
			}
			return 0, ""
		}
	}
	onThird := func(status, code int) func(int, string) (int, string) {
		return func(from int, _ string) (int, string) {
			if from == 20 {
				return refusal(status, code)
			}
			return 0, ""
		}
	}
	refused := func(status, code int) func(int, string) (int, string) { return onSecond(refusal(status, code)) }
	from := func(address string) migrate.Page {
		return migrate.Page{Address: address, SID: fmt.Sprintf("IM%032d", 12), Index: 12}
	}
	for name, c := range map[string]struct {
		from    migrate.Page
		answers func(int, string) (int, string)
		first   int // how often the first page is asked for
		kind    migrate.Kind
		fails   bool
	}{
		"are begun with the page":                            {from: from(second)},
		"are begun with a page of another size or number":    {from: from(messagesPath + "?Order=asc&Page=1&PageSize=50&PageToken=10")},
		"are begun with a page of the size that is asked":    {from: from(messagesPath + "?PageSize=100&PageToken=10")},
		"without a page to begin with":                       {first: 1},
		"whose page has no address of a page":                {from: from("%zz"), first: 1},
		"whose page is of another channel":                   {from: from(strings.Replace(second, channel, "CH00000000000000000000000000000002", 1)), first: 1},
		"whose page is of another API":                       {from: from(strings.Replace(second, "/v1/", "/v2/", 1)), first: 1},
		"whose page is in the other order":                   {from: from(second + "&Order=desc"), first: 1},
		"whose page is of a list that leaves something out":  {from: from(second + "&Identity=ada"), first: 1},
		"whose page is larger than what is asked for":        {from: from(messagesPath + "?PageSize=1000&PageToken=10"), first: 1},
		"whose page has no size":                             {from: from(messagesPath + "?PageSize=all&PageToken=10"), first: 1},
		"whose page has expired":                             {from: from(second), answers: once(refused(400, 21481)), first: 1},
		"whose page is refused":                              {from: from(second), answers: once(refused(400, 20001)), first: 1},
		"whose page is not found":                            {from: from(second), answers: once(refused(404, 20404)), first: 1},
		"whose page is no page":                              {from: from(second), answers: atMost(4, onSecond(200, "<html>")), first: 1},
		"whose page the service fails at":                    {from: from(second), answers: atMost(4, onSecond(500, "")), first: 1},
		"whose page shows another page":                      {from: from(second), answers: once(onSecond(200, pageOf(tens(20)...))), first: 1},
		"whose page shows nothing":                           {from: from(second), answers: once(onSecond(200, pageOf())), first: 1},
		"whose page is beyond what is known":                 {from: migrate.Page{Address: messagesPath + "?PageSize=10&PageToken=20", SID: fmt.Sprintf("IM%032d", 22), Index: 22}, first: 1},
		"whose page shows the message elsewhere":             {from: migrate.Page{Address: second, SID: fmt.Sprintf("IM%032d", 12), Index: 13}, first: 1},
		"whose page shows another message there":             {from: migrate.Page{Address: second, SID: fmt.Sprintf("IM%032d", 13), Index: 12}, first: 1},
		"whose page is in no order":                          {from: from(second), answers: once(onSecond(200, pageOf(12, 11, 29))), first: 1},
		"whose next page has expired":                        {from: from(second), answers: once(onThird(400, 21481)), first: 1},
		"whose page is the last, which proves short":         {from: from(second), answers: once(onSecond(200, pageOf(tens(10)...))), first: 1},
		"that may not be read":                               {from: from(second), answers: refused(401, 20003), fails: true, kind: migrate.Credentials},
		"that were asked for too often":                      {from: from(second), answers: refused(429, 20429), fails: true, kind: migrate.Throttled},
		"whose next page fails are as any list":              {from: from(second), answers: onThird(500, 0), fails: true, kind: migrate.Unavailable},
		"whose first page has expired each time give up too": {from: from(second), answers: func(int, string) (int, string) { return refusal(400, 21481) }, first: 4, fails: true, kind: migrate.PageExpired},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, tenAPage{c.answers}.answer)
			config, said := s.config(t), 0
			config.Notice = func(e migrate.Event) {
				require.Equal(t, migrate.Detail, e.Level)
				said++
			}
			src, err := NewSource(config)
			require.NoError(t, err)
			all, err := drain(src.Messages(t.Context(), service, channel, migrate.Span{After: 14, From: c.from}))
			first, begun := 0, false
			for _, r := range s.requests() {
				if strings.Contains(r.Query, "Order=asc") && !strings.Contains(r.Query, "PageToken") {
					first++
				}
				begun = begun || strings.Contains(r.Query, "PageToken") && first == 0
			}
			require.Equal(t, c.first, first)
			if c.fails {
				require.Error(t, err)
				require.Equal(t, c.kind, migrate.KindOf(err))
				return
			}
			require.NoError(t, err)
			for i, m := range all {
				require.EqualValues(t, 15+i, m.Index)
				require.Contains(t, m.Page, fmt.Sprintf("PageToken=%d", m.Index/10*10))
			}
			require.Len(t, all, 15)
			require.Equal(t, begun && first > 0 && !strings.Contains(name, "short"), said == 1)
		})
	}
	t.Run("from their end begin there", func(t *testing.T) {
		s := serve(t, tenAPage{}.answer)
		all, err := drain(s.source(t).Messages(t.Context(), service, channel, migrate.Span{After: 27, NewestFirst: true, From: from(second)}))
		require.NoError(t, err)
		require.Len(t, all, 2)
		require.Empty(t, all[0].Page)
		require.Empty(t, all[1].Page)
		require.NotContains(t, s.uris()[0], "PageToken")
	})
	t.Run("are begun with the page if its message is the last that is known", func(t *testing.T) {
		s := serve(t, tenAPage{}.answer)
		all, err := drain(s.source(t).Messages(t.Context(), service, channel, migrate.Span{After: 12, From: from(second)}))
		require.NoError(t, err)
		require.Len(t, all, 17)
		require.Contains(t, s.uris()[0], "PageToken=10")
	})
	t.Run("when the context has ended say so", func(t *testing.T) {
		s := serve(t, tenAPage{}.answer)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := drain(s.source(t).Messages(ctx, service, channel, migrate.Span{After: 14, From: from(second)}))
		require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
		require.Empty(t, s.uris())
	})
}
