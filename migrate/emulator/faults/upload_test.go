package faults_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
)

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
