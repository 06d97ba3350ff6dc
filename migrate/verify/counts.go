package verify

import (
	"context"
	"slices"

	"chatbridge/mapping"
	"chatbridge/migrate"
)

// compared counts what the source has and was looked for in the target.
func (c *comparison) compared(kind string, n int64) {
	if n == 0 {
		return
	}
	c.listed(kind, n)
	c.mu.Lock()
	c.result.Compared[kind] += n
	c.mu.Unlock()
	c.tally.Observer.Done(kind, n)
}

// listed counts what the source has.
func (c *comparison) listed(kind string, n int64) {
	c.count(kind, func(k *migrate.KindCount) { k.Source += n })
}

// leftOut counts what the source has and a policy leaves out, missing what the
// target lacks.
func (c *comparison) leftOut(kind string, n int64) {
	c.count(kind, func(k *migrate.KindCount) { k.LeftOut += n })
}

func (c *comparison) missing(kind string, n int64) {
	c.count(kind, func(k *migrate.KindCount) { k.Failed += n })
}

func (c *comparison) count(kind string, update func(*migrate.KindCount)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.result.Counts[kind]
	update(&k)
	c.result.Counts[kind] = k
}

// settleCounts is called at the end: what is neither left out nor missing is there.
func (c *comparison) settleCounts() {
	for kind, k := range c.result.Counts {
		k.Existing = max(0, k.Source-k.LeftOut-k.Failed)
		c.result.Counts[kind] = k
	}
}

// countChannel counts a channel with what is in it. One that lacks something
// counts as missing.
func (s *verifiedService) countChannel(f *channelFound) {
	s.compared(migrate.KindChannels, 1)
	s.compared(migrate.KindMembers, f.members)
	s.compared(migrate.KindMessages, f.messages)
	s.compared(migrate.KindInvites, f.invites)
	s.compared(migrate.KindFiles, f.files)
	s.mu.Lock()
	s.result.FileBytes += f.fileBytes
	s.mu.Unlock()
	s.leftOut(migrate.KindInvites, f.leftInvites)
	s.leftOut(migrate.KindMembers, f.leftMembers)
	s.leftOut(migrate.KindMessages, f.leftMessages)
	if f.target == "" {
		s.missing(migrate.KindInvites, f.invites-f.leftInvites)
		s.missing(migrate.KindMembers, f.members-f.leftMembers)
		s.missing(migrate.KindMessages, f.messages-f.leftMessages)
	}
	if slices.ContainsFunc(f.differences, func(d Difference) bool { return d.Class == Missing }) {
		s.missing(migrate.KindChannels, 1)
	}
}

// countUnread counts a channel that cannot be read, by its own counters.
func (c *comparison) countUnread(members, messages int64) {
	for kind, n := range map[string]int64{migrate.KindChannels: 1, migrate.KindMembers: members, migrate.KindMessages: messages} {
		c.listed(kind, n)
		c.missing(kind, n)
	}
}

// countSource counts what the source shows of a channel that the target lacks.
func (s *verifiedService) countSource(ctx context.Context, f *channelFound) error {
	seen := map[string]bool{}
	for m, err := range s.Source.Members(ctx, s.source.SID, f.source) {
		if err != nil {
			return err
		}
		f.members++
		identity := s.set.Mapper.Identity(m.Identity)
		if _, found := s.set.Mapper.Member(m, s.roles); mapping.Skipped(found) || seen[identity] {
			f.leftMembers++
		}
		seen[identity] = true
	}
	withheld := func() { s.withheld(migrate.KindInvites, f.source, f.source) }
	for i, err := range migrate.UnlessWithheld(s.Source.Invites(ctx, s.source.SID, f.source), withheld) {
		if err != nil {
			return err
		}
		f.invites++
		if _, add, _ := s.set.Mapper.Invite(i, s.roles); !add {
			f.leftInvites++
		}
	}
	for _, err := range s.expected(ctx, f, f.undated) {
		if err != nil {
			return err
		}
		f.messages++
	}
	return nil
}
