package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// refuse answers what is below no documented limit, and unwelcome all the same.
func (m *mischief) refuse(x *Exchange) (no Reply, refused bool) {
	body, attributes := x.Form.Get("Body"), x.Form.Get("Attributes")
	switch {
	case m.MaxBody > 0 && len(body) > m.MaxBody:
		m.happened("body-max")
		return Refusal(http.StatusBadRequest, 50504, "Body is longer than it may be"), true
	case m.Blank && x.Form.Has("Body") && strings.TrimSpace(body) == "":
		m.happened("refuse")
		return Refusal(http.StatusBadRequest, 50503, "Message body or media is required"), true
	case m.Escapes && strings.Contains(attributes, `\`):
		m.happened("refuse")
		return Refusal(http.StatusBadRequest, 50304, "Attributes are not a valid JSON object"), true
	case body != "" && m.drawn("firewall", m.Firewall, hash(body)):
		return blocked(mix(hash(body))), true
	}
	return m.tooLong(x)
}

// blocked is the answer of something that stands before Twilio and knows
// nothing of it.
func blocked(n uint64) Reply {
	status := http.StatusForbidden
	if n%2 == 0 {
		status = http.StatusRequestEntityTooLarge
	}
	return Reply{
		Status: status, Header: http.Header{"Content-Type": {"text/html"}},
		Body: []byte("<html><head><title>" + http.StatusText(status) + "</title></head><body><h1>" + http.StatusText(status) + "</h1></body></html>\n"),
	}
}

// answer gives a request an answer that does not say what became of it.
func (m *mischief) answer(x *Exchange, op uint64, reply Reply) Reply {
	if len(reply.Body) > 0 && (x.Write() || x.collection() == "") && m.drawn("reply-of-another", m.Mistaken, op) {
		reply.Body = mistaken(reply, mix(op))
	}
	if reply.Status != http.StatusCreated || x.Host != ConversationsHost {
		return reply
	}
	switch {
	case x.rejoined && m.RejoinDenied:
		m.happened("rejoin")
		return Refusal(http.StatusNotFound, 20404, "The requested resource %s was not found", x.path)
	case x.collection() == "participants" && m.drawn("reply-404", m.Denied, op):
		return Refusal(http.StatusNotFound, 20404, "The requested resource %s was not found", x.path)
	case m.drawn("reply-202", m.Accepted, op):
		return encode(http.StatusAccepted, map[string]any{"resource_url": fields(reply.Body)["url"]})
	}
	return reply
}

// mistaken is a resource that is taken for another, or for one that is in another.
// One that was just created bears no SID, or a part of it: nobody can tell the SID
// of another from a new one.
func mistaken(reply Reply, n uint64) json.RawMessage {
	f := fields(reply.Body)
	for _, name := range [][]string{{"sid"}, {"conversation_sid", "channel_sid", "chat_service_sid", "service_sid"}}[n%2] {
		var sid string
		if json.Unmarshal(f[name], &sid) != nil || len(sid) < 2 {
			continue
		}
		other := fmt.Sprintf("%s%016x%016x", sid[:2], n, mix(n))
		switch {
		case name == "sid" && n/2%2 == 0:
			other = ""
		case name == "sid" && reply.Status == http.StatusCreated:
			other = sid[:len(sid)/2]
		}
		return with(reply.Body, map[string]any{name: other})
	}
	return reply.Body
}
