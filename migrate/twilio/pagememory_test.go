package twilio

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unsafe"
	"weak"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/heap"
)

// pageOfMessages is a page of a hundred messages as Chat v1 lists them, by ten people.
func pageOfMessages(page int) []byte {
	records := make([]string, 100)
	for i := range records {
		index := 100*page + i
		records[i] = fmt.Sprintf(`{"sid": "IM%032x", "account_sid": "AC%032x", "service_sid": "IS%032x", "channel_sid": "CH%032x", "to": "CH%032x",`+
			` "date_created": "2020-01-01T00:00:00Z", "date_updated": "2020-01-01T00:00:00Z", "last_updated_by": null, "was_edited": false, "from": "person-%d@example.com",`+
			` "body": %q, "index": %d, "type": "text", "media": null, "attributes": null, "url": "https://chat.twilio.com/v1/Services/IS%032x/Channels/CH%032x/Messages/IM%032x"}`,
			index, 1, 1, 1, 1, i%10, strings.Repeat("some words ", 8), index, 1, 1, index)
	}
	return []byte(list("messages", "https://chat.twilio.com/v1/M?Page=1", records...))
}

// Pages that are read ahead take the memory that is counted for them, in both forms in
// which they wait: the room is in bytes of memory.
func TestMemoryOfPagesReadAhead(t *testing.T) {
	if !heap.Alone(t) {
		return
	}
	const pages = 50
	for name, wait := range map[string]func(listed[chat.Message]) (any, int64){
		"as listed": func(l listed[chat.Message]) (any, int64) { return l, l.bytes() },
		"as selected": func(l listed[chat.Message]) (any, int64) {
			all, _ := within(l.fresh, migrate.Span{After: migrate.All})
			s := selectionOf(all, l)
			return s, s.bytes()
		},
	} {
		o := &ordered[chat.Message]{decode: sharing()}
		var held []any
		var counted int64
		grown := heap.Growth(func() {
			for i := range pages {
				p, err := readPage(pageOfMessages(i))
				require.NoError(t, err)
				fresh, err := o.take(p)
				require.NoError(t, err)
				require.Len(t, fresh, 100)
				one, bytes := wait(listed[chat.Message]{fresh: fresh})
				held, counted = append(held, one), counted+bytes
			}
		})
		runtime.KeepAlive(held)
		t.Logf("%s: a page takes %d bytes, and counts as %d", name, grown/pages, counted/pages)
		require.Less(t, grown, counted*5/4, name)
		require.Greater(t, grown, counted/2, name)
	}
}

// Of texts that most messages of a channel share, one is kept, however many people write.
func TestMessagesOfAChannelShareTheirTexts(t *testing.T) {
	decode := sharing()
	read := func(from string) chat.Message {
		p, err := decode([]byte(`{"sid": "IM1", "account_sid": "AC1", "service_sid": "IS1", "channel_sid": "CH1", "to": "CH1", "from": "` + from + `", "index": 1, "body": "CH1"}`))
		require.NoError(t, err)
		return p.message
	}
	first := read("ann")
	for i := range 3 * sharedTexts {
		m := read(fmt.Sprint(i))
		require.Equal(t, []string{"AC1", "IS1", "CH1", "CH1", fmt.Sprint(i), "CH1"}, []string{m.AccountSID, m.ServiceSID, m.ChannelSID, m.To, m.From, m.Body})
	}
	second, third := read("ann"), read("ann")
	require.Equal(t, first, chat.Message{
		SID: "IM1", AccountSID: "AC1", ServiceSID: "IS1", ChannelSID: "CH1", To: "CH1", From: "ann", Index: 1, Body: "CH1", Raw: first.Raw,
	})
	for _, same := range [][2]string{{second.AccountSID, third.AccountSID}, {second.ChannelSID, third.To}, {second.From, third.From}} {
		require.Equal(t, unsafe.StringData(same[0]), unsafe.StringData(same[1]))
	}
}

// What was dealt with of a page is let go before the page is at its end, and what a
// message was read from is as it came.
func TestMessagesAreLetGoWithinAPage(t *testing.T) {
	record := func(i int) string {
		return fmt.Sprintf(`{"sid": "IM%d", "index": %d, "attributes": "{}", "body": "%d %s"}`, i, i, i, strings.Repeat("word ", i))
	}
	records := make([]string, 100)
	for i := range records {
		records[i] = record(i)
	}
	s := serve(t, func(seen) (int, string) { return 200, list("messages", "", records...) })
	var raws []weak.Pointer[byte]
	for m, err := range s.source(t).Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}) {
		require.NoError(t, err)
		require.Equal(t, record(len(raws)), string(m.Raw))
		require.Equal(t, len(m.Raw), cap(m.Raw), "or the next would be written over")
		raws = append(raws, weak.Make(&m.Raw[0]))
		if len(raws) == partOfPage+2 {
			runtime.GC()
			require.Nil(t, raws[0].Value())
			require.NotNil(t, raws[partOfPage].Value())
		}
		runtime.KeepAlive(m.Raw)
	}
	require.Len(t, raws, 100)
}

// Whoever is given a page is the only one who holds it.
func TestAPageIsHeldByWhoeverReadsIt(t *testing.T) {
	n := 0
	s := serve(t, func(seen) (int, string) {
		if n++; n == 1 {
			return 200, list("messages", "/v1/M?Page=1", `{"sid": "IM1"}`)
		}
		return 200, list("messages", "", `{"sid": "IM2"}`)
	})
	src := s.source(t)
	for p, err := range src.host.pages(t.Context(), listMessages, channel, func(c *call) error {
		return src.requests.messages(c, service, channel, "asc", 1)
	}) {
		require.NoError(t, err)
		record := weak.Make(&p.records[0][0])
		p.records = nil
		runtime.GC()
		require.Nil(t, record.Value())
	}
	require.Equal(t, 2, n)
}
