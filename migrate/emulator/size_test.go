package emulator_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/heap"
)

// TestMemory holds the emulator to what a run against a large workspace needs.
func TestMemory(t *testing.T) {
	if !heap.Alone(t) {
		return
	}
	const messages = 5_000
	b := newBench(t, emulator.Config{Generate: emulator.Generate{Channels: 1, Messages: 1_000_000}})
	_, c := b.conversation()
	before := heap.InUse()
	for i := range messages {
		b.make(c+"/Messages", "Author", "ada", "Body", fmt.Sprintf("message number %d, of usual length, more or less, as people write", i), "DateCreated", "2019-01-01T00:00:00Z")
	}
	require.Less(t, (heap.InUse()-before)/messages, int64(600), "bytes for each message in the target")
	require.Less(t, before, int64(50<<20), "an invented source takes no room")
	runtime.KeepAlive(b)
}

func BenchmarkAppend(b *testing.B) {
	e, err := emulator.New(emulator.Config{})
	require.NoError(b, err)
	t := &bench{t: &testing.T{}, conversations: e.Conversations()}
	_, c := t.conversation()
	values := form("Author", "ada", "Body", "message of usual length, more or less", "DateCreated", "2019-01-01T00:00:00Z")
	for b.Loop() {
		if a := t.send(t.conversations, http.MethodPost, c+"/Messages", values); a.status != http.StatusCreated {
			b.Fatal(a.raw)
		}
	}
}

func BenchmarkSourcePage(b *testing.B) {
	e, err := emulator.New(emulator.Config{Generate: emulator.Generate{Channels: 1, Messages: 200_000}})
	require.NoError(b, err)
	c := e.Channels()[0]
	h := e.Chat()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, "/v1/Services/"+c.ServiceSID+"/Channels/"+c.SID+"/Messages?PageSize=1000", nil)
		r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
