package metrics

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// What records writes from a goroutine of its own, while the handler sends the header:
// the race detector sees it if the two are not kept apart.
func TestRecordedWhileTheHeaderGoes(t *testing.T) {
	var writing sync.WaitGroup
	start := func(w io.Writer) error {
		writing.Go(func() {
			for range 100 {
				_, _ = io.WriteString(w, "sample\n")
			}
		})
		return nil
	}
	server := httptest.NewServer(recorded(1, start, writing.Wait))
	defer server.Close()
	reply, err := http.Get(server.URL + "?seconds=0.001")
	require.NoError(t, err)
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, reply.StatusCode)
	require.Len(t, body, 700)
}
