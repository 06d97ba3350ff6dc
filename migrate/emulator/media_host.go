package emulator

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// mediaHost is the media service of both products, which no OpenAPI document
// describes. One part of it takes credentials; the other takes none, and hands out
// bytes to whoever has a signed address.
type mediaHost struct {
	source   *source
	target   *target
	media    *media
	separate bool // the target is another account's
	counts   *counts
	api      *host
	contents *host
}

func (e *Emulator) newMediaHost() *mediaHost {
	m := &mediaHost{source: e.source, target: e.target, media: e.target.media, separate: e.config.TargetAccountSID != "", counts: &e.counts}
	m.api = e.newHost(MediaHost, e.config.MediaBase, &e.counts.media)
	m.api.accept = e.sourceCredentials()
	m.api.accept = append(m.api.accept, e.guests()...)
	m.api.read = e.spool.receive
	m.api.routes.add(http.MethodGet+" /v1/Services/*/Media/*", m.fetch)
	m.api.routes.add(http.MethodPost+" /v1/Services/*/Media", m.upload)

	m.contents = e.newHost(MediaHost, e.config.MediaBase, &e.counts.media)
	m.contents.open, m.contents.maxFlight, m.contents.inFlight = true, 0, &atomic.Int64{}
	m.contents.routes.add(http.MethodGet+" /*", m.download)
	return m
}

func (m *mediaHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		m.api.ServeHTTP(w, r)
		return
	}
	m.contents.ServeHTTP(w, r)
}

// find is a file as the account sees it that asks: of its own services, and of no
// other.
func (m *mediaHost) find(x *Exchange, service string, i id) *file {
	if !m.separate || x.guest {
		if f := m.media.find(service, i); f != nil || x.guest {
			return f
		}
	}
	return m.inSource(service, i)
}

func (m *mediaHost) inSource(service string, i id) *file {
	f := m.source.file(service, i)
	if f == nil {
		return nil
	}
	if m.media.unkind.lost(f) {
		m.media.unkind.happened("media-gone")
		return nil
	}
	m.media.mu.Lock()
	defer m.media.mu.Unlock()
	if m.media.gone[f.id] {
		return nil
	}
	return f
}

func (m *mediaHost) fetch(x *Exchange) (Reply, error) {
	i, _ := parseID("ME", x.args[1])
	f := m.find(x, x.args[0], i)
	if f == nil {
		return Reply{}, notFound("Media", x.args[1])
	}
	v := m.show(f)
	v.Links.Direct = m.sign(x, f)
	return ok(v)
}

// mediaView is a file as records that were seen show it: addresses that are relative,
// though Twilio's page has them absolute, and dates with fractions and an offset.
type mediaView struct {
	SID           string     `json:"sid"`
	ServiceSID    string     `json:"service_sid"`
	DateCreated   string     `json:"date_created"`
	DateUploaded  string     `json:"date_upload_updated"`
	DateUpdated   string     `json:"date_updated"`
	Links         mediaLinks `json:"links"`
	Size          int64      `json:"size"`
	ContentType   string     `json:"content_type"`
	Filename      *string    `json:"filename"`
	Author        *string    `json:"author"`
	Category      string     `json:"category"`
	MessageSID    *string    `json:"message_sid"`
	ChannelSID    *string    `json:"channel_sid"`
	URL           string     `json:"url"`
	MultipartSent bool       `json:"is_multipart_upstream"`
}

type mediaLinks struct {
	Content string `json:"content"`
	Direct  string `json:"content_direct_temporary,omitempty"`
}

var mediaZone = time.FixedZone("", -7*60*60)

func (m *mediaHost) show(f *file) mediaView {
	sid := f.id.sid("ME")
	self := "/v1/Services/" + f.service + "/Media/" + sid
	at := f.made.Add(time.Duration(1+f.id[0]) * 1001 * time.Microsecond).In(mediaZone)
	const micros = "2006-01-02T15:04:05.000000-07:00"
	v := mediaView{
		SID: sid, ServiceSID: f.service, DateCreated: at.Format(micros), DateUploaded: at.Add(8911 * time.Microsecond).Format(micros),
		DateUpdated: at.Format(micros), Links: mediaLinks{Content: self + "/Content"}, Size: f.size, ContentType: f.contentType,
		Filename: optional(f.name), Author: optional(f.author), Category: "media", URL: self,
	}
	if message, channel := m.media.owner(f); message != (id{}) {
		sid := message.sid("IM")
		v.MessageSID, v.ChannelSID = &sid, optional(channel)
	}
	return v
}

// linkValid is how long a signed address serves (Twilio,
// media-support-conversations).
const linkValid = 300 * time.Second

const keyPairID = "APKAEMULATOR"

// sign makes an address of the bytes of a file, for whoever has it.
func (m *mediaHost) sign(x *Exchange, f *file) string {
	sid, expires := f.id.sid("ME"), strconv.FormatInt(x.now.Add(linkValid).Unix(), 10)
	return x.base + "/" + sid + "?Expires=" + expires + "&Signature=" + m.signature(sid, expires) + "&Key-Pair-Id=" + keyPairID
}

// signature looks as CloudFront's do, with its letters for those that a URL reserves.
func (m *mediaHost) signature(sid, expires string) string {
	var b []byte
	for n := range uint64(5) {
		b = binary.BigEndian.AppendUint64(b, mix(m.media.config.Seed, hash(sid), hash(expires), n))
	}
	return strings.NewReplacer("+", "-", "=", "_", "/", "~").Replace(base64.StdEncoding.EncodeToString(b))
}

// download hands out the bytes of a file. It refuses as CloudFront does, and does
// not say why a link does not serve.
func (m *mediaHost) download(x *Exchange) (Reply, error) {
	sid, expires := x.args[0], x.Query.Get("Expires")
	until, err := strconv.ParseInt(expires, 10, 64)
	switch {
	case x.Query.Get("Key-Pair-Id") == "":
		return Reply{}, refuse(http.StatusForbidden, 0, "Missing Key-Pair-Id query parameter or cookie value")
	case err != nil, !equal(x.Query.Get("Signature"), m.signature(sid, expires)), x.now.Unix() >= until:
		return Reply{}, refuse(http.StatusForbidden, 0, "Access denied")
	}
	i, _ := parseID("ME", sid)
	f := cmp.Or(m.media.find("", i), m.inSource("", i))
	if f == nil {
		return Reply{}, refuse(http.StatusNotFound, 0, "The specified key does not exist.")
	}
	return Reply{
		Status: http.StatusOK, Header: http.Header{"Content-Type": {f.contentType}},
		Content: &Content{Size: f.size, Open: f.content.open},
	}, nil
}

// upload keeps a file until a message takes it. A service that only the source has
// takes none: nothing writes to the source.
func (m *mediaHost) upload(x *Exchange) (Reply, error) {
	if x.webhooks {
		m.counts.webhookHeaders.Add(1)
	}
	m.target.mu.Lock()
	defer m.target.mu.Unlock()
	s, in := m.target.services.find(x.args[0])
	if !in || m.separate && !x.guest {
		if _, err := m.source.service(x.args[0]); err == nil && !x.guest {
			m.counts.refusedSourceWrites.Add(1)
			return Reply{}, refuse(http.StatusMethodNotAllowed, 20004, "Method not allowed: this source is read-only")
		}
		return Reply{}, notFound("Service", x.args[0])
	}
	if limit := m.media.limit(s); x.Upload.Size > limit {
		return Reply{}, errTooLarge(limit)
	}
	switch category := x.Query.Get("Category"); category {
	case "", "media", "body", "history":
	default:
		return Reply{}, invalid(20001, "Category %q is none of media, body and history", category)
	}
	f := x.Upload.file(m.target.newID(), s.sid, m.media.config.Now())
	f.name = x.Query.Get("Filename")
	m.media.unkind.alterFile(f, x.op)
	m.media.put(f)
	return created(m.show(f))
}
