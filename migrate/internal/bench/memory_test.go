package bench_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/bench"
	"chatbridge/migrate/pgtest"
)

var size = flag.String("size", "", "full: measure memory with a channel of 1,000,000 messages and with 100,000 channels, not with 200,000 and 20,000")

// memory is the most that is resident while a command works, of one long channel, of
// many short ones among few users and among as many, and of as many at work as there can
// be, each with pages in memory.
// The emulator is another process.
func memory(t *testing.T, table *bench.Table) {
	messages, channels := 200_000, 20_000
	if *size == "full" {
		messages, channels = 1_000_000, 100_000
	}
	long := emulator.Generate{Channels: 1, Messages: messages, Members: 8, Attributes: -1}
	many := emulator.Generate{Channels: channels, Messages: 2 * channels, Longest: 2, Members: 2, Users: channels / 100, Attributes: -1} // a user may be in 1,000 conversations
	crowd := many
	crowd.Users = channels
	busy := emulator.Generate{Channels: 400, Messages: 400 * 400, Longest: 400, Members: 2}
	one, short, pages := fmt.Sprintf("1 channel of %d", messages), fmt.Sprintf("%d channels of 2", channels), "400 channels of 400"
	peopled := fmt.Sprintf("%d channels of 2, as many users", channels)
	resident(t, table, one, long, bench.AtMost(64), "audit", "export archive", "migrate", "verify")
	resident(t, table, short, many, bench.AtMost(120), "migrate", "verify", "audit", "status", "report")
	resident(t, table, short, many, bench.AtMost(150), "migrate --full-speed")
	resident(t, table, peopled, crowd, bench.AtMost(150), "migrate")
	resident(t, table, pages, busy, bench.AtMost(120), "migrate")
	resident(t, table, pages, busy, bench.AtMost(150), "migrate --full-speed")
	if there, err := pgtest.Available(); !there || err != nil {
		t.Log("without a PostgreSQL its ledger is not measured")
		return
	}
	resident(t, table, short, many, bench.AtMost(150), "migrate --full-speed --ledger postgres:", "migrate --full-speed --migration lost --ledger postgres:")
}

// resident runs commands, one after the other on one account. The ledger postgres: is
// in a database of this call.
func resident(t *testing.T, table *bench.Table, on string, g emulator.Generate, bar *bench.Bar, commands ...string) {
	s, dir, database := start(t, g), t.TempDir(), ""
	for _, command := range commands {
		args := append(strings.Fields(command), "-q")
		for i := range args {
			if args[i] != "postgres:" {
				continue
			}
			if database == "" {
				database = pgtest.Database(t)
			}
			args[i] = database
		}
		if args[0] == "migrate" {
			args = append(args, "--yes")
		}
		began := time.Now()
		bytes := program(t, s, dir, args...)
		if bytes == 0 {
			t.Logf("%s: this system does not say what is resident", command)
			continue
		}
		table.Add(bench.Figure{
			Name: "resident, " + command, On: on, Value: float64(bytes) / (1 << 20), Unit: bench.MiB, Bar: bar, Clock: bench.Real,
			Detail: fmt.Sprintf("in %.0f s", time.Since(began).Seconds()),
		})
	}
}
