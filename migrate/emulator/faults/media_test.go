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
	"testing/synctest"
	"time"

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

func TestUploadFaults(t *testing.T) {
	for kind, effects := range map[faults.Kind]bool{
		faults.ServerError: false, faults.Unavailable: false, faults.Reset: false, faults.TooManySeconds: false,
		faults.AfterError: true, faults.AfterReset: true, faults.AfterCutLength: true, faults.AfterHTML: true,
	} {
		for name, open := range forms {
			t.Run(string(kind)+" over "+name, func(t *testing.T) {
				b := newFileBench(t, "nth(POST media,1)="+string(kind), open)
				a := b.upload(text)
				require.True(t, a.err != nil || a.object() == nil)
				require.Equal(t, only(kind), b.plan.Counts())
				require.Equal(t, effects, b.held() == 1)
				require.Equal(t, http.StatusCreated, b.upload(text).status, "it may be repeated")
			})
		}
	}
	t.Run("late lands behind the next upload, with its bytes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newFileBench(t, "nth(POST media,1)=late", direct)
			defer b.plan.Close()
			require.Error(t, b.upload("first").err)
			require.Zero(t, b.held())
			b.upload("second")
			require.Equal(t, 1, b.held())
			time.Sleep(faults.DefaultLate)
			synctest.Wait()
			var sizes []int64
			for _, f := range b.e.Truth().Orphans {
				sizes = append(sizes, f.Size)
			}
			require.Equal(t, []int64{6, 5}, sizes)
		})
	})
	t.Run("a message whose answer is lost has its file", func(t *testing.T) {
		b := newFileBench(t, "nth(POST messages,1)=after.reset", direct)
		sid := b.upload(text).text("sid")
		b.transport, b.base = direct(t, b.e.Conversations())
		post := func() answer { return b.send(t.Context(), "POST", b.conversation+"/Messages", "MediaSid", sid) }
		require.Error(t, post().err)
		require.Zero(t, b.held())
		require.Equal(t, 50508, post().code(), "sent again it cannot make two")
	})
}

func TestFileDraws(t *testing.T) {
	struck := func(spec string, backwards bool) map[string]faults.Kind {
		b := newFileBench(t, spec, direct)
		hit := map[string]faults.Kind{}
		var of string
		b.plan.Observe = func(k faults.Kind, x *emulator.Exchange) { hit[of] += k + " " }
		for n := range 60 {
			if backwards {
				n = 59 - n
			}
			body := strings.Repeat(strconv.Itoa(n), 5)
			of = "upload " + body
			sid := ""
			for sid == "" {
				sid = b.upload(body).text("sid")
			}
			of = "content " + body
			for b.content(sid).status != http.StatusOK {
				continue
			}
		}
		return hit
	}
	const spec = "after.500=0.2,media.403=0.2,media.404=0.1"
	first := struck(spec+",seed=1", false)
	require.Greater(t, len(first), 15)
	require.Equal(t, first, struck(spec+",seed=1", true), "what is drawn follows from what files hold, in whatever order they come")
	require.NotEqual(t, first, struck(spec+",seed=2", false))
}

func TestFileRates(t *testing.T) {
	b := newFileBench(t, "rate=0.5,stall-for=1ms,slow-for=1ms,late=0", direct)
	var sid string
	for n := 0; sid == ""; n++ {
		sid = b.upload(strconv.Itoa(n) + text).text("sid")
	}
	record := answer{}
	for record.object() == nil || record.status != http.StatusOK {
		record = b.record(sid)
	}
	address := record.object()["links"].(map[string]any)["content_direct_temporary"].(string)
	before := b.plan.Counts()
	for n := range 3000 {
		_ = b.ask(http.MethodGet, address+"&n="+strconv.Itoa(n), "")
	}
	counts := b.plan.Counts()
	for _, k := range []faults.Kind{faults.MediaShort, faults.MediaLong, faults.MediaExpired, faults.MediaMissing, faults.ReadCut, faults.ReadSlow} {
		require.Greater(t, counts[k]-before[k], int64(50), k)
	}
	for _, k := range []faults.Kind{faults.MediaSize, faults.ReadJSON, faults.ReadAuth, faults.LieGone, faults.ReadEmpty} {
		require.Equal(t, before[k], counts[k], k)
	}
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
