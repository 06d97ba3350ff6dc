package main

import "github.com/spf13/cobra"

// newAccountsTopic is a help topic and no command: chatbridge help accounts.
func newAccountsTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "accounts",
		Short: "How one command works for many accounts",
		Long: `audit, migrate, verify, status and report take many accounts:

  --accounts FILE  the accounts that a YAML file lists
  --subaccounts    the subaccounts of the account that the credentials open. It has
                   to be the parent, with its auth token or a main API key. Their
                   tokens are held in memory only. Suspended and closed accounts
                   are named and not touched

Each account is what the command by itself is: it has limits, a claim, a ledger and
a report of its own. --accounts-at-once says how many are worked for at once. One
that fails stops no other. --account and --exclude-account choose by name, SID or
glob. An account that is left out does not count.

The file:

  accounts:
    - name: acme              # names its ledger and its reports
      source:
        account_sid: AC…
        auth_token_env: ACME_TOKEN
    - name: globex
      source:
        account_sid: AC…
        api_key: SK…
        api_secret_file: secrets/globex
      target:                 # leave it out if it is the same account
        account_sid: AC…
        auth_token_file: secrets/globex-new
      concurrency: 16         # any setting, as in the file of --config
      policy:
        body-empty: placeholder

A secret is never in the file: auth_token_env and api_secret_env name a variable,
auth_token_file and api_secret_file a file, from the folder of this one. A flag
wins over the setting of an account, and that over a variable. Everything is
checked before anything is sent.

Ledgers are in --ledger-dir, NAME.db or SID.db each. Reports are in --report-dir:
one page and one JSON object for all, and a folder for each account. status and
report need no credentials. With --subaccounts they show every ledger of the folder.

migrate asks once, for all. The first interrupt finishes what is in flight in every
account.` + fleetExits,
	}
}

// fleetExits is what exit statuses mean if there are many accounts.
const fleetExits = `

Exit status:
    0  every account is whole
    2  the file or a setting is wrong; nothing was sent
    3  an account is not whole, failed, or was not touched; the result names it
    4  no account could be opened
  130  interrupted; running again resumes`
