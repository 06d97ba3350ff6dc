package faults

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"chatbridge/migrate/emulator"
)

// list is a page of a list with the bytes of its records untouched.
type list struct {
	envelope map[string]json.RawMessage
	meta     map[string]json.RawMessage
	key      string
	self     *url.URL // meta.url
}

// readList reads the reply to a request for a page.
func readList(reply emulator.Reply) (*list, bool) {
	var l list
	var self string
	if reply.Status != http.StatusOK || json.Unmarshal(reply.Body, &l.envelope) != nil ||
		json.Unmarshal(l.envelope["meta"], &l.meta) != nil ||
		json.Unmarshal(l.meta["key"], &l.key) != nil || json.Unmarshal(l.meta["url"], &self) != nil {
		return nil, false
	}
	var err error
	l.self, err = url.Parse(self)
	return &l, err == nil
}

func (l *list) lead(to *url.URL) { l.meta["next_page_url"] = compact(to.String()) }

func (l *list) reply() emulator.Reply {
	l.envelope["meta"] = compact(l.meta)
	return emulator.Reply{Status: http.StatusOK, Body: compact(l.envelope)}
}

func compact(v any) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("faults: encode page: " + err.Error()) // all of it was decoded from JSON
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// turn passes a page on as change leaves it.
func (f *fault) turn(change func(*list)) {
	reply := f.commit()
	l, ok := readList(reply)
	if !ok {
		reply.WriteTo(f.w)
		return
	}
	change(l)
	f.struck()
	l.reply().WriteTo(f.w)
}

// elsewhere is another URL of the same page: Page is of no meaning to the
// emulator, as Twilio documents it to be of none to the service.
func (f *fault) elsewhere(l *list) *url.URL {
	query := f.r.URL.Query()
	page, _ := strconv.Atoi(query.Get("Page")) // absent on the first page
	query.Set("Page", strconv.Itoa(page+1))
	to := *l.self
	to.RawQuery = query.Encode()
	return &to
}

func (f *fault) emptyPage() {
	f.turn(func(l *list) {
		l.envelope[l.key] = json.RawMessage("[]")
		l.lead(f.elsewhere(l))
	})
}

func (f *fault) again() { f.turn(func(l *list) { l.lead(f.elsewhere(l)) }) }

func (f *fault) loop() {
	f.turn(func(l *list) {
		to := *l.self
		to.RawQuery = f.r.URL.RawQuery
		l.lead(&to)
	})
}

func (f *fault) expireToken() {
	f.struck()
	emulator.Refusal(http.StatusBadRequest, 21481, "Invalid PageToken: use the paging URLs that the API returns").WriteTo(f.w)
}

func (f *fault) unauthorized() {
	f.struck()
	reply := emulator.Refusal(http.StatusUnauthorized, 20003, "Authenticate")
	reply.Header = http.Header{"Www-Authenticate": {`Basic realm="Twilio API"`}}
	reply.WriteTo(f.w)
}

// pieces is how many writes a slow body comes in.
const pieces = 16

func (f *fault) slow() {
	reply, ok := f.done(true)
	if !ok {
		return
	}
	f.struck()
	f.w.Header().Set("Content-Length", strconv.FormatInt(size(reply), 10))
	from := f.start(reply)
	defer from.Close()
	out := http.NewResponseController(f.w)
	gap := max(orDefault(f.plan.Slow, DefaultSlow)/pieces, time.Nanosecond)
	for n := range int64(pieces) {
		part := (n+1)*size(reply)/pieces - n*size(reply)/pieces
		if _, err := io.CopyN(f.w, from, part); err != nil || !pause(f.r.Context().Done(), gap) {
			panic(http.ErrAbortHandler)
		}
		_ = out.Flush() // a writer that cannot flush is slow all the same
	}
}
