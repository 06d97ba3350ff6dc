package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestAccountsFile holds what is refused of the file of --accounts, before anything is
// sent. A value that may be a secret is never repeated.
func TestAccountsFile(t *testing.T) {
	const (
		sid    = "AC00000000000000000000000000000001"
		other  = "AC00000000000000000000000000000002"
		secret = "5ec2e75e5ec2e75e5ec2e75e5ec2e75e"
		good   = "accounts:\n- name: acme\n  source:\n    account_sid: " + sid + "\n    auth_token_env: TOKEN\n"
	)
	for _, c := range []struct {
		name, file string
		says       []string
	}{
		{"nothing", "", []string{"is empty"}},
		{"no list", "accounts: acme\n", []string{"line 1: accounts is not a list"}},
		{"no accounts", "accounts: []\n", []string{"lists no accounts"}},
		{"another key", "accounts:\n- name: a\n  source: {account_sid: " + sid + ", auth_token_env: TOKEN}\nlimit: 3\n", []string{`line 4: "limit" is unknown here`}},
		{"an entry that is a word", "accounts:\n- acme\n", []string{"line 2: an entry is not a table"}},
		{"broken", "accounts:\n- name: [\n", []string{"yaml"}},
		{"no name", "accounts:\n- source: {account_sid: " + sid + ", auth_token_env: TOKEN}\n", []string{"line 2: an entry has no name"}},
		{"a name that names no file", "accounts:\n- name: a/b\n  source: {account_sid: " + sid + ", auth_token_env: TOKEN}\n", []string{"line 2: the name of an entry"}},
		{"no source", "accounts:\n- name: acme\n", []string{"line 2: acme has no source"}},
		{"no account", "accounts:\n- name: acme\n  source:\n    auth_token_env: TOKEN\n", []string{"line 3: source of acme has no account_sid"}},
		{"a SID that is none", "accounts:\n- name: acme\n  source:\n    account_sid: AC1\n    auth_token_env: TOKEN\n", []string{"account_sid that is not AC"}},
		{"no secret", "accounts:\n- name: acme\n  source:\n    account_sid: " + sid + "\n", []string{"add auth_token_env or auth_token_file"}},
		{"a key without its secret", "accounts:\n- name: acme\n  source: {account_sid: " + sid + ", api_key: SK00000000000000000000000000000001}\n", []string{"add api_secret_env or api_secret_file"}},
		{"a secret without its key", "accounts:\n- name: acme\n  source: {account_sid: " + sid + ", api_secret_env: TOKEN}\n", []string{"has api_secret_env without api_key"}},
		{"two ways to give one", good + "    auth_token_file: token\n", []string{"both auth_token_env and auth_token_file"}},
		{"an inline token", "accounts:\n- name: acme\n  source:\n    account_sid: " + sid + "\n    auth_token: " + secret + "\n", []string{"line 5: source of acme has a secret in the file", "auth_token_env: NAME or auth_token_file: PATH"}},
		{"an inline secret of a key", "accounts:\n- name: acme\n  source: {account_sid: " + sid + ", api-secret: " + secret + "}\n", []string{"api_secret_env: NAME"}},
		{"a secret beside the source", good + "  authToken: " + secret + "\n", []string{"line 6: acme has a secret in the file"}},
		{"a secret in place of a variable", "accounts:\n- name: acme\n  source: {account_sid: " + sid + ", auth_token_env: " + secret + "}\n", []string{"auth_token_env what is not the name of a variable"}},
		{"a secret in place of a file", "accounts:\n- name: acme\n  source: {account_sid: " + sid + ", auth_token_file: " + secret + "}\n", []string{"what looks like a secret"}},
		{"a secret as a key", good + "  " + secret + ": 1\n", []string{`line 6: acme has the unknown key "…"`}},
		{"a variable that is not set", strings.ReplaceAll(good, "TOKEN", "NONE"), []string{"line 3: source of acme takes its secret from NONE, which is not set"}},
		{"a file that is not there", "accounts:\n- name: acme\n  source: {account_sid: " + sid + ", auth_token_file: none}\n", []string{"auth_token_file names: no such file"}},
		{"a file that is empty", "accounts:\n- name: acme\n  source: {account_sid: " + sid + ", auth_token_file: empty}\n", []string{"auth_token_file names: it is empty"}},
		{"an unknown key", good + "  concurency: 3\n", []string{`line 6: acme has the unknown key "concurency"; did you mean concurrency?`}},
		{"an unknown key of a side", good + "    auth_tokn_env: X\n", []string{"did you mean auth_token_env?"}},
		{"a key that is there twice", good + "  limit: 1\n  limit: 2\n", []string{`line 7: acme has "limit" twice`}},
		{"a setting of the whole command", good + "  output: json\n", []string{"line 6: acme has output, which is a setting of the whole command"}},
		{"a value that does not fit", good + "  aps: many\n", []string{"acme: ", `aps in its entry: "many" is not a number`}},
		{"a value that the command refuses", good + "  aps: 20000\n", []string{"acme: ", "--aps 20000 is not between 0 and 10000"}},
		{"a setting without a value", good + "  service:\n", []string{"service cannot be read: it has no value"}},
		{"a policy that is none", good + "  policy:\n    nothing: skip\n", []string{"--policy"}},
		{"one name twice", good + "- name: Acme\n  source: {account_sid: " + other + ", auth_token_env: TOKEN}\n", []string{"line 6: Acme has the same name as acme (line 2)"}},
		{"one account twice", good + "- name: two\n  source: {account_sid: " + sid + ", auth_token_env: TOKEN}\n", []string{"two has the same pair of source and target as acme"}},
		{"one ledger twice", good + "- name: two\n  source: {account_sid: " + other + ", auth_token_env: TOKEN}\n  ledger: fleet/acme.db\n", []string{"two has the same ledger as acme"}},
		{"one file for two", good + "  channels-out: c.csv\n- name: two\n  source: {account_sid: " + other + ", auth_token_env: TOKEN}\n  channels-out: ./c.csv\n", []string{"the same channels-out file as acme"}},
		{"many faults at once", good + "  aps: many\n- name: two\n  source: {account_sid: AC1, auth_token_env: TOKEN}\n- name: three\n  source: {account_sid: " + other + ", auth_token_env: NONE}\n",
			[]string{"has 3 faults, which are listed above", "line 2: acme: ", "line 8: source of two", "line 10: source of three"}},
	} {
		t.Run("refuses "+c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			require.NoError(t, os.WriteFile("fleet.yaml", []byte(c.file), 0o600))
			require.NoError(t, os.WriteFile("empty", []byte("\n"), 0o600))
			sc := newScreen("", false, "TOKEN=t", "CHATBRIDGE_CHAT_URL=http://127.0.0.1:1", "CHATBRIDGE_CONVERSATIONS_URL=http://127.0.0.1:1")
			status := run(t.Context(), sc.console, []string{"audit", "--accounts", "fleet.yaml", "--ledger-dir", "fleet"})
			require.Equal(t, exitUsage, status, sc.stderr.String())
			said := sc.stderr.String()
			for _, text := range c.says {
				require.Contains(t, said, text)
			}
			require.NotContains(t, said, secret)
			require.Empty(t, sc.stdout.String())
			require.NoDirExists(t, "fleet")
		})
	}
	t.Run("takes a secret from a file beside it, without the line break, and warns if others can read it", func(t *testing.T) {
		w := newTown(t, 1, nil)
		w.write(t, "token", "token-of-1\n")
		require.NoError(t, os.Chmod(filepath.Join(w.dir, "token"), 0o644))
		w.write(t, "fleet.yaml", "accounts:\n- name: a1\n  source:\n    account_sid: "+memberSID(1)+"\n    auth_token_file: token\n")
		sc := w.screen("", false)
		require.Equal(t, exitDone, w.on(t, sc, "audit"), sc.stderr.String())
		require.Contains(t, sc.stderr.String(), "warning: others can read "+filepath.Join(w.dir, "token"))
	})
	t.Run("takes the target's own credentials", func(t *testing.T) {
		w := newTown(t, 2, nil)
		w.write(t, "fleet.yaml", "accounts:\n- name: move\n  source: {account_sid: "+memberSID(1)+", auth_token_env: TOKEN_1}\n  target: {account_sid: "+memberSID(2)+", auth_token_env: TOKEN_2}\n")
		got, sc, status := w.run(t, "migrate", "--yes")
		require.Equal(t, exitDone, status, sc.stderr.String())
		require.Equal(t, memberSID(2), got.Accounts[0].TargetSID)
		require.Zero(t, w.server.Account(memberSID(1)).Stats().Conversations.Writes)
		require.Positive(t, w.server.Account(memberSID(2)).Stats().Conversations.Writes)
		for _, n := range []int{1, 2} {
			require.Zero(t, w.server.Account(memberSID(n)).Stats().Foreign)
		}
	})
}
