package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"chatbridge/migrate"
)

//go:embed migrations/*.sql
var embedded embed.FS

// applicationID is in the header of every ledger: "CBLG".
const applicationID = 0x43424C47

// uniqueTargets is the schema version since which no two channels have one
// target.
const uniqueTargets = 2

// keepsOriginals is the schema version since which a ledger knows what was
// replaced, and which creates may still take effect.
const keepsOriginals = 3

// doubtsKept is the schema version since which the ledger knows when a
// conversation came to be, and how often a write was sent without an answer.
const doubtsKept = 4

// keepsFindings is the schema version since which the ledger knows what was
// found, and what the source showed of each channel.
const keepsFindings = 5

// keepsFiles is the schema version since which the ledger knows files.
const keepsFiles = 6

// keepsSettle is the schema version since which a run says what settle time it had.
const keepsSettle = 7

// keepsPages is the schema version since which a channel says on which page its last
// confirmed message is.
const keepsPages = 8

// keepsUnanswered is the schema version since which a run says when a write of it had
// no answer.
const keepsUnanswered = 9

// schema is what a database file holds.
type schema struct {
	// version is 0 where the file is no ledger yet: empty, or left by a crash in
	// the middle of its creation.
	version int64
}

// inspect reads the schema version and writes nothing. A file that is not a
// ledger has Kind Usage, a ledger of a newer schema Kind Conflict.
func inspect(ctx context.Context, db *sql.DB) (schema, error) {
	var application, foreign, versioned int64
	if err := db.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&application); err != nil {
		return schema{}, refuseFile(err)
	}
	err := db.QueryRowContext(ctx, `SELECT
		count(*) FILTER (WHERE name NOT LIKE 'sqlite_%' AND tbl_name <> 'goose_db_version'),
		count(*) FILTER (WHERE name = 'goose_db_version')
		FROM sqlite_schema`).Scan(&foreign, &versioned)
	if err != nil {
		return schema{}, refuseFile(err)
	}
	if application != applicationID {
		if application != 0 || foreign != 0 {
			return schema{}, refuse(migrate.Usage, otherFileHint, "it is another program's SQLite file")
		}
		return schema{}, nil
	}
	if versioned == 0 {
		return schema{}, refuse(migrate.Failed, damagedHint, "it has no schema version")
	}
	var version sql.NullInt64
	err = db.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&version)
	if err != nil {
		return schema{}, refuseFile(err)
	}
	if !version.Valid {
		return schema{}, refuse(migrate.Failed, damagedHint, "it has no schema version")
	}
	s := schema{version: version.Int64}
	newest, err := newestVersion()
	if err != nil {
		return schema{}, refuse(migrate.Failed, "", "read migrations: %w", err)
	}
	if s.version > newest {
		return schema{}, refuse(migrate.Conflict, "use the newer chatbridge that wrote it",
			"it has schema version %d, and this chatbridge knows up to %d", s.version, newest)
	}
	return s, nil
}

func newestVersion() (int64, error) {
	names, err := fs.Glob(embedded, "migrations/*.sql")
	if err != nil {
		return 0, err
	}
	var newest int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, err
		}
		newest = max(newest, version)
	}
	return newest, nil
}

// upgrade brings db to the newest schema version.
func upgrade(ctx context.Context, db *sql.DB) error {
	migrations, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return fmt.Errorf("open migrations: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, migrations,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("upgrade schema: %w", err)
	}
	return nil
}
