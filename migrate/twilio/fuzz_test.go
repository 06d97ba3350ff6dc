package twilio

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzPageURL holds following a page to a round trip: whatever URL a reply
// names, the request goes to our own host, and carries the path and the query
// of that URL byte for byte, tokens with dots and digits among them.
func FuzzPageURL(f *testing.F) {
	seeds, err := filepath.Glob("testdata/fuzz/FuzzPageURL/*")
	require.NoError(f, err)
	require.NotEmpty(f, seeds, "the seed corpus is gone")

	base, err := url.Parse("http://127.0.0.1:9")
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, next string) {
		body, err := json.Marshal(map[string]any{"meta": map[string]any{"key": "messages", "next_page_url": next}, "messages": []any{}})
		require.NoError(t, err)
		p, err := readPage(body)
		if err != nil {
			return
		}
		require.NotNil(t, p.next)
		var sent *http.Request
		c := &call{host: &host{base: base, http: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			sent = r
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
		})}}, ctx: t.Context(), op: "follow page"}
		c.send(http.MethodGet, p.next, "")
		if c.err != nil {
			require.Nil(t, sent, "an error after the request was made: %v", c.err)
			return
		}
		require.Equal(t, base.Host, sent.URL.Host)
		require.Equal(t, base.Scheme, sent.URL.Scheme)
		require.Nil(t, sent.URL.User)
		require.Equal(t, p.next.RawQuery, sent.URL.RawQuery)
		require.Equal(t, strings.TrimLeft(p.next.EscapedPath(), "/"), strings.TrimLeft(sent.URL.EscapedPath(), "/"))
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// FuzzMessageReply holds the quick way to read a message to the slow one.
func FuzzMessageReply(f *testing.F) {
	for _, s := range []string{
		usualReply, `{"sid":"IM1","index":null}`, `{"sid":"IM1","index":1,"index":2}`, `{"sid":"IM1","INDEX":1}`, `{"sid":"IM1","index":1.0}`,
		`{"sid":"IM1","index":1,"body":"\ud83d"}`, `{"sid":"IM1","index":1,"media":[{"sid":"ME1"}]}`, `{"sid":"IM1","index":1,"author":7}`, `{"sid":"IM1","index":1}x`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var quick messageReply
		if quick.quick(raw) {
			slow, err := unmarshal(raw, func(messageReply) string { return "any" })
			require.NoError(t, err)
			require.Equal(t, slow, quick)
		}
	})
}

const usualReply = `{"sid":"IM1","index":3,"author":"ada","body":"one \"two\" \u00e9","attributes":"{\"a\":1}","participant_sid":null,"date_created":"2019-01-01T00:00:00Z","date_updated":null,"media":null,"delivery":null,"links":{"x":"y"}}`

// TestUsualRepliesAreReadQuickly keeps what every message is answered with from taking
// the long way unnoticed.
func TestUsualRepliesAreReadQuickly(t *testing.T) {
	var r messageReply
	require.True(t, r.quick([]byte(usualReply)))
	require.Equal(t, `one "two" é`, r.Body)
	require.EqualValues(t, 3, *r.Index)
}
