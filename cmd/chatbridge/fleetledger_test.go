package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Accounts share a database as migrations of their own names. Anything else would have
// workers look for the lease of an account in one place, and write in another.
func TestLedgersOfWorkers(t *testing.T) {
	t.Parallel()
	const database = "postgres://me@127.0.0.1:1/chats"
	w := newTown(t, 2, nil)
	for _, verb := range []string{"migrate", "worker"} {
		sc := w.screen("", false)
		require.Equal(t, exitUsage, w.on(t, sc, verb, "--ledger", database+"#one"), verb)
		require.Contains(t, sc.stderr.String(), `--ledger names migration "one", which does not go with --accounts`)
	}
	w.file = w.write(t, "own.yaml", `accounts:
- name: a1
  source: {account_sid: `+memberSID(1)+`, auth_token_env: TOKEN_1}
  ledger: a1.db
- name: a2
  source: {account_sid: `+memberSID(2)+`, auth_token_env: TOKEN_2}
  ledger: postgres://me@127.0.0.1:1/other
`)
	for _, verb := range []string{"migrate", "worker"} {
		sc := w.screen("", false)
		require.Equal(t, exitUsage, w.on(t, sc, verb, "--ledger", database), verb)
		require.Contains(t, sc.stderr.String(), "a1 has a ledger of its own, which workers do not share")
		require.Contains(t, sc.stderr.String(), "a2 has a ledger of its own")
	}
}
