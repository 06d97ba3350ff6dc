package emulator_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// upload sends a file as it is documented.
func (b *bench) upload(service, filename, contentType string, body []byte, prepare ...func(*http.Request)) answer {
	b.t.Helper()
	target := "http://media.test" + service + "/Media?" + url.Values{"Category": {"media"}, "Filename": {filename}}.Encode()
	r := httptest.NewRequest(http.MethodPost, target, bytes.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
	return b.ask(r, prepare...)
}

// record reads what the media host says of a file.
func (b *bench) record(service, sid string, prepare ...func(*http.Request)) answer {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://media.test"+service+"/Media/"+sid, nil)
	r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
	return b.ask(r, prepare...)
}

// get asks without credentials.
func (b *bench) get(address string, prepare ...func(*http.Request)) answer {
	b.t.Helper()
	return b.ask(httptest.NewRequest(http.MethodGet, address, nil), prepare...)
}

// ask sends a request to the media host.
func (b *bench) ask(r *http.Request, prepare ...func(*http.Request)) answer {
	b.t.Helper()
	for _, p := range prepare {
		p(r)
	}
	w := httptest.NewRecorder()
	b.e.Media().ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), raw: w.Body.String()}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		require.NoError(b.t, json.Unmarshal(w.Body.Bytes(), &a.body), a.raw)
	}
	return a
}

func (a answer) direct() string {
	links, _ := a.body["links"].(map[string]any)
	s, _ := links["content_direct_temporary"].(string)
	return s
}

// uploaded is the SID of a new file.
func (b *bench) uploaded(service, body string) string {
	b.t.Helper()
	a := b.upload(service, "a.txt", "text/plain", []byte(body))
	require.Equal(b.t, http.StatusCreated, a.status, a.raw)
	return a.text("sid")
}

// bytesOf reads a file as a client does: its record, and then its bytes.
func (b *bench) bytesOf(service, sid string) string {
	b.t.Helper()
	record := b.record(service, sid)
	require.Equal(b.t, http.StatusOK, record.status, record.raw)
	a := b.get(record.direct())
	require.Equal(b.t, http.StatusOK, a.status, a.raw)
	require.Len(b.t, a.raw, int(record.body["size"].(float64)))
	require.Equal(b.t, record.text("content_type"), a.header.Get("Content-Type"))
	return a.raw
}

func (b *bench) pass(d time.Duration) { b.clock = b.clock.Add(d) }

func sum(text string) [sha256.Size]byte { return sha256.Sum256([]byte(text)) }

func closing(b *bench) *bench {
	b.t.Cleanup(func() { require.NoError(b.t, b.e.Close()) })
	return b
}
