package main

import (
	"context"
	"fmt"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// selectServices shows s the part of its source that the options select and returns the
// services. It fails if something was named that is not there, on either side, and where
// renaming would make one person of two.
func (o *mappingOptions) selectServices(ctx context.Context, s *endpoints, m mapping.Mapper) ([]chat.Service, error) {
	services, err := o.selected(s.services)
	if err != nil {
		return nil, err
	}
	if to := o.target(); to != "" && s.reader != nil {
		if err := hasService(ctx, s, to); err != nil {
			return nil, err
		}
	}
	if err := o.narrow(ctx, s, o.Services); err != nil {
		return nil, err
	}
	if len(m.Rename) > 0 || len(m.LeaveOut) > 0 || o.all != nil {
		o.matched = &matcher{Source: s.source, all: o.all}
		if len(m.Rename) > 0 {
			o.matched.people = newEntries("identities", o.Identities, "nobody", o.people)
		}
		if len(m.LeaveOut) > 0 {
			o.matched.messages = newEntries(skipMessagesFlag, o.Skip, "no message", o.skipped)
		}
		s.source = o.matched
	}
	for _, one := range services {
		if err := distinct(ctx, s.source, one.SID, m.Rename); err != nil {
			return nil, err
		}
	}
	return services, nil
}

// distinct fails where two users of a service would have one identity after
// renaming: their roles, memberships and read horizons would become one, and
// nothing could tell the two apart again.
func distinct(ctx context.Context, src migrate.Source, serviceSID string, rename map[string]string) error {
	if len(rename) == 0 {
		return nil
	}
	taken := map[string]string{}
	for u, err := range src.Users(ctx, serviceSID) {
		if err != nil {
			return err
		}
		name := u.Identity
		if to, ok := rename[name]; ok {
			name = to
		}
		if other, twice := taken[name]; twice && other != u.Identity {
			return &migrate.Error{
				Op: "rename identities", Kind: migrate.Usage, SID: serviceSID,
				Err:  fmt.Errorf("%s and %s would both be %s", chat.Excerpt(other), chat.Excerpt(u.Identity), chat.Excerpt(name)),
				Hint: "two people would become one, which cannot be undone: give each an identity of their own in the file of --identities",
			}
		}
		taken[name] = u.Identity
	}
	return nil
}

// hasService looks for a service of the target that a flag names.
func hasService(ctx context.Context, s *endpoints, sid string) error {
	_, err := s.reader.Configuration(ctx, sid)
	if err == nil || migrate.KindOf(err) != migrate.NotFound {
		return err
	}
	return &migrate.Error{
		Op: "select target service", Kind: migrate.NotFound, SID: sid,
		Err:  fmt.Errorf("--to-service names it, but account %s has no such service", s.targetAccount),
		Hint: "check the SID in the Twilio Console, or leave out --to-service to make a new service",
	}
}
