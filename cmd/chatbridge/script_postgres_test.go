package main

import (
	"fmt"

	"github.com/rogpeppe/go-internal/testscript"

	"chatbridge/migrate/pgtest"
)

// scriptCondition knows "postgres": whether there is a server to keep ledgers.
func scriptCondition(name string) (bool, error) {
	if name == "postgres" {
		return pgtest.Available()
	}
	return false, fmt.Errorf("there is no condition %q", name)
}

func scriptPostgres(ts *testscript.TestScript, neg bool, args []string) {
	url, drop, err := pgtest.Make()
	ts.Check(err)
	ts.Defer(func() { ts.Check(drop()) })
	ts.Setenv("DATABASE", url)
}

// scriptCut ends every session that a chatbridge has in the database of the script.
func scriptCut(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(pgtest.Cut(ts.Getenv("DATABASE")))
}
