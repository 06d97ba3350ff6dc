package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// What the profiles of tests hold.
const (
	profileKey         = "SK00000000000000000000000000000101"
	profileSecret      = "secret-of-profile-plain"
	otherProfileKey    = "SK00000000000000000000000000000102"
	otherProfileSecret = "secret-of-profile-eu"
	otherAccount       = "AC00000000000000000000000000000009"
)

// profilesFile is as twilio-cli writes it: the edge of all profiles, those of a version
// that kept keys elsewhere, and one with each oddity.
var profilesFile = fmt.Sprintf(`{
	"edge": "ashburn", "email": {"subscription": ""}, "prompts": {}, "activeProject": "active",
	"projects": [{"id": "old", "accountSid": %[1]q, "region": "us1"}],
	"profiles": {
		"plain": {"accountSid": %[1]q, "apiKey": %[2]q, "apiSecret": %[3]q},
		"eu": {"accountSid": %[4]q, "region": "ie1", "edge": "dublin", "apiKey": %[5]q, "apiSecret": %[6]q},
		"active": {"accountSid": %[4]q, "apiKey": %[5]q, "apiSecret": %[6]q},
		"keyless": {"accountSid": %[1]q, "region": null, "edge": null},
		"bad-account": {"accountSid": "ACshort-hunter2", "apiKey": %[2]q, "apiSecret": %[3]q},
		"bad-key": {"accountSid": %[1]q, "apiKey": "hunter2", "apiSecret": %[3]q},
		"bad-region": {"accountSid": %[1]q, "region": "evil.example/hunter2", "apiKey": %[2]q, "apiSecret": %[3]q},
		"bad-edge": {"accountSid": %[1]q, "edge": "EVIL-hunter2", "apiKey": %[2]q, "apiSecret": %[3]q},
		"it's \u001b[2J": {"accountSid": %[1]q, "apiKey": %[2]q, "apiSecret": %[3]q}
	},
	"plugins": {}
}`, emulator.DefaultAccountSID, profileKey, profileSecret, otherAccount, otherProfileKey, otherProfileSecret)

// homeOfProfiles is the variable of a home folder with those profiles.
func homeOfProfiles(t *testing.T) string { return homeWith(t, profilesFile) }

func homeWith(t *testing.T, file string) string {
	t.Helper()
	home := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".twilio-cli"), 0o700))
	require.NoError(t, os.WriteFile(profilesIn(home), []byte(file), 0o600))
	return "HOME=" + home
}

func profilesIn(home string) string { return filepath.Join(home, ".twilio-cli", "config.json") }

// readBoth are the credentials of both sides, with profiles and what the log said.
func readBoth(o profileOptions, env ...string) (source, target credentials, logged string, err error) {
	c, log := newScreen("", false, env...).console, &bytes.Buffer{}
	if err = o.readProfiles(c, slog.New(slog.NewTextHandler(log, nil))); err != nil {
		return source, target, log.String(), err
	}
	on := connectionOptions{profileOptions: o}
	if err = on.checkProfileRegions(c); err != nil {
		return source, target, log.String(), err
	}
	if source, err = o.sourceCredentials(c); err == nil {
		target, err = o.targetCredentials(c)
	}
	return source, target, log.String(), err
}

func TestProfiles(t *testing.T) {
	const (
		account = "TWILIO_ACCOUNT_SID=" + emulator.DefaultAccountSID
		token   = "TWILIO_AUTH_TOKEN=token-of-the-environment"
		third   = "AC00000000000000000000000000000003"
	)
	home := homeOfProfiles(t)
	for name, c := range map[string]struct {
		names          [2]string // of the source and the target
		env            []string
		source, target string // users that open the sides
	}{
		"one for both":                                 {[2]string{"plain"}, nil, profileKey, profileKey},
		"one for each":                                 {[2]string{"plain", "eu"}, nil, profileKey, otherProfileKey},
		"one for the target alone":                     {[2]string{"", "eu"}, []string{account, token}, emulator.DefaultAccountSID, otherProfileKey},
		"over variables of the same account":           {[2]string{"plain"}, []string{account, token}, profileKey, profileKey},
		"beside variables of the target":               {[2]string{"plain"}, []string{"CHATBRIDGE_TARGET_ACCOUNT_SID=" + third, "CHATBRIDGE_TARGET_AUTH_TOKEN=t"}, profileKey, third},
		"beside a token of the target":                 {[2]string{"plain"}, []string{"CHATBRIDGE_TARGET_AUTH_TOKEN=t"}, profileKey, emulator.DefaultAccountSID},
		"for the target's own account, beside a token": {[2]string{"", "eu"}, []string{account, token, "CHATBRIDGE_TARGET_ACCOUNT_SID=" + otherAccount, "CHATBRIDGE_TARGET_AUTH_TOKEN=t"}, emulator.DefaultAccountSID, otherProfileKey},
		"no name, and none is taken":                   {[2]string{}, []string{account, token}, emulator.DefaultAccountSID, emulator.DefaultAccountSID},
	} {
		t.Run(name, func(t *testing.T) {
			source, target, logged, err := readBoth(profileOptions{Profile: c.names[0], TargetProfile: c.names[1]}, append(c.env, home)...)
			require.NoError(t, err)
			require.Equal(t, []string{c.source, c.target}, []string{source.username, target.username})
			require.Empty(t, logged)
		})
	}
	raw, err := os.ReadFile(profilesIn(home[len("HOME="):]))
	require.NoError(t, err)
	require.Equal(t, profilesFile, string(raw), "the file is only read")

	for name, c := range map[string]struct {
		names  [2]string
		env    []string
		status int
		says   string
		hint   string
	}{
		"a name that is nearly there":            {[2]string{"plian"}, nil, exitUsage, `--profile "plian" is not in ~/.twilio-cli/config.json, which has "active", "bad-account", "bad-edge", "bad-key", "bad-region", "eu", "it's \x1b[2J", "keyless", "old", "plain"`, "did you mean: --profile plain"},
		"a name that is nowhere near":            {[2]string{"", "warehouse"}, []string{account, token}, exitUsage, `--target-profile "warehouse" is not in`, "twilio profiles:list"},
		"one whose keys are elsewhere":           {[2]string{"old"}, nil, exitCredentials, `profile "old" in ~/.twilio-cli/config.json has no apiKey or no apiSecret`, "twilio profiles:create --profile old"},
		"one without keys":                       {[2]string{"keyless"}, nil, exitCredentials, "has no apiKey or no apiSecret", "twilio profiles:create --profile keyless"},
		"an account that is none":                {[2]string{"bad-account"}, nil, exitCredentials, "has an accountSid that is not AC", "twilio profiles:create"},
		"a key that is none":                     {[2]string{"bad-key"}, nil, exitCredentials, "has an apiKey that is not SK", "twilio profiles:create"},
		"a region that could be another host":    {[2]string{"bad-region"}, nil, exitCredentials, "has a region that is not made of", "twilio profiles:create"},
		"an edge that is none":                   {[2]string{"bad-edge"}, nil, exitCredentials, "has an edge that is not made of", "twilio profiles:create"},
		"another account in the variables":       {[2]string{"plain"}, []string{"TWILIO_ACCOUNT_SID=" + third, token}, exitCredentials, "--profile plain is of account " + emulator.DefaultAccountSID + ", but TWILIO_ACCOUNT_SID names " + third, "unset TWILIO_ACCOUNT_SID, or leave out --profile"},
		"a variable that holds something else":   {[2]string{"plain"}, []string{"TWILIO_ACCOUNT_SID=hunter2"}, exitCredentials, "TWILIO_ACCOUNT_SID names something else", "unset"},
		"another account for the target":         {[2]string{"plain", "eu"}, []string{"CHATBRIDGE_TARGET_ACCOUNT_SID=" + third}, exitCredentials, "--target-profile eu is of account " + otherAccount + ", but CHATBRIDGE_TARGET_ACCOUNT_SID names " + third, "unset CHATBRIDGE_TARGET_ACCOUNT_SID"},
		"a token for the target's other account": {[2]string{"", "eu"}, []string{account, token, "CHATBRIDGE_TARGET_AUTH_TOKEN=t"}, exitCredentials, "--target-profile eu is of account " + otherAccount + ", but TWILIO_ACCOUNT_SID names " + emulator.DefaultAccountSID, "leave out --target-profile"},
		"a target account that nothing opens":    {[2]string{"plain"}, []string{"CHATBRIDGE_TARGET_ACCOUNT_SID=" + third}, exitCredentials, "CHATBRIDGE_TARGET_ACCOUNT_SID and --profile plain name different accounts, and no credentials are set for the first", "--target-profile"},
		"another region in the variables":        {[2]string{"plain"}, []string{"TWILIO_REGION=ie1"}, exitUsage, "TWILIO_REGION is not the region of --profile plain, which is us1", "unset TWILIO_REGION"},
		"a target without a source":              {[2]string{"", "eu"}, nil, exitCredentials, "TWILIO_ACCOUNT_SID is not set", "--profile"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			_, _, logged, err := readBoth(profileOptions{Profile: c.names[0], TargetProfile: c.names[1]}, append(c.env, home)...)
			require.Equal(t, c.status, statusOf(err), "%v", err)
			require.ErrorContains(t, err, c.says)
			require.Contains(t, hintOf(err), c.hint)
			for _, secret := range []string{profileSecret, otherProfileSecret, "hunter2", "token-of-the-environment", "\x1b"} {
				require.NotContains(t, err.Error()+hintOf(err)+logged, secret)
			}
		})
	}
	t.Run("a region of a setting against that of a profile is refused", func(t *testing.T) {
		for _, args := range [][]string{
			{"--profile", "eu", "--source-region", "us1"},
			{"--profile", "plain", "--target-profile", "eu", "--target-region", "us1"},
			{"--from-archive", "x.zip", "--profile", "eu", "--target-region", "us1"},
		} {
			o, err := parseMigrate(t, []string{home}, args...)
			require.NoError(t, err)
			require.NoError(t, o.readProfiles(o.console, slog.New(slog.DiscardHandler)))
			err = o.checkProfileRegions(o.console)
			require.Equal(t, exitUsage, statusOf(err), "%v", args)
			require.ErrorContains(t, err, "region is us1, but --")
			require.ErrorContains(t, err, "profile eu is of region ie1")
		}
	})
	t.Run("it has no form that shows the secret", func(t *testing.T) {
		o := profileOptions{Profile: "plain"}
		require.NoError(t, o.readProfiles(newScreen("", false, home).console, slog.New(slog.DiscardHandler)))
		require.NotContains(t, fmt.Sprintf("%v %+v %#v %v %+v", o.source, o.source, o.source, o, o), profileSecret)
	})
}

func TestProfilesFile(t *testing.T) {
	named := profileOptions{Profile: "plain"}
	for name, c := range map[string]struct {
		home func(t *testing.T) string
		says string
	}{
		"missing":      {func(t *testing.T) string { return "HOME=" + t.TempDir() }, "~/.twilio-cli/config.json: no such file"},
		"no home":      {func(*testing.T) string { return "HOME=" }, "HOME is not set"},
		"empty":        {func(t *testing.T) string { return homeWith(t, "") }, "it is not the JSON that twilio-cli writes"},
		"not JSON":     {func(t *testing.T) string { return homeWith(t, "apiSecret: hunter2") }, "it is not the JSON that twilio-cli writes"},
		"other JSON":   {func(t *testing.T) string { return homeWith(t, `{"profiles": ["hunter2"]}`) }, "it is not the JSON that twilio-cli writes"},
		"no text":      {func(t *testing.T) string { return homeWith(t, `{"profiles": {"plain": {"apiSecret": 123456}}}`) }, "it is not the JSON that twilio-cli writes"},
		"huge":         {func(t *testing.T) string { return homeWith(t, string(bytes.Repeat([]byte(" "), maxProfiles+1))) }, "too many for profiles"},
		"no profiles":  {func(t *testing.T) string { return homeWith(t, `{"edge": null}`) }, "which has no profiles"},
		"folder":       {func(t *testing.T) string { return folderOfProfiles(t) }, "it is no file"},
		"link nowhere": {func(t *testing.T) string { return linkedHome(t, filepath.Join(t.TempDir(), "gone")) }, "no such file"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			_, _, _, err := readBoth(named, c.home(t))
			require.Equal(t, exitUsage, statusOf(err), "%v", err)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error()+hintOf(err), "hunter2")
			require.NotContains(t, err.Error(), "123456")
			require.NotContains(t, err.Error(), t.TempDir())
		})
	}
	t.Run("that may not be read is refused", func(t *testing.T) {
		if os.Geteuid() == 0 {
			t.Skip("root may read every file")
		}
		home := homeOfProfiles(t)
		require.NoError(t, os.Chmod(profilesIn(home[len("HOME="):]), 0))
		_, _, _, err := readBoth(named, home)
		require.Equal(t, exitUsage, statusOf(err))
		require.ErrorContains(t, err, "permission denied")
	})
	t.Run("that others can read is warned of", func(t *testing.T) {
		home := homeOfProfiles(t)
		require.NoError(t, os.Chmod(profilesIn(home[len("HOME="):]), 0o644))
		_, _, logged, err := readBoth(named, home)
		require.NoError(t, err)
		require.Contains(t, logged, "others can read the keys in ~/.twilio-cli/config.json; to protect it: chmod 600")
	})
	t.Run("a link is followed", func(t *testing.T) {
		source, _, _, err := readBoth(named, linkedHome(t, profilesIn(homeOfProfiles(t)[len("HOME="):])))
		require.NoError(t, err)
		require.Equal(t, profileKey, source.username)
	})
	t.Run("without a name it is not opened", func(t *testing.T) {
		_, _, _, err := readBoth(profileOptions{}, homeWith(t, "not JSON"), "TWILIO_ACCOUNT_SID="+emulator.DefaultAccountSID, "TWILIO_AUTH_TOKEN=t")
		require.NoError(t, err)
	})
}

func folderOfProfiles(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	require.NoError(t, os.MkdirAll(profilesIn(home), 0o700))
	return "HOME=" + home
}

func linkedHome(t *testing.T, to string) string {
	t.Helper()
	home := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Dir(profilesIn(home)), 0o700))
	require.NoError(t, os.Symlink(to, profilesIn(home)))
	return "HOME=" + home
}
