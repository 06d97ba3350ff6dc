package main

import (
	"context"
	"fmt"
	"io"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/reports"
)

// amounts is what a migration is about, as the lists of users and channels say
// it: an audit, which reads every message, knows better.
type amounts struct {
	users, channels, members, messages int64
	longest                            int64 // writes of the channel that has most
}

func countAmounts(ctx context.Context, src migrate.Source, services []chat.Service) (a amounts, err error) {
	for _, s := range services {
		for _, err := range src.Users(ctx, s.SID) {
			if err != nil {
				return a, err
			}
			a.users++
		}
		for c, err := range src.Channels(ctx, s.SID) {
			if err != nil {
				return a, err
			}
			a.channels++
			a.members += c.MembersCount
			a.messages += c.MessagesCount
			a.longest = max(a.longest, writesOf(1, c.MembersCount, c.MessagesCount))
		}
	}
	return a, nil
}

// writesOf is about how many requests channels take: a conversation is made and
// dated, a member added and their horizon set.
func writesOf(channels, members, messages int64) int64 { return 2*channels + 2*members + messages }

// show writes the amounts for who is asked whether to begin. Twilio takes aps
// writes a second of each conversation, and lanes are written at once.
// partly says that only a part of the messages is taken: nobody has counted those.
func (a amounts) show(w io.Writer, aps float64, lanes int, policy mapping.Policy, partly bool) {
	about := "about"
	if partly {
		about = "at most about"
	}
	writes := a.users + writesOf(a.channels, a.members, a.messages)
	fmt.Fprintf(w, "%s, %s, %s, %s: %s %s", quantity(a.channels, "channel", "channels"), quantity(a.messages, "message", "messages"),
		quantity(a.members, "member", "members"), quantity(a.users, "user", "users"), about, quantity(writes, "write", "writes"))
	if aps > 0 && lanes > 0 {
		seconds := max(float64(a.longest)/aps, float64(a.users+a.channels)/aps, float64(writes)/(aps*float64(lanes)))
		fmt.Fprintf(w, ", at least %s", reports.Duration(seconds))
	}
	fmt.Fprintln(w, ".")
	if decided := policy.String(); decided != "" {
		fmt.Fprintf(w, "Policies decide: %s. What else needs a decision stops its channel.\n", decided)
	} else {
		fmt.Fprintln(w, "No policy was given: what needs a decision stops its channel.")
	}
	fmt.Fprintln(w, reports.BillText(migrate.Bill{ActiveUsers: a.users, PricesRead: migrate.PricesRead}))
}
