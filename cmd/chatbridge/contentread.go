package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/rehearse"
)

// readContent reads the channels that scope names. Nothing is written. A message that
// comes later is not part of it, so that both sides can be compared.
func readContent(ctx context.Context, s *endpoints, scope migrate.Scope, m mapping.Mapper) (*realContent, error) {
	var services []chat.Service
	var sids []string
	for _, one := range s.services {
		if !rehearse.Named(one.FriendlyName) { // Chat shows what an earlier rehearsal left in one account
			services, sids = append(services, one), append(sids, one.SID)
		}
	}
	if len(services) == 0 {
		return nil, &migrate.Error{Op: "select channels", Kind: migrate.Usage, Err: fmt.Errorf("account %s has no Chat services", s.sourceAccount),
			Hint: "rehearse without --" + withContentFlag + ": chatbridge rehearse"}
	}
	src := migrate.Scoped(s.source, scope)
	if err := migrate.CheckScope(ctx, src, sids); err != nil {
		return nil, err
	}
	c := &realContent{people: map[string]bool{}, mapper: m}
	var channels []chat.Channel
	for _, service := range services {
		for ch, err := range src.Channels(ctx, service.SID) {
			if err != nil {
				return nil, err
			}
			if len(channels) > 0 && c.service.SID != service.SID {
				return nil, usageError("name channels of one service, by their SIDs: to list them: chatbridge audit --channels-out channels.csv",
					"--%s names channels of services %s and %s, and a rehearsal copies into one", withContentFlag, c.service.SID, service.SID)
			}
			c.service, channels = service, append(channels, ch)
			if c.Messages += ch.MessagesCount; c.Messages > rehearse.MostMessages {
				return nil, c.tooMuch()
			}
		}
	}
	c.Service, c.Messages = c.service.SID, 0
	roles, err := c.readRoles(ctx, src)
	if err != nil {
		return nil, err
	}
	for _, ch := range channels {
		if err := c.readChannel(ctx, src, ch, roles); err != nil {
			return nil, err
		}
		c.scope.Channels = append(c.scope.Channels, ch.SID)
	}
	if err := c.readUsers(ctx, src, roles); err != nil {
		return nil, err
	}
	for id := range c.people {
		c.People = append(c.People, id)
	}
	slices.Sort(c.People)
	c.Newest = c.Newest.Truncate(time.Second).Add(time.Second)
	c.scope.Until = c.Newest
	return c, c.tooMuch()
}

// tooMuch is the error of more than a rehearsal copies; nil if it is not.
func (c *realContent) tooMuch() error {
	if err := c.Check(); err != nil {
		return usageError("a rehearsal needs a sample: name fewer or smaller channels", "--%s: %w", withContentFlag, err)
	}
	return nil
}

// needsDecision refuses, before anything is written, what would stop the copy: nothing
// about the target account follows from it.
func needsDecision(op, sid string, found []mapping.Finding) error {
	e, ok := errors.AsType[*migrate.Error](migrate.BlockedError(op, sid, found))
	if !ok {
		return nil
	}
	e.Kind = migrate.Usage
	return e
}

func (c *realContent) readRoles(ctx context.Context, src migrate.Source) (mapping.Roles, error) {
	roles, names := mapping.Roles{}, map[string]int{}
	for r, err := range src.Roles(ctx, c.Service) {
		if err != nil {
			return nil, err
		}
		want, found := c.mapper.Role(r)
		if err := needsDecision("map role", r.SID, found); err != nil {
			return nil, err
		}
		if mapping.Skipped(found) {
			continue
		}
		roles[r.SID] = mapping.Role{Source: r, TargetSID: r.SID}
		c.Roles = append(c.Roles, want.FriendlyName)
		if names[want.FriendlyName]++; names[want.FriendlyName] > 1 { // one that is refused for its name gets another
			c.Roles = append(c.Roles, mapping.AnotherName(want.FriendlyName, names[want.FriendlyName]))
		}
	}
	return roles, nil
}

func (c *realContent) readChannel(ctx context.Context, src migrate.Source, ch chat.Channel, roles mapping.Roles) (err error) {
	if ch.Attributes == nil {
		if ch, err = src.Channel(ctx, c.Service, ch.SID); err != nil {
			return err
		}
	}
	want, found := c.mapper.Channel(ch)
	if err := needsDecision("map channel", ch.SID, found); err != nil {
		return err
	}
	if mapping.Skipped(found) {
		return nil
	}
	c.Conversations = append(c.Conversations, want)
	c.names = append(c.names, channelName(ch))
	for m, err := range src.Members(ctx, c.Service, ch.SID) {
		if err != nil {
			return err
		}
		want, found := c.mapper.Member(m, roles)
		if err := needsDecision("map member", m.SID, found); err != nil {
			return err
		}
		if !mapping.Skipped(found) {
			c.people[want.Identity] = true
		}
	}
	for i, err := range migrate.UnlessWithheld(src.Invites(ctx, c.Service, ch.SID), func() {}) {
		if err != nil {
			return err
		}
		want, added, found := c.mapper.Invite(i, roles)
		if err := needsDecision("map invite", i.SID, found); err != nil {
			return err
		}
		if added {
			c.people[want.Identity] = true
		}
	}
	return c.readMessages(ctx, src, ch)
}

func channelName(ch chat.Channel) string {
	for _, name := range []string{ch.FriendlyName, ch.UniqueName} {
		if strings.TrimSpace(name) != "" {
			return name
		}
	}
	return ch.SID
}

func (c *realContent) readMessages(ctx context.Context, src migrate.Source, ch chat.Channel) error {
	undated := mapping.Undated(ch, c.service)
	for m, err := range src.Messages(ctx, c.Service, ch.SID, migrate.Span{After: migrate.All}) {
		if err != nil {
			return err
		}
		want, found := c.mapper.Message(m, undated)
		if err := needsDecision("map message", m.SID, found); err != nil {
			return err
		}
		undated = want.DateCreated
		if mapping.Skipped(found) {
			continue
		}
		for _, at := range []chat.Time{m.DateCreated, {Time: want.DateCreated}} {
			if at.After(c.Newest) {
				c.Newest = at.Time
			}
		}
		c.people[want.Author] = true
		if c.Messages++; c.Messages > rehearse.MostMessages {
			return c.tooMuch()
		}
	}
	return nil
}

// readUsers looks at the users of the people, and at the people without one.
func (c *realContent) readUsers(ctx context.Context, src migrate.Source, roles mapping.Roles) error {
	for u, err := range (&theirs{src, c}).Users(ctx, c.Service) {
		if err != nil {
			return err
		}
		if u.Attributes == nil {
			if u, err = src.User(ctx, c.Service, u.SID); err != nil {
				return err
			}
		}
		_, found := c.mapper.User(u, roles)
		if err := needsDecision("map user", u.SID, found); err != nil {
			return err
		}
	}
	return nil
}
