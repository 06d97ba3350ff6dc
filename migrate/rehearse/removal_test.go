package rehearse_test

import (
	"bytes"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/rehearse"
)

func TestRemoval(t *testing.T) {
	t.Run("a service that may not be deleted is said to be left, and stays recorded", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := newStage(t, emulator.Config{Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Method == http.MethodDelete && len(x.Path) == 3 {
					emulator.Refusal(403, 50107, "no").WriteTo(w)
					return
				}
				commit().WriteTo(w)
			}})
			got, left, err := s.run(t, func(r *rehearse.Rehearser) { r.Only = []string{"text"} })
			require.NoError(t, err)
			require.ErrorContains(t, left, "50107")
			require.False(t, got.Removed)
			require.FileExists(t, s.out+".service")
		})
	})
	for name, c := range map[string]struct {
		shown time.Duration
		gone  bool
	}{
		"for half a minute is waited for": {30 * time.Second, true},
		"for ever is not said to be gone": {time.Hour, false},
	} {
		t.Run("one that its list shows "+name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				var last []byte
				var deleted time.Time
				s := newStage(t, emulator.Config{Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
					r := commit()
					switch {
					case x.Method == http.MethodDelete && len(x.Path) == 3:
						deleted = time.Now()
					case x.Write() || len(x.Path) != 2:
					case !deleted.IsZero() && time.Since(deleted) < c.shown:
						r.Body = last
					default:
						last = r.Body
					}
					r.WriteTo(w)
				}})
				_, left, err := s.run(t, func(r *rehearse.Rehearser) { r.Only, r.Keep = []string{"dates"}, true })
				require.NoError(t, err)
				require.NoError(t, left)
				require.Len(t, s.services(t), 1)
				cleaned, err := s.clean(t)
				if c.gone {
					require.NoError(t, err)
					require.Len(t, cleaned.Removed, 1)
					require.GreaterOrEqual(t, time.Since(deleted), c.shown)
					return
				}
				require.ErrorContains(t, err, "still has it")
				require.FileExists(t, s.out+".service")
			})
		})
	}
	t.Run("one that is gone already is no error", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := newStage(t, emulator.Config{})
			got, _, err := s.run(t, func(r *rehearse.Rehearser) { r.Only, r.Keep = []string{"dates"}, true })
			require.NoError(t, err)
			require.NoError(t, s.inhabit(t).DeleteService(t.Context(), got.ServiceSID))
			cleaned, err := s.clean(t)
			require.NoError(t, err)
			require.Empty(t, cleaned.Removed)
			require.NoFileExists(t, s.out+".service")
		})
	})
	t.Run("one of another name is not ours, whatever the record says", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := newStage(t, emulator.Config{})
			got, _, err := s.run(t, func(r *rehearse.Rehearser) { r.Only, r.Keep = []string{"dates"}, true })
			require.NoError(t, err)
			at := s.inhabit(t, neighbours[1])
			theirs := ""
			for one, err := range at.Services(t.Context()) {
				require.NoError(t, err)
				if one.SID != got.ServiceSID {
					theirs = one.SID
				}
			}
			raw, err := os.ReadFile(s.out + ".service")
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(s.out+".service", bytes.ReplaceAll(raw, []byte(got.ServiceSID), []byte(theirs)), 0o600))
			_, err = s.clean(t)
			require.ErrorContains(t, err, "not named")
			require.Len(t, s.services(t), 2)
		})
	})
	t.Run("one of another account, region or host is not looked for here", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := newStage(t, emulator.Config{})
			_, _, err := s.run(t, func(r *rehearse.Rehearser) { r.Only, r.Keep = []string{"dates"}, true })
			require.NoError(t, err)
			r, record, made, _ := s.rehearser(t)
			defer record.Close()
			r.Region = "ie1"
			_, err = r.Clean(t.Context(), made)
			require.Equal(t, migrate.Usage, migrate.KindOf(err))
			require.FileExists(t, s.out+".service")
		})
	})
}

func TestKeptOnlyIfWhole(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		drain := make(chan struct{})
		s := newStage(t, emulator.Config{})
		s.before = func(n int, _ *http.Request) error {
			if n == 60 {
				close(drain)
			}
			return nil
		}
		_, left, err := s.run(t, func(r *rehearse.Rehearser) { r.Keep, r.Drain = true, drain })
		require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
		require.NoError(t, left)
		require.Empty(t, s.services(t))
	})
}

// TestAccountThatReplacesAuthors removes messages whose author and text say nothing
// of the rehearsal, also in a process that did not write them.
func TestAccountThatReplacesAuthors(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStage(t, emulator.Config{Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if x.Form.Has("Author") {
				x.Form.Set("Author", "system")
			}
			commit().WriteTo(w)
		}})
		got, left, err := s.run(t, func(r *rehearse.Rehearser) {
			r.Keep, r.Only = true, []string{"author", "text", "blank-body", "lengths", "attributes"}
		})
		require.NoError(t, err)
		require.NoError(t, left)
		require.NotEmpty(t, found(t, got, "author").Stops)
		_, err = s.clean(t)
		require.NoError(t, err)
		require.Empty(t, s.services(t))
	})
}
