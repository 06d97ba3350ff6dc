package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/reports"
)

// printFaults says how often each fault struck.
func printFaults(w io.Writer, struck map[faults.Kind]int64) {
	printCounts(w, "no fault struck", "faults that struck:", struck)
}

func printCounts[K ~string](w io.Writer, none, some string, counts map[K]int64) {
	if len(counts) == 0 {
		fmt.Fprintln(w, none)
		return
	}
	fmt.Fprintln(w, some)
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(w, "  %-20s %s\n", k, reports.Number(counts[k]))
	}
}

// printExports writes shell lines that make chatbridge use the emulator.
func printExports(w io.Writer, s *emulator.Server, c emulator.Config) {
	fmt.Fprintf(w, "# Chat v1 is at %s, Conversations at %s, files at %s, Event Streams at %s, accounts at %s. Paste into another shell:\n", s.ChatURL, s.ConversationsURL, s.MediaURL, s.EventsURL, s.APIURL)
	if n := len(c.Subaccounts); n > 0 {
		fmt.Fprintf(w, "# The account is the parent of %s subaccounts, customer-001 to customer-%03d; the last two are suspended and closed.\n", reports.Number(int64(n)), n)
	}
	who := [][2]string{{"TWILIO_AUTH_TOKEN", cmp.Or(c.AuthToken, emulator.DefaultAuthToken)}}
	if c.APIKey != "" {
		who = [][2]string{{"TWILIO_API_KEY", c.APIKey}, {"TWILIO_API_SECRET", c.APISecret}}
	}
	for _, v := range slices.Concat([][2]string{{"TWILIO_ACCOUNT_SID", cmp.Or(c.AccountSID, emulator.DefaultAccountSID)}}, who, [][2]string{
		{"CHATBRIDGE_CHAT_URL", s.ChatURL},
		{"CHATBRIDGE_CONVERSATIONS_URL", s.ConversationsURL},
		{"CHATBRIDGE_MEDIA_URL", s.MediaURL},
		{"CHATBRIDGE_EVENTS_URL", s.EventsURL},
		{variable(apiURLFlag), s.APIURL},
	}) {
		fmt.Fprintf(w, "export %s=%s\n", v[0], v[1])
	}
	if c.Shared {
		fmt.Fprintf(w, "unset %s\n", variable("replay"))
		return
	}
	// Nothing of Chat shows in this Conversations, though the account is the same.
	fmt.Fprintf(w, "export %s=true\n", variable("replay"))
}
