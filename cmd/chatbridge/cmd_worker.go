package main

import (
	"github.com/spf13/cobra"
)

const workerCommand = "worker"

// newWorker is migrate for whoever asks for it.
func newWorker(c *console, common *commonOptions) *cobra.Command {
	cmd := newMigrate(c, common, runWorker)
	cmd.Use = workerCommand
	cmd.Short = "Work on migrations that somebody asks for, from any machine"
	cmd.Long = `Work on the migrations of one account or of many, beside other workers on other
machines. All of them share one PostgreSQL ledger. chatbridge migrate, with the same
accounts and the same ledger, asks for a pass of each account, works on some itself
and waits for all. Workers may start before or after it. It may be stopped: they go
on. Without --accounts or --subaccounts a worker works for the account of the
environment, on the migration that --migration names.

A worker works for the accounts that it has credentials for, and leaves all others
alone. An account is worked for by one process at a time: the one that holds the
lease of its ledger. --accounts-at-once says how many accounts this worker takes.

SIGTERM (or Ctrl-C) has a worker finish the requests in flight and hand over, which
takes about a second; a second one stops it at once. What a worker that was killed
had at work is taken up elsewhere when its lease (--lease) is over and its last
writes have landed (--settle): after about 35 s with the defaults.

All settings of chatbridge migrate apply, but for those that ask for more than a
pass: --deep, --only-failed, --accept-settings and --credentials are for migrate,
which then works alone. The first migrate binds a ledger to those of its settings
that decide what is carried: a worker with other ones is refused, and the account
fails until they agree.

For the accounts see: chatbridge help accounts` + exitHelp(exitDone, exitFailed, exitUsage, exitCredentials, exitService, exitLedger)
	cmd.Example = `  chatbridge worker --accounts accounts.yaml --ledger postgres://me@db.example.com/chats
  chatbridge migrate --accounts accounts.yaml --ledger postgres://me@db.example.com/chats`
	cmd.GroupID = groupMore
	return withAccounts(c, common, cmd)
}
