package emulator

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// invented is a past that is computed when it is read.
type invented struct {
	world   *world
	channel int
	sid     string
	size    int
	began   time.Time
	key     uint64 // first half of the id of each message
}

func newInvented(w *world, channel int, sid string, size int) *invented {
	const kindMessages = 100
	key := w.random(kindMessages, uint64(channel))
	return &invented{w, channel, sid, size, epoch.Add(time.Duration(key%(200*24*3600)) * time.Second), key}
}

// gapEvery is how far apart the deleted messages of an invented channel are.
const gapEvery = 43

func (v *invented) len() int { return v.size }

func (v *invented) index(at int) int64 { return int64(at) + int64(at+int(v.key%gapEvery))/gapEvery }

func (v *invented) date(at int) time.Time { return v.began.Add(time.Duration(at) * 37 * time.Second) }

// spread and its inverse modulo 2^64 make the id of a message of its position,
// and the position of the id.
const spread, unspread uint64 = 0x9e3779b97f4a7c15, 0xf1de83e19937733d

func (v *invented) find(sid string) (int, bool) {
	i, ok := parseID("IM", sid)
	if !ok || binary.BigEndian.Uint64(i[:8]) != v.key {
		return 0, false
	}
	at := (binary.BigEndian.Uint64(i[8:]) - v.key) * unspread
	return int(at), at < uint64(v.size)
}

func (v *invented) raw(at int) json.RawMessage {
	w := v.world
	r := mix(v.key, uint64(at))
	sid := newID(v.key, uint64(at)*spread+v.key).sid("IM")
	m := chatMessageView{
		SID: sid, AccountSID: w.account, ServiceSID: w.service, To: v.sid, ChannelSID: v.sid,
		DateCreated: stamp(v.date(at)), From: v.author(r), Body: v.body(r, at), Index: v.index(at), Attributes: "{}",
		URL: w.url("Channels", v.sid) + "/Messages/" + sid,
	}
	m.DateUpdated = m.DateCreated
	if r>>16%97 == 0 {
		m.WasEdited, m.DateUpdated = true, stamp(v.date(at).Add(5*time.Minute))
	}
	if float64(r>>32)/math.MaxUint32 < w.Attributes {
		m.Attributes = fmt.Sprintf(`{"number": %d, "mood": "%s"}`, at, words[r%uint64(len(words))])
	}
	return v.withFile(at, encode(0, m).Body)
}

// chatMessageView is a message as Chat v1 shows it.
type chatMessageView struct {
	SID         string `json:"sid"`
	AccountSID  string `json:"account_sid"`
	ServiceSID  string `json:"service_sid"`
	To          string `json:"to"`
	ChannelSID  string `json:"channel_sid"`
	DateCreated string `json:"date_created"`
	DateUpdated string `json:"date_updated"`
	WasEdited   bool   `json:"was_edited"`
	From        string `json:"from"`
	Body        string `json:"body"`
	Attributes  string `json:"attributes"`
	Index       int64  `json:"index"`
	URL         string `json:"url"`
}

// author is mostly a member, sometimes the system, and sometimes someone who
// left.
func (v *invented) author(r uint64) string {
	switch n := r % 50; {
	case n == 0 || v.world.Members == 0:
		return "system"
	case n == 1:
		return v.world.identity(int(r >> 8 % uint64(v.world.Users)))
	}
	return v.world.identity(v.world.memberNumber(v.channel, int(r>>8%uint64(v.world.Members))))
}

var words = []string{
	"morning", "the", "parcel", "arrived", "late", "again", "please", "check", "order", "thanks", "is", "on", "its", "way",
	"tomorrow", "who", "knows", "café", "naïve", "日本", "👍", "done", "invoice", "meeting", "at", "noon", "maybe", "sure",
}

func (v *invented) body(r uint64, at int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d:", at+1)
	for i := range 3 + r%9 {
		b.WriteByte(' ')
		b.WriteString(words[mix(r, i)%uint64(len(words))])
	}
	return b.String()
}
