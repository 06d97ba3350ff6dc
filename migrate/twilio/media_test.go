package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

const (
	fileSID = "ME00000000000000000000000000000001"
	fileURI = "/v1/Services/" + service + "/Media/" + fileSID
)

// store is a media service that a test answers for: the API, which wants the
// credentials, and the addresses of bytes, which must never get any.
type store struct {
	url  string
	api  func(w http.ResponseWriter, r *http.Request, n int)
	byte func(w http.ResponseWriter, r *http.Request, n int)

	mu       sync.Mutex
	asked    []string // of the API
	fetched  []string // of bytes
	uploaded []string
}

func newStore(t *testing.T) *store {
	t.Helper()
	s := &store{}
	s.api = func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = io.WriteString(w, s.record(5, "")) }
	s.byte = func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = io.WriteString(w, "hello") }
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, authorized := r.Header["Authorization"]
		api := strings.HasPrefix(r.URL.Path, "/v1/")
		if api != authorized {
			t.Errorf("%s %s: credentials were sent: %v", r.Method, r.URL.Path, authorized)
		}
		s.mu.Lock()
		list, answer := &s.fetched, s.byte
		if api {
			list, answer = &s.asked, s.api
		}
		n := len(*list)
		*list = append(*list, r.Method+" "+r.RequestURI)
		s.mu.Unlock()
		answer(w, r, n)
	}))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

// record is a file as the service shows it, with an address of its bytes on this
// host unless another is given.
func (s *store) record(size int, link string) string {
	if link == "" {
		link = s.url + "/" + fileSID + "?Expires=1&Signature=s"
	}
	return fmt.Sprintf(`{"sid":%q,"service_sid":%q,"size":%d,"content_type":"image/png","filename":"a b.png",
		"url":%q,"links":{"content":"/v1/x/Content","content_direct_temporary":%q},"message_sid":null}`, fileSID, service, size, fileURI, link)
}

func (s *store) config(t *testing.T) Config {
	return Config{BaseURL: "http://127.0.0.1:1", MediaURL: s.url, Username: account, Password: token, HTTP: patient(t)}
}

func (s *store) source(t *testing.T) *Source {
	t.Helper()
	src, err := NewSource(s.config(t))
	require.NoError(t, err)
	return src
}

// read reads a file to its end.
func read(t *testing.T, r migrate.MediaReader) (migrate.Media, string, error) {
	t.Helper()
	m, body, err := r.OpenMedia(t.Context(), service, fileSID)
	if err != nil {
		require.Nil(t, body)
		return m, "", err
	}
	raw, err := io.ReadAll(body)
	require.NoError(t, body.Close())
	return m, string(raw), err
}

func TestOpenMedia(t *testing.T) {
	t.Run("reads the record with credentials, and the bytes without", func(t *testing.T) {
		s := newStore(t)
		for _, side := range []migrate.MediaReader{s.source(t), must(NewTarget(s.config(t)))} {
			m, raw, err := read(t, side)
			require.NoError(t, err)
			require.Equal(t, migrate.Media{SID: fileSID, Size: 5, ContentType: "image/png", Filename: "a b.png"}, m)
			require.Equal(t, "hello", raw)
		}
		require.Equal(t, []string{"GET " + fileURI, "GET " + fileURI}, s.asked)
		require.Equal(t, "GET /"+fileSID+"?Expires=1&Signature=s", s.fetched[0])
	})
	t.Run("asks for another address if one has expired", func(t *testing.T) {
		s := newStore(t)
		s.byte = func(w http.ResponseWriter, _ *http.Request, n int) {
			if n == 0 {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			_, _ = io.WriteString(w, "hello")
		}
		_, raw, err := read(t, s.source(t))
		require.NoError(t, err)
		require.Equal(t, "hello", raw)
		require.Len(t, s.asked, 2)
	})
	t.Run("gives bytes as they are stored, packed ones too", func(t *testing.T) {
		s := newStore(t)
		s.byte = func(w http.ResponseWriter, r *http.Request, _ int) {
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				w.Header().Set("Content-Encoding", "gzip")
			}
			_, _ = io.WriteString(w, "hello")
		}
		_, raw, err := read(t, s.source(t))
		require.NoError(t, err)
		require.Equal(t, "hello", raw)
	})
	t.Run("an empty file is one", func(t *testing.T) {
		s := newStore(t)
		s.api = func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = io.WriteString(w, s.record(0, "")) }
		s.byte = func(http.ResponseWriter, *http.Request, int) {}
		_, raw, err := read(t, s.source(t))
		require.NoError(t, err)
		require.Empty(t, raw)
	})
	t.Run("without an address of the service nothing is asked", func(t *testing.T) {
		s := newStore(t)
		c := s.config(t)
		c.MediaURL = ""
		src, err := NewSource(c)
		require.NoError(t, err)
		_, _, err = read(t, src)
		require.Equal(t, migrate.Usage, migrate.KindOf(err))
		require.ErrorContains(t, err, "read file "+fileSID+": no address of the media service is known")
		require.Contains(t, migrate.HintOf(err), "--media-url")
		require.Empty(t, s.asked)
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// cut ends a reply in the middle.
func cut(w http.ResponseWriter, length, sent int) {
	w.Header().Set("Content-Length", strconv.Itoa(length))
	_, _ = io.WriteString(w, strings.Repeat("x", sent))
	if err := http.NewResponseController(w).Flush(); err == nil {
		panic(http.ErrAbortHandler)
	}
}

// What comes is the file whole, or an error: never a part of it that looks whole.
func TestMediaThatIsNotWhole(t *testing.T) {
	status := func(n int) func(http.ResponseWriter, *http.Request, int) {
		return func(w http.ResponseWriter, _ *http.Request, _ int) { w.WriteHeader(n) }
	}
	for name, c := range map[string]struct {
		bytes func(http.ResponseWriter, *http.Request, int)
		kind  migrate.Kind
		says  string
		asked int
	}{
		"cut off": {func(w http.ResponseWriter, _ *http.Request, _ int) { cut(w, 5, 2) }, migrate.Unavailable, "EOF", 1},
		"cut off without a length": {func(w http.ResponseWriter, _ *http.Request, _ int) {
			_, _ = io.WriteString(w, "he")
			_ = http.NewResponseController(w).Flush()
		}, migrate.Refused, "has 5 bytes, and sends 2", 1},
		"longer without a length": {func(w http.ResponseWriter, _ *http.Request, _ int) {
			_, _ = io.WriteString(w, "hel")
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "lo!")
		}, migrate.Refused, "has 5 bytes, and sends more", 1},
		"of another length": {func(w http.ResponseWriter, _ *http.Request, _ int) { _, _ = io.WriteString(w, "hello!") }, migrate.Refused, "has 5 bytes, and sends 6", linksAsked},
		"a page of a proxy": {func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "hello")
		}, migrate.Refused, "sends text/html, as a proxy would", linksAsked},
		"a redirect": {func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.Header().Set("Location", "https://example.com/")
			w.WriteHeader(http.StatusFound)
		}, migrate.Unavailable, "HTTP 302", 1},
		"half of it":       {status(http.StatusPartialContent), migrate.Unavailable, "HTTP 206", 1},
		"nothing of it":    {func(w http.ResponseWriter, _ *http.Request, _ int) { w.Header().Set("Content-Length", "0") }, migrate.Refused, "has 5 bytes, and sends 0", linksAsked},
		"too many asked":   {status(http.StatusTooManyRequests), migrate.Throttled, "HTTP 429", 1},
		"refused for good": {status(http.StatusForbidden), migrate.Refused, "HTTP 403", linksAsked},
		"gone":             {status(http.StatusNotFound), migrate.NotFound, "HTTP 404", linksAsked},
		"failing":          {status(http.StatusBadGateway), migrate.Unavailable, "HTTP 502", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			s.byte = c.bytes
			_, _, err := read(t, s.source(t))
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "read file "+fileSID)
			require.Equal(t, c.kind, migrate.KindOf(err))
			require.Len(t, s.asked, c.asked)
			if c.asked == linksAsked || strings.HasPrefix(c.says, "HTTP") {
				decides := c.kind == migrate.NotFound || c.kind == migrate.Refused
				require.Equal(t, decides, strings.Contains(migrate.HintOf(err), "--policy media-unavailable="))
				require.Equal(t, !decides, migrate.HintOf(err) == "the service failed; running again resumes")
			}
		})
	}
}

func TestMediaRecords(t *testing.T) {
	for name, c := range map[string]struct {
		record string
		kind   migrate.Kind
	}{
		"gone":               {`{"code":20404,"status":404}`, migrate.NotFound},
		"no size":            {`{"sid":"` + fileSID + `"}`, migrate.Unavailable},
		"a size below 0":     {`{"sid":"` + fileSID + `","size":-1}`, migrate.Unavailable},
		"of another file":    {`{"sid":"ME00000000000000000000000000000002","size":5}`, migrate.Unavailable},
		"of another service": {`{"sid":"` + fileSID + `","size":5,"service_sid":"IS00000000000000000000000000000002"}`, migrate.Unavailable},
		"no address":         {`{"sid":"` + fileSID + `","size":5,"links":{}}`, migrate.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			s.api = func(w http.ResponseWriter, _ *http.Request, _ int) {
				if strings.Contains(c.record, `"status":404`) {
					w.WriteHeader(http.StatusNotFound)
				}
				_, _ = io.WriteString(w, c.record)
			}
			_, _, err := read(t, s.source(t))
			require.Equal(t, c.kind, migrate.KindOf(err), "%v", err)
			require.Empty(t, s.fetched)
		})
	}
}

// A reply that names another host must not have it asked.
func TestTemporaryAddresses(t *testing.T) {
	for name, c := range map[string]struct {
		base, link string
		ok         bool
	}{
		"of Twilio":                      {MediaURL, "https://media.us1.twilio.com/ME1?Signature=s", true},
		"of Twilio, in capitals":         {MediaURL, "https://MEDIA.us1.twilio.com/ME1", true},
		"of another region":              {MediaURL, "https://media.ie1.twilio.com/ME1", false},
		"of a region that was chosen":    {"https://mcs.ie1.twilio.com", "https://media.ie1.twilio.com/ME1", true},
		"of the API":                     {MediaURL, "https://mcs.us1.twilio.com/ME1", false},
		"of anybody":                     {MediaURL, "https://example.com/ME1", false},
		"of anybody who looks like it":   {MediaURL, "https://media.us1.twilio.com.example.com/ME1", false},
		"of anybody, before an @":        {MediaURL, "https://media.us1.twilio.com@example.com/ME1", false},
		"of more labels":                 {MediaURL, "https://media.us1.evil.twilio.com/ME1", false},
		"with a port":                    {MediaURL, "https://media.us1.twilio.com:8443/ME1", false},
		"in the open":                    {MediaURL, "http://media.us1.twilio.com/ME1", false},
		"relative":                       {MediaURL, "/ME1", false},
		"not an address":                 {MediaURL, "https://%zz", false},
		"no address":                     {MediaURL, "", false},
		"of this machine":                {"http://127.0.0.1:1", "http://127.0.0.1:1/ME1", true},
		"of another port":                {"http://127.0.0.1:1", "http://127.0.0.1:2/ME1", false},
		"of Twilio, from this machine":   {"http://127.0.0.1:1", "https://media.us1.twilio.com/ME1", false},
		"of a company's own":             {"https://mcs.corp.example", "https://mcs.corp.example/ME1", true},
		"of Twilio, behind a company's":  {"https://mcs.corp.example", "https://media.us1.twilio.com/ME1", true},
		"of anybody, behind a company's": {"https://mcs.corp.example", "https://example.com/ME1", false},

		"of a company's own, in one word":      {"https://mcs.corp", "https://mcs.corp/ME1", true},
		"of another there":                     {"https://mcs.corp", "https://media.corp/ME1", false},
		"of more labels, behind a company's":   {"https://mcs.corp.example", "https://media.us1.evil.twilio.com/ME1", false},
		"of no region, behind a company's":     {"https://mcs.corp.example", "https://media..twilio.com/ME1", false},
		"with a port, behind a company's":      {"https://mcs.corp.example", "https://media.us1:1.twilio.com/ME1", false},
		"without its beginning, behind a such": {"https://mcs.corp.example", "https://us1.twilio.com/ME1", false},
	} {
		t.Run(name, func(t *testing.T) {
			base, err := parseBase(c.base)
			require.NoError(t, err)
			_, err = media{&host{base: base}}.temporary(c.link)
			require.Equal(t, c.ok, err == nil, "%v", err)
		})
	}

	t.Run("nothing is asked of another host, and the file is refused", func(t *testing.T) {
		other, s := newStore(t), newStore(t)
		s.api = func(w http.ResponseWriter, _ *http.Request, _ int) {
			_, _ = io.WriteString(w, s.record(5, other.url+"/"+fileSID))
		}
		_, _, err := read(t, s.source(t))
		require.Equal(t, migrate.Refused, migrate.KindOf(err))
		require.Contains(t, migrate.HintOf(err), "check --media-url")
		require.Len(t, s.asked, 1, "another address would be of the same host")
		require.Empty(t, other.fetched)
		require.Empty(t, s.fetched)
	})
}

func keep(s *store, status func(n int) int, reply func() string) {
	s.api = func(w http.ResponseWriter, r *http.Request, n int) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.uploaded = append(s.uploaded, fmt.Sprintf("%s %d %s", r.Header.Get("Content-Type"), r.ContentLength, raw))
		s.mu.Unlock()
		w.WriteHeader(status(n))
		_, _ = io.WriteString(w, reply())
	}
}

func text5(opened *int) migrate.OpenFile {
	return func(context.Context) (io.ReadCloser, error) {
		*opened++
		return io.NopCloser(strings.NewReader("hello")), nil
	}
}

func TestUploadMedia(t *testing.T) {
	png := migrate.Media{SID: "ME1", Size: 5, ContentType: "image/png", Filename: "a b&ü.png"}

	t.Run("sends the bytes as they are, with type, length and name", func(t *testing.T) {
		s, opened := newStore(t), 0
		keep(s, func(int) int { return 201 }, func() string { return s.record(5, "") })
		m, err := must(NewTarget(s.config(t))).UploadMedia(t.Context(), service, png, text5(&opened))
		require.NoError(t, err)
		require.Equal(t, fileSID, m.SID)
		require.Equal(t, []string{"POST /v1/Services/" + service + "/Media?" + url.Values{"Category": {"media"}, "Filename": {png.Filename}}.Encode()}, s.asked)
		require.Equal(t, []string{"image/png 5 hello"}, s.uploaded)
		require.Equal(t, 1, opened)
	})
	t.Run("a file without name and bytes", func(t *testing.T) {
		s := newStore(t)
		keep(s, func(int) int { return 201 }, func() string { return s.record(0, "") })
		empty := func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("")), nil }
		_, err := must(NewTarget(s.config(t))).UploadMedia(t.Context(), service, migrate.Media{ContentType: "text/plain"}, empty)
		require.NoError(t, err)
		require.Equal(t, []string{"POST /v1/Services/" + service + "/Media?Category=media"}, s.asked)
		require.Equal(t, []string{"text/plain 0 "}, s.uploaded)
	})
	t.Run("is repeated from the beginning after a failure, and after a reply that makes no sense", func(t *testing.T) {
		s, opened := newStore(t), 0
		n := 0
		keep(s, func(n int) int { return []int{503, 201, 202, 201}[n] }, func() string {
			n++
			return []string{"", `{"sid":"` + fileSID + `","size":4}`, "{}", s.record(5, "")}[n-1]
		})
		_, err := must(NewTarget(s.config(t))).UploadMedia(t.Context(), service, png, text5(&opened))
		require.NoError(t, err)
		require.Equal(t, 4, opened)
		for _, got := range s.uploaded {
			require.Equal(t, "image/png 5 hello", got)
		}
	})
	t.Run("a reply that shows no new file is none", func(t *testing.T) {
		s, opened := newStore(t), 0
		keep(s, func(int) int { return 201 }, func() string { return `{"sid":"CH00000000000000000000000000000001","size":5}` })
		_, err := must(NewTarget(s.config(t))).UploadMedia(t.Context(), service, png, text5(&opened))
		require.Equal(t, migrate.Unavailable, migrate.KindOf(err), "%v", err)
	})
	t.Run("what breaks in the source is said as it is", func(t *testing.T) {
		s := newStore(t)
		keep(s, func(int) int { return 201 }, func() string { return s.record(5, "") })
		gone := &migrate.Error{Op: "read file", Kind: migrate.NotFound, Err: errors.New("gone")}
		target := must(NewTarget(s.config(t)))
		_, err := target.UploadMedia(t.Context(), service, png, func(context.Context) (io.ReadCloser, error) { return nil, gone })
		require.Equal(t, error(gone), err)
		require.Empty(t, s.asked)

		n := 0
		_, err = target.UploadMedia(t.Context(), service, png, func(context.Context) (io.ReadCloser, error) {
			if n++; n > 1 {
				return nil, gone
			}
			return io.NopCloser(io.MultiReader(strings.NewReader("he"), broken{})), nil
		})
		require.Equal(t, error(gone), err)
		require.Empty(t, s.uploaded, "half a file is none")
	})
	t.Run("a refusal is the service's, although it did not take the bytes", func(t *testing.T) {
		s := newStore(t)
		s.api = func(w http.ResponseWriter, _ *http.Request, _ int) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			_, _ = io.WriteString(w, `{"code":50511,"message":"too large"}`)
		}
		big := migrate.Media{SID: "ME1", Size: 32 << 20, ContentType: "image/png"}
		_, err := must(NewTarget(s.config(t))).UploadMedia(t.Context(), service, big, func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(io.LimitReader(zeros{}, big.Size)), nil
		})
		require.Equal(t, migrate.Refused, migrate.KindOf(err), "%v", err)
	})
	t.Run("a type that no header can hold is refused before anything is sent", func(t *testing.T) {
		s, opened := newStore(t), 0
		_, err := must(NewTarget(s.config(t))).UploadMedia(t.Context(), service, migrate.Media{ContentType: "a\r\nX: y"}, text5(&opened))
		require.Equal(t, migrate.Refused, migrate.KindOf(err))
		require.ErrorContains(t, err, `its type "a\r\nX: y" cannot be sent`)
		for _, odd := range []string{"a\x1f", "a\x7f", "ä"} {
			_, err := must(NewTarget(s.config(t))).UploadMedia(t.Context(), service, migrate.Media{ContentType: odd}, text5(&opened))
			require.Equal(t, migrate.Refused, migrate.KindOf(err), "%q", odd)
		}
		require.Zero(t, opened)
		require.Empty(t, s.asked)
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("reset") }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// An app on the Conversations SDK attaches several files. Chat shows one.
func TestMessagesWithSeveralFiles(t *testing.T) {
	const second = "ME00000000000000000000000000000002"
	message := func(n int, file string) string {
		return fmt.Sprintf(`{"sid":"IM0000000000000000000000000000000%d","index":%d,"attributes":"{}","type":"media","media":{"sid":%q,"size":5}}`, n, n, file)
	}
	for name, c := range map[string]struct {
		status int
		shown  string
		more   []chat.Media
		asked  int
		kind   migrate.Kind
	}{
		"they are read through Conversations":           {200, `{"sid":"%s","media":[{"sid":"` + fileSID + `"},{"sid":"` + second + `","size":7,"filename":"b.txt"}]}`, []chat.Media{{SID: second, Size: 7, Filename: "b.txt"}}, 2, 0},
		"there is one":                                  {200, `{"sid":"%s","media":[{"sid":"` + fileSID + `"}]}`, nil, 2, 0},
		"it does not show public channels":              {404, `{"code":20404}%.0s`, nil, 2, 0},
		"it is not shown to this key":                   {403, `{"code":70051}%.0s`, nil, 1, 0},
		"an answer that makes no sense ends the list":   {200, `{}%.0s`, nil, 0, migrate.Unavailable},
		"an answer about another message ends the list": {200, `{"sid":"IM00000000000000000000000000000009"}%.0s`, nil, 0, migrate.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			beside := serve(t, func(r seen) (int, string) {
				return c.status, fmt.Sprintf(c.shown, r.Path[strings.LastIndex(r.Path, "/")+1:])
			})
			s := serve(t, func(r seen) (int, string) {
				return 200, list("messages", "", message(0, fileSID), message(1, fileSID))
			})
			config := s.config(t)
			config.API, config.ConversationsURL, config.Fetchers = APIv2, beside.url, 1
			src, err := NewSource(config)
			require.NoError(t, err)
			var got []chat.Message
			for m, failed := range src.Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}) {
				if err = failed; err == nil {
					got = append(got, m)
				}
			}
			if c.asked == 0 {
				require.Equal(t, c.kind, migrate.KindOf(err))
				return
			}
			require.NoError(t, err)
			require.Len(t, got, 2)
			require.Equal(t, c.more, got[0].MoreMedia)
			require.Len(t, beside.requests(), c.asked)
		})
	}
}

// What Conversations is asked of is a message with a file that Chat shows whole.
func TestMessagesOfWhichNoFilesAreAsked(t *testing.T) {
	const sid = "IM00000000000000000000000000000001"
	for name, c := range map[string]struct {
		listed, whole string
		status        int
		kind          migrate.Kind
	}{
		"one without a file":     {`"attributes":null`, `{"sid":"` + sid + `","index":1,"attributes":"{}"}`, 200, 0},
		"one that is not shown":  {`"attributes":null,"media":{"sid":"` + fileSID + `","size":5}`, `{"code":20403}`, 403, migrate.Credentials},
		"one whole without file": {`"attributes":"{}"`, "", 500, 0},
	} {
		t.Run(name, func(t *testing.T) {
			beside := serve(t, func(seen) (int, string) { return 200, `{"sid":"` + sid + `","media":[]}` })
			s := serve(t, func(r seen) (int, string) {
				if strings.HasSuffix(r.Path, sid) {
					return c.status, c.whole
				}
				return 200, list("messages", "", `{"sid":"`+sid+`","index":1,`+c.listed+`}`)
			})
			config := s.config(t)
			config.API, config.ConversationsURL = APIv2, beside.url
			var err error
			for _, failed := range must(NewSource(config)).Messages(t.Context(), service, channel, migrate.Span{After: migrate.All}) {
				err = failed
			}
			require.Equal(t, c.kind, migrate.KindOf(err), "%v", err)
			require.Empty(t, beside.requests())
		})
	}
}

func TestMessagesWithMedia(t *testing.T) {
	file := conversations.Media{SID: fileSID, Size: 5, ContentType: "image/png", Filename: "a.png"}
	s := serve(t, func(seen) (int, string) {
		return 201, `{"sid":"IM00000000000000000000000000000001","index":0,"author":"ann","body":null,
			"media":[{"sid":"` + fileSID + `","size":5,"content_type":"image/png","filename":"a.png"},{"sid":"ME2"}]}`
	})
	m, err := s.target(t).AppendMessage(t.Context(), service, channel, conversations.Message{Author: "ann", Media: file})
	require.NoError(t, err)
	require.Equal(t, file, m.Media)
	require.Equal(t, 1, m.MoreMedia)
	require.Equal(t, url.Values{"Author": {"ann"}, "MediaSid": {fileSID}}, s.requests()[0].Form)
}
