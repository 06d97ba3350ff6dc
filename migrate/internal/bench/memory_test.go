package bench_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/bench"
)

var size = flag.String("size", "", "full: measure memory with a channel of 1,000,000 messages and with 100,000 channels, not with 200,000 and 20,000")

// memory is the most that is resident while a command works, of one long channel and
// of many short ones. The emulator is another process.
func memory(t *testing.T, table *bench.Table) {
	messages, channels := 200_000, 20_000
	if *size == "full" {
		messages, channels = 1_000_000, 100_000
	}
	long := emulator.Generate{Channels: 1, Messages: messages, Members: 8, Attributes: -1}
	many := emulator.Generate{Channels: channels, Messages: 2 * channels, Longest: 2, Members: 2, Users: channels / 100, Attributes: -1} // a user may be in 1,000 conversations
	resident(t, table, fmt.Sprintf("1 channel of %d", messages), long, bench.AtMost(64), "audit", "export", "migrate", "verify")
	resident(t, table, fmt.Sprintf("%d channels of 2", channels), many, bench.AtMost(120), "migrate", "verify")
}

func resident(t *testing.T, table *bench.Table, on string, g emulator.Generate, bar *bench.Bar, commands ...string) {
	s, dir := start(t, g), t.TempDir()
	for _, command := range commands {
		args := []string{command, "-q"}
		switch command {
		case "migrate":
			args = append(args, "--yes")
		case "export":
			args = append(args, "archive")
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
