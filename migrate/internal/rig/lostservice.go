package rig

import (
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/transport"
)

// LostService is a network that loses the first create of a service, until it lands.
type LostService struct {
	mu   sync.Mutex
	land func() emulator.Reply
}

// Intercept is for the emulator.
func (l *LostService) Intercept(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
	l.mu.Lock()
	lost := x.Host == emulator.ConversationsHost && x.Write() && len(x.Path) == 2 && l.land == nil
	if lost {
		l.land = commit
	}
	l.mu.Unlock()
	if lost {
		panic(http.ErrAbortHandler)
	}
	commit().WriteTo(w)
}

// Land has the create take effect, and returns the status that nobody got.
func (l *LostService) Land() int {
	l.mu.Lock() // whoever lost it may be another goroutine
	land := l.land
	l.mu.Unlock()
	return land().Status
}

// ServicesThere are the SIDs of the services of the target.
func (r *Rig) ServicesThere(t *testing.T) (sids []string) {
	t.Helper()
	for s, err := range r.Target(&transport.Counter{}).Services(t.Context()) {
		require.NoError(t, err)
		sids = append(sids, s.SID)
	}
	return sids
}
