package replay_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/twilio"
)

// A message that the target stored without its file is there. No policy about
// refusals may send another in its place.
func TestFileThatIsNotAttached(t *testing.T) {
	for _, policy := range []string{"message-refused=placeholder", "message-refused=skip"} {
		t.Run(policy, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := between(t, emulator.Config{Archive: withFiles().Archive()})
				r.API = twilio.APIv2
				p, err := mapping.ParsePolicy([]string{policy})
				require.NoError(t, err)
				r.Settings.Mapper.Policy = p
				sends := 0
				m.do(func(x exchange) bool {
					if x.appends("") && x.Form.Get("MediaSid") != "" {
						sends++
						x.Form.Del("MediaSid")
						if x.Form.Get("Body") == "" {
							x.Form.Set("Body", "?")
						}
					}
					return false
				})
				hint := "does not attach files as documented"
				for range 2 {
					s := pass(t, r, migrate.Partial)
					require.Equal(t, 1, sends)
					require.Equal(t, []string{"before", "?"}, filesIn(t, r))
					require.Contains(t, reasons(s), hint)
					hint = "stored-otherwise" // the next run finds it there
				}
			})
		})
	}
}
