package emulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// issue is when a page token was issued, and after how many deletions.
type issue struct {
	at        time.Time
	deletions int64
}

// before answers what was carried out before, and looks at page tokens that are not as
// good any more.
func (m *mischief) before(x *Exchange) (reply Reply, answered bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if address, known := m.mutations[x.mutation]; known && x.Method == http.MethodPost {
		m.counts["mutation-id"]++
		return encode(http.StatusAccepted, map[string]any{"resource_url": address}), true
	}
	token, known := m.tokens[x.Query.Get("PageToken")]
	switch {
	case !known:
		return Reply{}, false
	case m.TokenLasts > 0 && x.now.Sub(token.at) >= m.TokenLasts:
		m.counts["token-lasts"]++
	case m.TokenBreaks && m.deletions > token.deletions:
		m.counts["token"]++
	case m.TokenMoves > 0 && x.now.Sub(token.at) >= m.TokenMoves:
		m.counts["token-moves"]++
		x.moved = true
		return Reply{}, false
	default:
		return Reply{}, false
	}
	return Refusal(http.StatusBadRequest, 21481, "Invalid PageToken: use the paging URLs that the API returns"), true
}

// remember notes what a request did that before asks for.
func (m *mischief) remember(x *Exchange, reply Reply) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.MutationID && x.mutation != "" && x.Method == http.MethodPost && x.Host == ConversationsHost:
		m.mutations[x.mutation] = fields(reply.Body)["url"]
	case x.Method == http.MethodDelete:
		m.deletions++
	case !x.Write() && (m.TokenLasts > 0 || m.TokenBreaks || m.TokenMoves > 0):
		if token := nextToken(reply); token != "" {
			m.tokens[token] = issue{x.now, m.deletions}
		}
	}
}

// nextToken is the token of the page behind a page; empty if there is none.
func nextToken(reply Reply) string {
	p, ok := readPage(reply)
	if !ok {
		return ""
	}
	var next string
	if json.Unmarshal(p.meta["next_page_url"], &next) != nil {
		return ""
	}
	address, err := url.Parse(next)
	if err != nil {
		return ""
	}
	return address.Query().Get("PageToken")
}
