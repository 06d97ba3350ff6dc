package rehearse_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/rehearse"
)

// TestLateAppend measures how late messages land whose connection was cut.
func TestLateAppend(t *testing.T) {
	for name, c := range map[string]struct {
		late   time.Duration
		want   migrate.Verdict
		settle time.Duration
	}{
		"at once":               {0, migrate.AsAssumed, 0},
		"after four seconds":    {4 * time.Second, migrate.AsAssumed, 10 * time.Second},
		"after eight seconds":   {8 * time.Second, migrate.AsAssumed, 18 * time.Second},
		"after half a minute":   {30 * time.Second, migrate.Dangerous, 70 * time.Second},
		"after all was watched": {time.Hour, migrate.AsAssumed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := newStage(t, emulator.Config{Intercept: func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					if !strings.HasPrefix(x.Form.Get("Body"), "cut ") {
						commit().WriteTo(w)
						return
					}
					<-r.Context().Done()
					if c.late == 0 {
						commit()
					} else {
						time.AfterFunc(c.late, func() { commit() })
					}
					panic(http.ErrAbortHandler)
				}})
				got, left, err := s.run(t, func(r *rehearse.Rehearser) { r.Only = []string{"late-append"} })
				require.NoError(t, err)
				require.NoError(t, left)
				e := found(t, got, "late-append")
				require.Equal(t, c.want, e.Verdict, e.Seen)
				require.GreaterOrEqual(t, got.Settle(), min(c.settle, 2*c.late), e.Seen)
				require.LessOrEqual(t, got.Settle(), c.settle, e.Seen)
				require.Contains(t, e.Seen, "50 of 50 connections were cut")
			})
		})
	}
}
