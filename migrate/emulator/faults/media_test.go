package faults_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
)

// fileBench is an emulator with a conversation and files, whose media host is
// reached in one form. The plan is on from the beginning.
type fileBench struct {
	*bench
	e       *emulator.Emulator
	service string // path
}

func newFileBench(t *testing.T, spec string, open form) *fileBench {
	t.Helper()
	p, err := faults.Parse(spec)
	require.NoError(t, err)
	b := &fileBench{bench: &bench{t: t, plan: p}}
	b.e, err = emulator.New(emulator.Config{Intercept: func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if x.Host == emulator.MediaHost || x.Path[len(x.Path)-1] == "Messages" {
			p.Intercept(w, r, x, commit)
			return
		}
		commit().WriteTo(w)
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.e.Close()) })
	b.transport, b.base = direct(t, b.e.Conversations())
	b.service = "/v1/Services/" + b.must("POST", "/v1/Services", "FriendlyName", "desk").text("sid")
	b.conversation = b.service + "/Conversations/" + b.must("POST", b.service+"/Conversations", "FriendlyName", "room").text("sid")
	b.transport, b.base = open(t, b.e.Media())
	return b
}

func (b *fileBench) ask(method, address, body string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+strings.TrimPrefix(address, b.base), strings.NewReader(body))
	require.NoError(b.t, err)
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
	}
	resp, err := b.transport.RoundTrip(r)
	if err != nil {
		return answer{err: err}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, raw, err, err != nil}
}

func (b *fileBench) upload(body string) answer {
	b.t.Helper()
	return b.ask(http.MethodPost, b.service+"/Media?"+url.Values{"Filename": {"a.txt"}}.Encode(), body)
}

func (b *fileBench) record(sid string) answer {
	b.t.Helper()
	return b.ask(http.MethodGet, b.service+"/Media/"+sid, "")
}

func (b *fileBench) content(sid string) answer {
	b.t.Helper()
	links, _ := b.record(sid).object()["links"].(map[string]any)
	return b.ask(http.MethodGet, links["content_direct_temporary"].(string), "")
}

// held are the files that no message has.
func (b *fileBench) held() int { return len(b.e.Truth().Orphans) }

var text = strings.Repeat("what the file holds. ", 50)

func TestContentFaults(t *testing.T) {
	whole := func(a answer) bool { return a.err == nil && a.status == http.StatusOK && string(a.body) == text }
	for kind, broken := range map[faults.Kind]func(*testing.T, answer){
		faults.ReadCut: func(t *testing.T, a answer) {
			require.True(t, a.cut)
			require.Less(t, len(a.body), len(text))
			require.NotEmpty(t, a.body)
		},
		faults.ReadSlow: func(t *testing.T, a answer) { require.Equal(t, text, string(a.body)) },
		faults.MediaShort: func(t *testing.T, a answer) {
			require.NoError(t, a.err)
			require.Less(t, len(a.body), len(text))
			require.Equal(t, strconv.Itoa(len(a.body)), a.header.Get("Content-Length"))
			require.True(t, strings.HasPrefix(text, string(a.body)))
		},
		faults.MediaLong: func(t *testing.T, a answer) {
			require.NoError(t, a.err)
			require.Greater(t, len(a.body), len(text))
			require.Equal(t, strconv.Itoa(len(a.body)), a.header.Get("Content-Length"))
			require.True(t, bytes.HasPrefix(a.body, []byte(text)))
		},
		faults.MediaExpired: func(t *testing.T, a answer) {
			require.Equal(t, http.StatusForbidden, a.status)
			require.Contains(t, string(a.body), "AccessDenied")
		},
		faults.MediaMissing: func(t *testing.T, a answer) { require.Equal(t, http.StatusNotFound, a.status) },
		faults.ServerError:  func(t *testing.T, a answer) { require.Equal(t, http.StatusInternalServerError, a.status) },
		faults.TooMany:      func(t *testing.T, a answer) { require.Equal(t, http.StatusTooManyRequests, a.status) },
	} {
		for name, open := range forms {
			t.Run(string(kind)+" over "+name, func(t *testing.T) {
				b := newFileBench(t, "slow-for=1ms,nth(media GET content,1)="+string(kind), open)
				sid := b.upload(text).text("sid")
				broken(t, b.content(sid))
				require.Equal(t, only(kind), b.plan.Counts())
				require.True(t, whole(b.content(sid)))
			})
		}
	}
}

func TestRecordFaults(t *testing.T) {
	t.Run("media.size tells another size, once", func(t *testing.T) {
		b := newFileBench(t, "nth(GET file,1-8)=media.size", direct)
		sid := b.upload(text).text("sid")
		for range 8 {
			size := b.record(sid).object()["size"].(float64)
			require.NotEqual(t, float64(len(text)), size)
			require.Positive(t, size)
		}
		require.Equal(t, float64(len(text)), b.record(sid).object()["size"])
	})
	t.Run("lie.404 denies a file that is there, and only under its name", func(t *testing.T) {
		b := newFileBench(t, "nth(GET file,1)=lie", direct)
		sid := b.upload(text).text("sid")
		a := b.record(sid)
		require.Equal(t, []int{404, 20404}, []int{a.status, a.code()})
		require.Equal(t, 200, b.record(sid).status)

		b = newFileBench(t, "rate=1,limit=1000,before=0,read=0,after=0,late=0,media.size=0", direct)
		sid = b.upload(text).text("sid")
		for range 50 {
			require.Equal(t, 200, b.record(sid).status)
		}
		b = newFileBench(t, "lie.404=1,limit=1000", direct)
		require.Equal(t, 404, b.record(b.upload(text).text("sid")).status)
	})
	t.Run("the kinds of other reads strike too", func(t *testing.T) {
		b := newFileBench(t, "nth(GET file,1)=read.cut,nth(GET file,2)=read.json,nth(GET file,3)=read.401,nth(GET file,4)=before.429.20429", direct)
		sid := b.upload(text).text("sid")
		require.True(t, b.record(sid).cut)
		require.Nil(t, b.record(sid).object())
		require.Equal(t, 401, b.record(sid).status)
		require.Equal(t, 20429, b.record(sid).code())
		require.Equal(t, 200, b.record(sid).status)
	})
}

func TestStalledContent(t *testing.T) {
	b := newFileBench(t, "stall-for=1h,nth(GET content,1)=before.stall", direct)
	sid := b.upload(text).text("sid")
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	b.plan.Observe = func(faults.Kind, *emulator.Exchange) { cancel(gone) }
	links := b.record(sid).object()["links"].(map[string]any)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, links["content_direct_temporary"].(string), nil)
	require.NoError(t, err)
	_, err = b.transport.RoundTrip(r)
	require.ErrorIs(t, err, gone)
}
