package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestEmulateSubaccounts(t *testing.T) {
	s := newScreen("", false)
	var statuses []int
	services := map[string]bool{}
	o := &emulateOptions{
		Subaccounts: 3, Generate: "channels=2,messages=5,seed=1", console: s.console,
		serve: func(ctx context.Context, c emulator.Config) (*emulator.Server, error) {
			server, err := emulator.Serve(ctx, c)
			require.NoError(t, err)
			for _, sid := range server.Accounts() {
				r, err := http.NewRequest(http.MethodGet, server.ChatURL+"/v1/Services", nil)
				require.NoError(t, err)
				r.SetBasicAuth(sid, server.Account(sid).AuthToken())
				resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
				require.NoError(t, err)
				raw, err := io.ReadAll(resp.Body)
				require.NoError(t, errors.Join(err, resp.Body.Close()))
				statuses = append(statuses, resp.StatusCode)
				for _, service := range regexp.MustCompile(`"sid":"IS[0-9a-f]{32}"`).FindAllString(string(raw), -1) {
					services[service] = true
				}
			}
			s.interrupts <- os.Interrupt
			return server, err
		},
	}
	require.NoError(t, runEmulate(t.Context(), o))
	const said = "# The account is the parent of 5 subaccounts, customer-001 to customer-005; the last two are suspended and closed.\n"
	require.Contains(t, s.stdout.String(), said)
	require.Equal(t, []int{200, 200, 200, 200, 401, 401}, statuses)
	require.Len(t, services, 4, "each has a service of its own")
}
