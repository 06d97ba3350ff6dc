package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

// parseMigrate gives the options that migrate would run with.
func parseMigrate(t *testing.T, env []string, args ...string) (*migrateOptions, error) {
	t.Helper()
	s := newScreen("", false, env...)
	common := &commonOptions{}
	root := bareRoot(s.console, common)
	var got *migrateOptions
	root.AddCommand(newMigrate(s.console, common, func(_ context.Context, o *migrateOptions) error {
		got = o
		return nil
	}))
	root.SetArgs(append([]string{"migrate"}, args...))
	err := root.ExecuteContext(t.Context())
	return got, err
}

func TestMigrateOptions(t *testing.T) {
	t.Run("without arguments they are the documented defaults", func(t *testing.T) {
		o, err := parseMigrate(t, nil)
		require.NoError(t, err)
		require.Equal(t, "chatbridge.db", o.Ledger)
		require.Equal(t, "new", o.ToService)
		require.Empty(t, o.target())
		require.Empty(t, o.Services)
		require.Equal(t, "auto", o.Concurrency.String())
		require.EqualValues(t, 30, o.APS)
		require.Equal(t, migrate.DefaultSettle, o.Settle)
		require.Equal(t, migrate.DefaultWatchdog, o.Watchdog)
		require.Empty(t, o.ChatURL+o.ConversationsURL+o.MediaURL, "they are those of the region")
		require.Equal(t, regionOptions{}, o.regionOptions)
		require.True(t, o.Stamp)
		require.False(t, o.Yes)
		require.False(t, o.DryRun)
		_, err = o.check()
		require.NoError(t, err)
	})
	t.Run("every flag arrives", func(t *testing.T) {
		o, err := parseMigrate(t, nil, "--ledger", "a.db", "--service", "ISa", "--service", "ISb", "--to-service", "ISc",
			"--concurrency", "3", "--aps", "12.5", "--settle", "1s", "--watchdog", "2s", "--max-errors", "4",
			"--policy", "media=skip", "--identities", "i.csv", "--stamp=false", "--chat-url", "http://a", "--conversations-url", "http://b", "--media-url", "http://c", "--bandwidth", "2MB", "--latency", "120ms",
			"--from-archive", "x.zip", "--output", "json", "--log-format", "json", "-v", "--no-color", "--yes", "--timeout", "5s", "--dry-run",
			"--invites", "add", "--channel", "a*", "--channel", "b", "--exclude-channel", "@f", "--type", "public", "--since", "2024-01-01",
			"--until", "2025-01-01", "--active-since", "2023-01-01", "--limit", "5", "--source-api", "v2", "--max-duration", "1h", "--replay", "--credentials", "c.yaml",
			"--in-place", "--messaging-service", "MGa", "--source-region", "us1", "--source-edge", "ashburn", "--target-region", "ie1", "--target-edge", "dublin", "--profile", "one", "--target-profile", "two", "--ca-cert", "ca.pem")
		require.NoError(t, err)
		require.Equal(t, ledgerOption{"a.db"}, o.ledgerOption)
		require.Equal(t, mappingOptions{
			Services: []string{"ISa", "ISb"}, ToService: "ISc", Policies: []string{"media=skip"}, Identities: "i.csv", Invites: "add",
			scopeOptions: scopeOptions{Channels: []string{"a*", "b"}, Exclude: []string{"@f"}, Type: "public", Since: "2024-01-01", Until: "2025-01-01", Active: "2023-01-01", Limit: 5},
		}, o.mappingOptions)
		require.Equal(t, connectionOptions{
			regionOptions:  regionOptions{"us1", "ashburn", "ie1", "dublin"},
			profileOptions: profileOptions{Profile: "one", TargetProfile: "two"},
			ChatURL:        "http://a", ConversationsURL: "http://b", MediaURL: "http://c", CACert: "ca.pem", FromArchive: "x.zip", apiOption: apiOption{SourceAPI: "v2"}, widthOptions: widthOptions{Concurrency: 3}, APS: 12.5, Timeout: 5 * time.Second,
		}, o.connectionOptions)
		speed, ok := o.perSecond()
		require.True(t, ok)
		require.InDelta(t, 2e6, speed, 1)
		require.Equal(t, latencyOption{120 * time.Millisecond}, o.latencyOption)
		require.Equal(t, commonOptions{LogFormat: "json", Verbose: true, NoColor: true}, *o.commonOptions)
		require.Equal(t, outputOption{"json"}, o.outputOption)
		require.Equal(t, durationOption{time.Hour}, o.durationOption)
		require.Equal(t, inPlaceOptions{InPlace: true, MessagingService: "MGa"}, o.inPlaceOptions)
		require.True(t, o.Replay)
		require.Equal(t, "c.yaml", o.Credentials)
		require.Equal(t, []any{time.Second, 2 * time.Second, 4, true, true}, []any{o.Settle, o.Watchdog, o.MaxErrors, o.Yes, o.DryRun})
	})
	t.Run("the environment wins over the file, and a flag over both", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "c.yaml")
		require.NoError(t, os.WriteFile(file, []byte("concurrency: 1\naps: 1\nmax-errors: 1\nyes: true\npolicy: [media=skip, empty-body=skip]\n"), 0o600))
		o, err := parseMigrate(t, []string{"CHATBRIDGE_APS=2", "CHATBRIDGE_MAX_ERRORS=2", "CHATBRIDGE_LEDGER="}, "--config", file, "--max-errors", "3")
		require.NoError(t, err)
		require.Equal(t, "1", o.Concurrency.String())
		require.EqualValues(t, 2, o.APS)
		require.Equal(t, 3, o.MaxErrors)
		require.True(t, o.Yes)
		require.Equal(t, []string{"media=skip", "empty-body=skip"}, o.Policies)
		require.Equal(t, defaultLedger, o.Ledger, "an empty variable is one that is not set")
	})
	t.Run("every setting has a variable", func(t *testing.T) {
		root := newRoot(newScreen("", false).console)
		names := settingNames(root)
		require.Contains(t, names, "to-service")
		require.NotContains(t, names, "dry-run", "what is said once is no setting")
		require.Equal(t, "CHATBRIDGE_TO_SERVICE", variable("to-service"))
	})
}

func TestCredentials(t *testing.T) {
	const (
		account = "AC00000000000000000000000000000001"
		other   = "AC00000000000000000000000000000002"
		key     = "SK00000000000000000000000000000001"
	)
	t.Run("the target's are the source's unless others are given", func(t *testing.T) {
		c := newScreen("", false, "TWILIO_ACCOUNT_SID="+account, "TWILIO_AUTH_TOKEN=t").console
		source, err := c.sourceCredentials()
		require.NoError(t, err)
		target, err := c.targetCredentials()
		require.NoError(t, err)
		require.Equal(t, credentials{account: account, username: account, password: "t", hint: "check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN: they must belong to the same Twilio account"}, source)
		require.Equal(t, source, target)
	})
	t.Run("another target account has its own", func(t *testing.T) {
		c := newScreen("", false, "TWILIO_ACCOUNT_SID="+account, "TWILIO_AUTH_TOKEN=t",
			"CHATBRIDGE_TARGET_ACCOUNT_SID="+other, "CHATBRIDGE_TARGET_API_KEY="+key, "CHATBRIDGE_TARGET_API_SECRET=s").console
		target, err := c.targetCredentials()
		require.NoError(t, err)
		require.Equal(t, credentials{account: other, username: key, password: "s", hint: "check CHATBRIDGE_TARGET_API_KEY and CHATBRIDGE_TARGET_API_SECRET: they must belong to the same Twilio account"}, target)
	})
	t.Run("another target account needs its own", func(t *testing.T) {
		c := newScreen("", false, "TWILIO_ACCOUNT_SID="+account, "TWILIO_AUTH_TOKEN=t", "CHATBRIDGE_TARGET_ACCOUNT_SID="+other).console
		_, err := c.targetCredentials()
		require.Equal(t, exitCredentials, statusOf(err))
		require.ErrorContains(t, err, "CHATBRIDGE_TARGET_ACCOUNT_SID and TWILIO_ACCOUNT_SID name different accounts, and no credentials are set for the first")
		require.Contains(t, hintOf(err), "export CHATBRIDGE_TARGET_AUTH_TOKEN, or CHATBRIDGE_TARGET_API_KEY and CHATBRIDGE_TARGET_API_SECRET")
	})
	t.Run("a key has two names, of which either does", func(t *testing.T) {
		for _, prefix := range []string{"TWILIO_", "CHATBRIDGE_TARGET_"} {
			read := func(env ...string) (credentials, error) {
				return newScreen("", false, append(env, "TWILIO_ACCOUNT_SID="+account)...).console.credentials(prefix, account)
			}
			for _, names := range [][2]string{{"API_KEY_SID", "API_KEY_SECRET"}, {"API_KEY", "API_KEY_SECRET"}, {"API_KEY_SID", "API_SECRET"}} {
				got, err := read(prefix+names[0]+"="+key, prefix+names[1]+"=s")
				require.NoError(t, err)
				require.Equal(t, []string{key, "s"}, []string{got.username, got.password})
				require.Contains(t, got.hint, "check "+prefix+names[0]+" and "+prefix+names[1]+":")
			}
			_, err := read(prefix+"API_KEY="+key, prefix+"API_KEY_SID="+key, prefix+"API_SECRET=s", prefix+"API_KEY_SECRET=s")
			require.NoError(t, err, "the same twice is no contradiction")
			for _, env := range [][]string{
				{prefix + "API_KEY=" + key, prefix + "API_KEY_SID=SK00000000000000000000000000000002", prefix + "API_SECRET=s"},
				{prefix + "API_KEY=" + key, prefix + "API_SECRET=hunter2", prefix + "API_KEY_SECRET=hunter3"},
			} {
				_, err := read(env...)
				require.Equal(t, exitCredentials, statusOf(err))
				require.ErrorContains(t, err, "are set to different values, and mean the same")
				require.NotContains(t, err.Error()+hintOf(err), "hunter")
			}
			_, err = read(prefix + "API_KEY_SID=" + key)
			require.ErrorContains(t, err, prefix+"API_KEY_SID is set, but "+prefix+"API_SECRET is not")
		}
		c := newScreen("", false, "TWILIO_ACCOUNT_SID="+account, "TWILIO_AUTH_TOKEN=t",
			"CHATBRIDGE_TARGET_API_KEY_SID="+key, "CHATBRIDGE_TARGET_API_KEY_SECRET=s").console
		target, err := c.targetCredentials()
		require.NoError(t, err)
		require.Equal(t, key, target.username)
		require.NoError(t, checkEnvironment(newRoot(c), c.env, func(s string) { require.Fail(t, s) }))
	})
	t.Run("they have no form that shows the secret", func(t *testing.T) {
		c := credentials{account: account, username: key, password: "hunter2"}
		for _, s := range []string{c.String(), c.GoString(), c.LogValue().String()} {
			require.NotContains(t, s, "hunter2")
			require.Contains(t, s, account)
		}
	})
}
