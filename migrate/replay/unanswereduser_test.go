package replay_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

// A user who is there after a create without an answer is of the migration if they
// are as they were sent: an undo takes them along.
func TestUsersWhoseCreateHadNoAnswer(t *testing.T) {
	for name, lose := range map[string]func(w http.ResponseWriter, commit func() emulator.Reply){
		"is lost": func(w http.ResponseWriter, commit func() emulator.Reply) { commit(); panic(http.ErrAbortHandler) },
		"says nothing": func(w http.ResponseWriter, commit func() emulator.Reply) {
			commit()
			w.WriteHeader(http.StatusAccepted)
		},
		"is an error": func(w http.ResponseWriter, commit func() emulator.Reply) {
			commit()
			w.WriteHeader(http.StatusBadGateway)
		},
		"is lost with it": func(http.ResponseWriter, func() emulator.Reply) { panic(http.ErrAbortHandler) },
	} {
		t.Run("which "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lost := map[string]bool{}
				var mu sync.Mutex
				r := rig.NewRig(t, emulator.Config{Archive: rig.WholeScenario().Archive(), Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					identity := x.Form.Get("Identity")
					mu.Lock()
					first := x.Write() && strings.HasSuffix(strings.Join(x.Path, "/"), "Users") && !lost[identity]
					if first {
						lost[identity] = true
					}
					mu.Unlock()
					if first {
						lose(w, commit)
						return
					}
					commit().WriteTo(w)
				}})
				r.Settings.ToService = r.Inhabit(t)
				clear(lost)
				before := r.State(t)
				s, err := r.Migrate(t.Context())
				require.NoError(t, err)
				require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				require.Len(t, lost, 2)
				_, all, err := r.Undo(t.Context(), true)
				require.NoError(t, err)
				require.Equal(t, before, r.State(t), "%+v", all)
			})
		})
	}
}
