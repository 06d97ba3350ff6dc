package verify

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// compareMembers compares who is in a channel, which a service keeps to 1,000. Both
// lists are read right after each other: people go on reading.
func (l *look) compareMembers(ctx context.Context) error {
	members, err := collect(l.Source.Members(ctx, l.service, l.listed.SID))
	if err != nil {
		return err
	}
	there := map[string]conversations.Participant{}
	for p, err := range l.Target.Participants(ctx, l.service, l.listed.SID) {
		if err != nil {
			return err
		}
		if p.Identity != "" { // whoever takes part by SMS or WhatsApp has none, and is not in Chat
			there[p.Identity] = p
		}
	}
	seen := map[string]bool{}
	for _, m := range members {
		l.members++
		if seen[m.Identity] {
			continue // listed twice; the first one counts
		}
		seen[m.Identity] = true
		have, ok := there[m.Identity]
		delete(there, m.Identity)
		if !ok {
			if err := l.add(Difference{Class: Missing, Kind: migrate.KindMembers, SourceSID: m.SID, Name: m.Identity}); err != nil {
				return err
			}
			continue
		}
		if err := l.compareMember(m, have); err != nil {
			return err
		}
	}
	for _, identity := range slices.Sorted(maps.Keys(there)) {
		if err := l.add(Difference{Class: Extra, Kind: migrate.KindMembers, TargetSID: there[identity].SID, Name: identity}); err != nil {
			return err
		}
	}
	return nil
}

func (l *look) compareMember(m chat.Member, have conversations.Participant) error {
	if m.Attributes == nil {
		l.hides(hiddenMemberAttributes)
	}
	for _, f := range []struct {
		class  Class
		name   string
		equal  bool
		detail string
	}{
		{WrongRole, "role_sid", m.RoleSID == have.RoleSID, fmt.Sprintf("%s in Chat, %s in Conversations", m.RoleSID, have.RoleSID)},
		{Altered, "attributes", sameShown(m.Attributes, have.Attributes), ""},
		{WrongDate, "date_created", !differs(toSecond(m.DateCreated), have.DateCreated), ""},
		{
			WrongHorizon, "last_read_message_index", sameHorizon(m.LastConsumedMessageIndex, have.LastReadMessageIndex),
			fmt.Sprintf("%s in Chat, %s in Conversations", horizonText(m.LastConsumedMessageIndex), horizonText(have.LastReadMessageIndex)),
		},
		{WrongHorizon, "last_read_timestamp", toSecond(m.LastConsumptionTimestamp).Equal(have.LastReadTimestamp.Truncate(time.Second)), ""},
	} {
		if f.equal {
			continue
		}
		if err := l.add(Difference{Class: f.class, Kind: migrate.KindMembers, SourceSID: m.SID, TargetSID: have.SID, Name: m.Identity, Field: f.name, Detail: f.detail}); err != nil {
			return err
		}
	}
	return nil
}

// sameHorizon compares indexes as they are: a promotion keeps those of messages,
// which is compared as well. Nil is somebody who never said how far they have read.
func sameHorizon(a, b *int64) bool {
	return a == b || a != nil && b != nil && *a == *b
}

func horizonText(index *int64) string {
	if index == nil {
		return "none"
	}
	return fmt.Sprintf("up to %d", *index)
}

// sameShown compares attributes, unless Chat does not show them.
func sameShown(want *string, have string) bool {
	return want == nil || mapping.EqualAttributes(*want, have)
}

func toSecond(t chat.Time) time.Time { return t.UTC().Truncate(time.Second) }
