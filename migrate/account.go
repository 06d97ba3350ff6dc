package migrate

import "context"

// Account is what a ledger knows of what became of the channels, members and
// messages of a service. Every report counts by it. What is in the target counts
// as Existing: the ledger does not know which run wrote it.
type Account struct {
	Channels, Members, Messages KindCount
}

// ReadAccount reads the account of a service, also while a migration is at work.
// each, if it is not nil, is given every channel, and whether it was stopped.
func ReadAccount(ctx context.Context, l LedgerReader, serviceSID string, stopped map[string]bool, each func(ChannelRecord, KindCount)) (Account, error) {
	var a Account
	for c, err := range l.Channels(ctx, serviceSID) {
		if err != nil {
			return a, err
		}
		if c.Stage == Open { // its own count is that of its last stage
			if c.Messages, err = l.CountMessages(ctx, c.SourceSID); err != nil {
				return a, err
			}
		}
		members, messages := c.Account(stopped[c.SourceSID])
		a.Channels.Source++
		switch {
		case stopped[c.SourceSID]:
			a.Channels.Failed++
		case c.Stage == Done:
			a.Channels.Existing++
		}
		a.Members.add(members)
		a.Messages.add(messages)
		if each != nil {
			each(c, messages)
		}
	}
	return a, nil
}

// ReadAccounts is the account of all services of a ledger.
func ReadAccounts(ctx context.Context, l LedgerReader) (Account, error) {
	var whole Account
	stopped, err := Stopped(ctx, l)
	if err != nil {
		return whole, err
	}
	services, err := l.Services(ctx)
	if err != nil {
		return whole, err
	}
	for _, s := range services {
		a, err := ReadAccount(ctx, l, s.SourceSID, stopped, nil)
		if err != nil {
			return whole, err
		}
		whole.Channels.add(a.Channels)
		whole.Members.add(a.Members)
		whole.Messages.add(a.Messages)
	}
	return whole, nil
}

// Account is what became of the members and messages of a channel that was
// stopped or not. One that the source never showed to its end counts by the
// channel's own counters.
func (c ChannelRecord) Account(stopped bool) (members, messages KindCount) {
	members = KindCount{Source: c.MembersCount, Existing: c.Members}
	messages = KindCount{Source: c.MessagesCount, Existing: c.Messages}
	if c.Listed.Known {
		members.Source, members.LeftOut = c.Listed.Members, c.Listed.LeftOutMembers
		messages.Source, messages.LeftOut = c.Listed.Messages, c.Listed.LeftOutMessages
	}
	if c.Stage == Done && c.TargetSID == c.SourceSID { // made visible where it is
		members.Existing, messages.Existing = members.Source, messages.Source
	}
	for _, k := range []*KindCount{&members, &messages} {
		k.Source = max(k.Source, k.Existing+k.LeftOut)
		if stopped {
			k.Failed = k.Source - k.Existing - k.LeftOut
		}
	}
	return members, messages
}

func (c *KindCount) add(o KindCount) {
	c.Source += o.Source
	c.Written += o.Written
	c.Existing += o.Existing
	c.LeftOut += o.LeftOut
	c.Failed += o.Failed
}

// Stopped are the channels, and everything else, that the ledger has failures of,
// by source SID.
func Stopped(ctx context.Context, l LedgerReader) (map[string]bool, error) {
	stopped := map[string]bool{}
	for f, err := range l.Failures(ctx) {
		if err != nil {
			return nil, err
		}
		stopped[f.SourceSID] = true
	}
	return stopped, nil
}
