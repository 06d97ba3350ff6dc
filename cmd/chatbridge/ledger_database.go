package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/migrate/postgres"
	"chatbridge/migrate/queue"
)

const (
	ledgerFlag    = "ledger"
	migrationFlag = "migration"
	leaseFlag     = "lease"
)

const passwordHint = "put it into a file that PGPASSFILE names, or into PGPASSWORD, or give the whole URL in CHATBRIDGE_LEDGER"

// refusePassword refuses a password on the command line, where every process of the
// host sees it. It is looked for before anything can repeat what was given.
func refusePassword(cmd *cobra.Command, args []string) error {
	if f := cmd.Flags().Lookup(ledgerFlag); f != nil && f.Changed && isDatabase(f.Value.String()) && postgres.HasPassword(f.Value.String()) {
		return usageError(passwordHint, "--ledger has a password in it, which other users of this machine could read")
	}
	for _, a := range args {
		if isDatabase(a) && postgres.HasPassword(a) {
			return usageError(passwordHint, "the URL of a ledger has a password in it, which other users of this machine could read")
		}
	}
	return nil
}

// nameLedger makes one name of --ledger and --migration, without a password, and returns
// a context that knows what it stands for.
func nameLedger(cmd *cobra.Command, c *console, log func() *slog.Logger) error {
	ledger, migration := cmd.Flags().Lookup(ledgerFlag), cmd.Flags().Lookup(migrationFlag)
	if ledger == nil || migration == nil {
		return nil
	}
	given, name := ledger.Value.String(), migration.Value.String()
	if !isDatabase(given) {
		if isGiven(migration) {
			return usageError("name a database: --ledger postgres://USER@HOST/DATABASE", "--migration names a migration in PostgreSQL, and the ledger %s is a file", given)
		}
		return nil
	}
	if postgres.HasPassword(given) && !inEnvironment(c, given) {
		return usageError(passwordHint, "the configuration file has a password in the URL of the ledger")
	}
	full, in, named := strings.Cut(given, "#")
	if named && isGiven(migration) && in != name {
		return usageError("give one of them", "--ledger names migration %q and --migration %q", in, name)
	}
	shown, err := namedMigration(given, name)
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	lease, err := cmd.Flags().GetDuration(leaseFlag)
	if err == nil && lease < leastLease {
		err = usageError("the default is "+postgres.DefaultLease.String(), "--lease %s is below %s", lease, leastLease)
	}
	if err != nil {
		return err
	}
	full = passwordOf(ctx, full)
	known := &knownLedger{shown: shown, full: full, lease: lease, tell: func(e migrate.Event) { logEvent(log(), e) }}
	cmd.SetContext(context.WithValue(ctx, knownLedgerKey{}, known))
	return ledger.Value.Set(shown)
}

// namedMigration is how a migration in a database is called: the URL without a password,
// and behind a # the name, unless it is the usual one.
func namedMigration(given, name string) (string, error) {
	full, in, named := strings.Cut(given, "#")
	if named {
		name = in
	}
	switch {
	case name == "":
		return "", usageError("the default is "+defaultMigration, "--migration is empty")
	case name == defaultMigration:
		return postgres.Plain(full), nil
	}
	return postgres.Plain(full) + "#" + name, nil
}

func inEnvironment(c *console, given string) bool { return c.getenv(variable(ledgerFlag)) == given }

// knownLedger is what the name of a ledger in a database stands for.
type knownLedger struct {
	shown, full string
	lease       time.Duration
	tell        func(migrate.Event)
}

type knownLedgerKey struct{}

// databaseOf is the URL and the migration that a name stands for.
func databaseOf(ctx context.Context, ledger string) (full, migration string) {
	full, migration, named := strings.Cut(ledger, "#")
	if !named {
		migration = defaultMigration
	}
	if k, ok := ctx.Value(knownLedgerKey{}).(*knownLedger); ok {
		if shown, _, _ := strings.Cut(k.shown, "#"); shown == full {
			full = k.full
		}
	}
	return full, migration
}

// passwordOf is a URL with the password that it was given with, by a command that works
// for many accounts.
func passwordOf(ctx context.Context, full string) string {
	all, ok := ctx.Value(knownLedgerKey{}).(*knownLedger)
	if ok && postgres.Plain(full) == postgres.Plain(all.full) {
		return all.full
	}
	return full
}

// migrationsIn names the migrations of a database.
func migrationsIn(ctx context.Context, ledger string) ([]string, error) {
	url, _ := databaseOf(ctx, ledger)
	return postgres.Names(ctx, url)
}

// openQueue opens the queue of a database, in which it makes these migrations.
func openQueue(ctx context.Context, ledger string, names []string, o migrate.Observer) (*queue.Queue, func(), error) {
	url, _ := databaseOf(ctx, ledger)
	pool, err := postgres.Prepare(ctx, url, names...)
	if err != nil {
		return nil, nil, err
	}
	q, err := queue.Open(ctx, pool, queue.Options{Observer: o})
	if err != nil {
		pool.Close()
		return nil, nil, err
	}
	return q, pool.Close, nil
}

// databaseOptions are how a ledger in a database is opened.
func databaseOptions(ctx context.Context) []postgres.Option {
	k, ok := ctx.Value(knownLedgerKey{}).(*knownLedger)
	if !ok {
		return nil
	}
	return []postgres.Option{postgres.Events(k.tell), postgres.LeaseLength(k.lease)}
}

// leastLease is how short a lease may be: it is renewed three times, and a database may
// take its time.
const leastLease = time.Second

// databaseLabel is the name of a database and of the migration in it.
func databaseLabel(ledger string) string {
	full, migration, _ := strings.Cut(ledger, "#")
	name := ""
	if u, err := url.Parse(full); err == nil {
		name = strings.Trim(u.Path, "/")
	}
	return fmt.Sprintf("PostgreSQL database %s, migration %s", name, orDefault(migration))
}

func orDefault(migration string) string {
	if migration == "" {
		return defaultMigration
	}
	return migration
}

var unfitForFiles = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// databaseFile is the name of a file that belongs to a migration in a database.
func databaseFile(ledger string) string {
	full, migration, _ := strings.Cut(ledger, "#")
	name := "postgres"
	if u, err := url.Parse(full); err == nil && strings.Trim(u.Path, "/") != "" {
		name = strings.Trim(u.Path, "/")
	}
	return unfitForFiles.ReplaceAllString("chatbridge-"+name+"-"+orDefault(migration), "_")
}
