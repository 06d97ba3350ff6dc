package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/reports"
)

// amounts is what a migration is about, as the lists of users and channels say
// it: an audit, which reads every message, knows better.
type amounts struct {
	users, channels, members, messages int64
	done, copied                       int64 // channels and messages that the ledger has
	writes                             int64 // that are left, about
	longest                            int64 // writes of the channel that has most left
	decisions                          map[mapping.Code]decision
}

// decision is what a policy does, and how often.
type decision struct {
	mapping.Option
	times int
}

// countAmounts counts the services, and of their channels those that the run takes. A
// ledger that is not nil says what is there.
func countAmounts(ctx context.Context, src migrate.Source, ledger migrate.LedgerReader, m mapping.Mapper, services []chat.Service, takes func(channelSID string) bool) (amounts, error) {
	a := amounts{decisions: map[mapping.Code]decision{}}
	for _, s := range services {
		for u, err := range src.Users(ctx, s.SID) {
			if err != nil {
				return a, err
			}
			a.users++
			_, found := m.User(u, nil)
			a.decide(m.Policy, u.Attributes != nil, found)
			have, err := entityOf(ctx, ledger, migrate.UserEntity, u.SID)
			if err != nil {
				return a, err
			}
			if !have {
				a.writes++
			}
		}
		for c, err := range src.Channels(ctx, s.SID) {
			if err != nil {
				return a, err
			}
			if !takes(c.SID) {
				continue
			}
			_, found := m.Channel(c)
			a.decide(m.Policy, c.Attributes != nil, found)
			rec := migrate.ChannelRecord{}
			if ledger != nil {
				if rec, _, err = ledger.Channel(ctx, c.SID); err != nil {
					return a, err
				}
			}
			a.channel(c, rec)
		}
	}
	return a, nil
}

func entityOf(ctx context.Context, ledger migrate.LedgerReader, kind migrate.EntityKind, sid string) (bool, error) {
	if ledger == nil {
		return false, nil
	}
	_, have, err := ledger.Entity(ctx, kind, sid)
	return have, err
}

// channel counts a channel. To make and date a conversation takes two writes, and so
// does a member, who is added and has a horizon. What a run read to its end, it knows
// better than the counters, as long as these are as they were.
func (a *amounts) channel(c chat.Channel, rec migrate.ChannelRecord) {
	members, messages := migrate.KindCount{Source: c.MembersCount}, migrate.KindCount{Source: c.MessagesCount}
	if c.MembersCount == rec.MembersCount && c.MessagesCount == rec.MessagesCount {
		members, messages = rec.Account(false)
	}
	a.channels++
	a.members += members.Source
	a.messages += messages.Source
	a.copied += min(rec.Messages, messages.Source)
	left := max(0, messages.Source-messages.LeftOut-rec.Messages) + 2*max(0, members.Source-members.LeftOut-rec.Members)
	switch {
	case rec.Stage == migrate.Done:
		a.done++
	case rec.TargetSID == "":
		left += 2
	default:
		left++
	}
	a.writes += left
	a.longest = max(a.longest, left)
}

// decide notes what a policy decides. Whether attributes that no list shows need
// a decision is not known yet.
func (a *amounts) decide(p mapping.Policy, whole bool, found []mapping.Finding) {
	for _, f := range found {
		option, ok := p.Decides(f.Code)
		if !ok || !whole && f.Code == mapping.AttributesUnknown {
			continue
		}
		a.decisions[f.Code] = decision{option, a.decisions[f.Code].times + 1}
	}
}

// plus is what two migrations are about together.
func (a amounts) plus(b amounts) amounts {
	return amounts{
		users: a.users + b.users, channels: a.channels + b.channels, members: a.members + b.members, messages: a.messages + b.messages,
		done: a.done + b.done, copied: a.copied + b.copied, writes: a.writes + b.writes, longest: max(a.longest, b.longest),
	}
}

// brief is the amounts on one line.
func (a amounts) brief() string {
	return fmt.Sprintf("%s, %s, %s, %s: about %s", quantity(a.channels, "channel", "channels"), quantity(a.messages, "message", "messages"),
		quantity(a.members, "member", "members"), quantity(a.users, "user", "users"), quantity(a.writes, "write", "writes"))
}

// text is the amounts for who is asked whether to begin. Twilio takes aps
// writes a second of each conversation, and lanes are written at once. A write that
// takes longer than that makes each lane as slow, and is said.
// partly says that only a part of the messages is taken: nobody has counted those.
func (a amounts) text(aps float64, lanes int, write time.Duration, policy mapping.Policy, partly bool) string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	amount := "about "
	if partly {
		amount = "at most about "
	}
	slow := ""
	if takes := write.Seconds(); takes > 0 && (aps <= 0 || 1/takes < aps) {
		aps = 1 / takes
		slow = " if a write takes " + write.Round(time.Millisecond).String()
	}
	least := ""
	if aps > 0 && lanes > 0 {
		least = ", at least " + reports.Duration(max(float64(a.longest)/aps, float64(a.writes)/(aps*float64(lanes)))) + slow
	}
	line(quantity(a.channels, "channel", "channels"), ", ", quantity(a.messages, "message", "messages"), ", ",
		quantity(a.members, "member", "members"), ", ", quantity(a.users, "user", "users"), ": ",
		amount, quantity(a.writes, "write", "writes"), least, ".")
	if a.done > 0 || a.copied > 0 {
		line("The ledger already has ", quantity(a.done, "complete channel", "complete channels"), " and ", quantity(a.copied, "message", "messages"), ": these are not written again.")
	}
	if given := policy.String(); given != "" {
		line("Policies given: ", given, ". Anything else that needs a decision stops its channel.")
	} else {
		line("No policy was given: anything that needs a decision stops its channel.")
	}
	if said := a.decided(); said != "" {
		line("The lists show: ", said, ". The rest has not been read yet; chatbridge audit reads all of it.")
	}
	line(reports.BillText(migrate.Bill{ActiveUsers: a.users, PricesRead: migrate.PricesRead}))
	return b.String()
}

// decided says what the policies meet in the lists: what stops first.
func (a amounts) decided() string {
	var stops, others []string
	for _, c := range slices.Sorted(maps.Keys(a.decisions)) {
		d := a.decisions[c]
		said := fmt.Sprintf("%s %d (%s)", c, d.times, d.Choice)
		if d.Severity == mapping.Stop {
			stops = append(stops, said)
		} else {
			others = append(others, said)
		}
	}
	return strings.Join(append(stops, others...), ", ")
}
