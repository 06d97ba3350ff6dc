package main

import (
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
)

// scriptAccount is a subaccount of the emulator, by its number.
func scriptAccount(ts *testscript.TestScript, number string) *emulator.Emulator {
	n, err := strconv.Atoi(number)
	ts.Check(err)
	sid, _ := scriptSubaccount(n)
	e := servers.of(ts.Getenv("WORK")).Account(sid)
	if e == nil {
		ts.Fatalf("there is no subaccount %d", n)
	}
	return e
}

// scriptLeave has everybody leave the first conversation of a subaccount that has
// people in it, as only the target knows then.
func scriptLeave(ts *testscript.TestScript, neg bool, args []string) {
	e := scriptAccount(ts, args[0])
	for _, c := range e.Truth().Conversations {
		if c.UniqueName == migrate.ClaimName || len(c.Participants) == 0 {
			continue
		}
		for _, p := range c.Participants {
			if p.Identity != "" {
				ts.Check(e.LeaveAs(c.SID, p.Identity))
			}
		}
		return
	}
	ts.Fatalf("nobody is in a conversation of subaccount %s", args[0])
}

// scriptTouched requires that a subaccount took no write since the command was asked
// before, or with ! that it took one.
func scriptTouched(ts *testscript.TestScript, neg bool, args []string) {
	stats := scriptAccount(ts, args[0]).Stats()
	name := "TOUCHED_" + args[0]
	before, now := ts.Getenv(name), strconv.FormatInt(stats.Conversations.Writes+stats.Chat.Writes, 10)
	ts.Setenv(name, now)
	if before != "" && (before == now) == neg {
		ts.Fatalf("subaccount %s took %s writes, and %s before", args[0], now, before)
	}
}
