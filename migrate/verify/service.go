package verify

import (
	"context"
	"sync"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// verifiedService is one service while it is compared.
type verifiedService struct {
	*comparison
	source  chat.Service
	target  string
	created bool // the migration made the target, so that what is in it is of the migration
	roles   mapping.Roles
	stamped stamped
	byName  byName
	byMark  byMark           // the same, by less
	placed  migrate.SIDPairs // users and channels to what they are in the target

	unproved bool // the target may be somebody's: nothing in it is repaired

	again later[chat.Channel] // the channels that differ, or were gone, at the first look

	holding sync.Mutex
	held    migrate.SIDPairs // conversations that were found by what they hold, to their channel

	asking sync.Mutex
	born   time.Time // when the target was made; zero until it was asked for
}

// report tells of differences in the service.
func (s *verifiedService) report(all ...Difference) error {
	if s.unproved {
		for i := range all {
			all[i].fix = nil
		}
	}
	return s.comparison.report(all...)
}

// hold reports whether no other channel was held against a conversation. Of two
// channels of one name, date and attributes the one that asks first gets it, which may
// be either: without a ledger or a stamp nothing tells whose it is. The verdict does
// not depend on it, because the other one is missing in any case; what is said to
// differ in the messages may.
func (s *verifiedService) hold(conversationSID, channelSID string) bool {
	s.holding.Lock()
	defer s.holding.Unlock()
	if s.held.Other(conversationSID) == "" {
		s.held.Set(conversationSID, channelSID)
	}
	return s.held.Other(conversationSID) == channelSID
}

func (c *comparison) service(ctx context.Context, src chat.Service) error {
	s := &verifiedService{comparison: c, source: src}
	var err error
	if s.created, err = s.find(ctx); err != nil {
		return err
	}
	c.result.Services = append(c.result.Services, migrate.SummaryService{SourceSID: src.SID, TargetSID: s.target, FriendlyName: src.FriendlyName})
	c.compared(migrate.KindServices, 1)
	if s.target == "" {
		return c.report(Difference{Class: Missing, Kind: migrate.KindServices, SourceSID: src.SID, Name: src.FriendlyName, Detail: "no target service bears its stamp or holds what a migration wrote"})
	}
	if err := unpaused(s.compareOthers)(ctx); err != nil {
		if migrate.KindOf(err) == migrate.NotFound && s.gone(ctx) {
			return c.report(Difference{Class: Missing, Kind: migrate.KindServices, SourceSID: src.SID, TargetSID: s.target, Name: src.FriendlyName, Detail: "its target service is gone"})
		}
		return err
	}
	if err := s.listConversations(ctx); err != nil {
		return err
	}
	if err := c.channels(ctx, s); err != nil {
		return err
	}
	return s.compareLevels(ctx)
}

// gone reports whether the target account does not have the service any more.
func (s *verifiedService) gone(ctx context.Context) bool {
	_, err := s.Target.Configuration(ctx, s.target)
	return migrate.KindOf(err) == migrate.NotFound
}

// compareOthers compares what is in no channel.
func (s *verifiedService) compareOthers(ctx context.Context) error {
	if err := s.lateServices(ctx); err != nil {
		return err
	}
	if err := s.claim(ctx); err != nil {
		return err
	}
	if err := s.compareRoles(ctx); err != nil {
		return err
	}
	if s.created {
		if err := s.compareConfiguration(ctx); err != nil {
			return err
		}
	}
	return s.compareUsers(ctx)
}

func (s *verifiedService) compareConfiguration(ctx context.Context) error {
	have, err := s.Target.Configuration(ctx, s.target)
	if err != nil {
		return err
	}
	want, _ := s.set.Mapper.Configuration(s.source, s.roles)
	role := func(want, have string) bool { return want == "" || want == have }
	return s.unequal(Difference{Class: Altered, Kind: migrate.KindServices, SourceSID: s.source.SID, Name: s.source.FriendlyName, TargetSID: s.target}, []field{
		{"default_chat_service_role_sid", role(want.DefaultChatServiceRoleSID, have.DefaultChatServiceRoleSID), defaultsFix{s.target, want}},
		{"default_conversation_role_sid", role(want.DefaultConversationRoleSID, have.DefaultConversationRoleSID), defaultsFix{s.target, want}},
		{"default_conversation_creator_role_sid", role(want.DefaultConversationCreatorRoleSID, have.DefaultConversationCreatorRoleSID), defaultsFix{s.target, want}},
		{"reachability_enabled", want.ReachabilityEnabled == have.ReachabilityEnabled, defaultsFix{s.target, want}},
		{"notifications", want.Notifications == s.muted.Before(s.target, have.Notifications), notificationsFix{s.target, want.Notifications}},
		{"webhooks", sameWebhooks(want.Webhooks, have.Webhooks), webhooksFix{s.target, want.Webhooks}},
	})
}

// bornAt is a moment before anything was in the target service, by the one date
// of it that no request can set. The account is asked once.
func (s *verifiedService) bornAt(ctx context.Context) (time.Time, error) {
	s.asking.Lock()
	defer s.asking.Unlock()
	if !s.born.IsZero() {
		return s.born, nil
	}
	for t, err := range s.Target.Services(ctx) {
		if err != nil {
			return time.Time{}, err
		}
		if t.SID == s.target {
			s.born = t.DateCreated
			return s.born, nil
		}
	}
	return time.Time{}, nil
}

// field is one field of a resource that is compared.
type field struct {
	name  string
	equal bool
	fix   fix
}

// unequal reports each field that differs.
func (s *verifiedService) unequal(d Difference, fields []field) error {
	for _, f := range fields {
		if f.equal {
			continue
		}
		d.Field, d.fix = f.name, f.fix
		if err := s.report(d); err != nil {
			return err
		}
	}
	return nil
}

func sameWebhooks(want, have conversations.Webhooks) bool {
	if want.Off() && have.Off() {
		return true
	}
	return want.PreWebhookURL == have.PreWebhookURL && want.PostWebhookURL == have.PostWebhookURL &&
		(want.Method == "" || want.Method == have.Method) && mapping.SamePermissions(want.Filters, have.Filters)
}
