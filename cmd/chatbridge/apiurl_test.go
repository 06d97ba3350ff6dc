package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/accounts"
	"chatbridge/migrate/emulator"
)

// listing is a command that lists subaccounts, as far as its options go.
func listing(t *testing.T, env []string, args ...string) (*connectionOptions, *console, error) {
	t.Helper()
	s := newScreen("", false, env...)
	common := &commonOptions{}
	root := bareRoot(s.console, common)
	o := &connectionOptions{}
	cmd := &cobra.Command{Use: "list", RunE: func(cmd *cobra.Command, _ []string) error { return o.check() }}
	o.flags(cmd.Flags())
	settings(cmd.Flags(), func(fs *pflag.FlagSet) { o.apiURLOption.flags(fs) })
	root.AddCommand(cmd)
	root.SetArgs(append([]string{"list"}, args...))
	err := root.ExecuteContext(t.Context())
	return o, s.console, err
}

func TestWhereAccountsAreListed(t *testing.T) {
	who := []string{"TWILIO_ACCOUNT_SID=" + emulator.DefaultAccountSID, "TWILIO_AUTH_TOKEN=t"}
	for name, row := range map[string]struct {
		env  []string
		args string
		host string
	}{
		"nothing":                        {nil, "", "api.twilio.com"},
		"a region":                       {nil, "--source-region ie1", "api.ie1.twilio.com"},
		"an edge":                        {nil, "--source-edge sydney", "api.sydney.us1.twilio.com"},
		"a region and an edge":           {nil, "--source-region ie1 --source-edge dublin", "api.dublin.ie1.twilio.com"},
		"the variables of Twilio":        {[]string{"TWILIO_REGION=ie1", "TWILIO_EDGE=dublin"}, "", "api.dublin.ie1.twilio.com"},
		"the region of the other side":   {nil, "--target-region ie1", "api.twilio.com"},
		"an address":                     {nil, "--api-url https://a.example", "a.example"},
		"a variable":                     {[]string{"CHATBRIDGE_API_URL=https://b.example"}, "", "b.example"},
		"a flag over a variable":         {[]string{"CHATBRIDGE_API_URL=https://b.example"}, "--api-url https://a.example", "a.example"},
		"addresses of Chat and accounts": {nil, "--chat-url https://c.example --api-url https://a.example", "a.example"},
		"an address of the other side":   {nil, "--conversations-url https://c.example", "api.twilio.com"},
		"a profile of a region":          {nil, "--profile eu", "api.dublin.ie1.twilio.com"},
	} {
		t.Run(name, func(t *testing.T) {
			env := append([]string{homeOfProfiles(t)}, row.env...)
			if !strings.Contains(row.args, "--profile") {
				env = append(env, who...)
			}
			o, on, err := listing(t, env, strings.Fields(row.args)...)
			require.NoError(t, err)
			require.NoError(t, o.readProfiles(on, slog.New(slog.DiscardHandler)))
			came := &asked{}
			c, err := o.accountsConfig(on, came)
			require.NoError(t, err)
			for _, err := range accounts.List(t.Context(), c) {
				require.Error(t, err)
			}
			require.Equal(t, row.host, came.host)
		})
	}
	t.Run("a region and an address are refused together", func(t *testing.T) {
		_, _, err := listing(t, nil, "--source-region", "ie1", "--api-url", "https://a.example")
		require.Equal(t, exitUsage, statusOf(err))
		require.ErrorContains(t, err, "--source-region and --api-url cannot be used together")
	})
	t.Run("credentials for another Chat go to no list that was not named", func(t *testing.T) {
		o, on, err := listing(t, who, "--chat-url", "https://c.example")
		require.NoError(t, err)
		_, err = o.accountsConfig(on, nil)
		require.Equal(t, exitUsage, statusOf(err))
		require.Contains(t, hintOf(err), "--api-url URL, or CHATBRIDGE_API_URL")
	})
	t.Run("without credentials there is no list", func(t *testing.T) {
		o, on, err := listing(t, nil)
		require.NoError(t, err)
		_, err = o.accountsConfig(on, nil)
		require.Equal(t, exitCredentials, statusOf(err))
	})
	t.Run("an address that cannot be used is refused before anything is sent", func(t *testing.T) {
		for _, address := range []string{"nonsense", "http://192.0.2.1", "https://a.example/v1", "https://u:password-in-url@a.example"} {
			o, on, err := listing(t, who, "--api-url", address)
			require.NoError(t, err)
			came := &asked{}
			c, err := o.accountsConfig(on, came)
			require.NoError(t, err)
			for _, err := range accounts.List(t.Context(), c) {
				require.Equal(t, exitUsage, statusOf(err))
				require.NotContains(t, err.Error(), "password-in-url")
			}
			require.Empty(t, came.host)
		}
	})
	t.Run("what is printed by emulate is read", func(t *testing.T) {
		server := newTestServer(t, emulator.Config{Subaccounts: make([]emulator.Config, 2)})
		s := newScreen("", false)
		printExports(s.stdout, server, emulator.Config{})
		var env []string
		for line := range strings.Lines(s.stdout.String()) {
			if pair, exported := strings.CutPrefix(strings.TrimSpace(line), "export "); exported && !strings.HasPrefix(pair, "CHATBRIDGE_REPLAY") {
				env = append(env, pair)
			}
		}
		o, on, err := listing(t, env)
		require.NoError(t, err)
		base := &http.Transport{DisableKeepAlives: true}
		c, err := o.accountsConfig(on, base)
		require.NoError(t, err)
		var sids []string
		for a, err := range accounts.List(context.Background(), c) {
			require.NoError(t, err)
			sids = append(sids, a.SID)
		}
		require.Equal(t, server.Accounts()[1:], sids)
	})
}

// asked is a network on which nobody answers. It knows which host was asked.
type asked struct{ host string }

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	a.host = r.URL.Host
	return nil, &migrate.Error{Op: "dial", Kind: migrate.Unavailable}
}
