package migrate

import (
	"context"
	"errors"
	"fmt"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

// verifiedService is one service while it is compared.
type verifiedService struct {
	*comparison
	source  chat.Service
	target  string
	roles   mapping.Roles
	stamped map[string][]string // source channel to the conversations that bear its stamp
	byName  map[string]string   // recognition key to conversation, of those without a stamp
}

func (c *comparison) service(ctx context.Context, src chat.Service) error {
	s := &verifiedService{comparison: c, source: src}
	created, err := s.find(ctx)
	if err != nil {
		return err
	}
	c.result.Services = append(c.result.Services, SummaryService{SourceSID: src.SID, TargetSID: s.target, FriendlyName: src.FriendlyName})
	c.compared(KindServices, 1)
	if s.target == "" {
		c.report(Difference{Class: Missing, Kind: KindServices, SourceSID: src.SID, Detail: "no service of the target bears its stamp"})
		return nil
	}
	if err := s.compareRoles(ctx); err != nil {
		return err
	}
	if created {
		if err := s.compareConfiguration(ctx); err != nil {
			return err
		}
	}
	if err := s.compareUsers(ctx); err != nil {
		return err
	}
	if err := s.listConversations(ctx); err != nil {
		return err
	}
	return c.channels(ctx, s)
}

// find finds the target service: as told, by the ledger, or by the stamps of
// its conversations. created says whether its configuration is ours as well.
func (s *verifiedService) find(ctx context.Context) (created bool, err error) {
	if s.set.ToService != "" {
		s.target = s.set.ToService
		return false, nil
	}
	if s.Ledger != nil {
		rec, ok, err := s.Ledger.Service(ctx, s.source.SID)
		if err != nil {
			return false, err
		}
		if ok && rec.TargetSID != "" {
			s.target = rec.TargetSID
			return rec.Created, nil
		}
	}
	want, _ := s.set.Mapper.Service(s.source)
	for t, err := range s.Target.Services(ctx) {
		if err != nil {
			return false, err
		}
		if t.FriendlyName != want.FriendlyName {
			continue
		}
		for conv, err := range s.Target.Conversations(ctx, t.SID) {
			if err != nil {
				return false, err
			}
			if _, from := stampOf(conv.Attributes); from == s.source.SID {
				s.target = t.SID
				return true, nil
			}
		}
	}
	return false, nil
}

func (s *verifiedService) compareRoles(ctx context.Context) error {
	type key struct{ kind, name string }
	there := map[key]conversations.Role{}
	for r, err := range s.Target.Roles(ctx, s.target) {
		if err != nil {
			return err
		}
		there[key{r.Type, r.FriendlyName}] = r
	}
	s.roles = mapping.Roles{}
	seen := map[key]bool{}
	for src, err := range s.Source.Roles(ctx, s.source.SID) {
		if err != nil {
			return err
		}
		s.compared(KindRoles, 1)
		want, found := s.set.Mapper.Role(src)
		k := key{want.Type, want.FriendlyName}
		have, ok := there[k]
		switch {
		case blocked(found) || !ok:
			s.report(Difference{Class: Missing, Kind: KindRoles, SourceSID: src.SID, Detail: src.FriendlyName})
			continue
		case !seen[k] && !samePermissions(want.Permissions, have.Permissions):
			s.report(Difference{Class: Altered, Kind: KindRoles, SourceSID: src.SID, TargetSID: have.SID, Field: "permissions"})
		}
		seen[k] = true
		s.roles[src.SID] = mapping.Role{Source: src, TargetSID: have.SID}
	}
	return nil
}

func (s *verifiedService) compareConfiguration(ctx context.Context) error {
	have, err := s.Target.Configuration(ctx, s.target)
	if err != nil {
		return err
	}
	want, _ := s.set.Mapper.Configuration(s.source, s.roles)
	altered := func(field string, equal bool) {
		if !equal {
			s.report(Difference{Class: Altered, Kind: KindServices, SourceSID: s.source.SID, TargetSID: s.target, Field: field})
		}
	}
	role := func(want, have string) bool { return want == "" || want == have }
	altered("default_chat_service_role_sid", role(want.DefaultChatServiceRoleSID, have.DefaultChatServiceRoleSID))
	altered("default_conversation_role_sid", role(want.DefaultConversationRoleSID, have.DefaultConversationRoleSID))
	altered("default_conversation_creator_role_sid", role(want.DefaultConversationCreatorRoleSID, have.DefaultConversationCreatorRoleSID))
	altered("reachability_enabled", want.ReachabilityEnabled == have.ReachabilityEnabled)
	altered("notifications", want.Notifications == have.Notifications)
	altered("webhooks", sameWebhooks(want.Webhooks, have.Webhooks))
	return nil
}

func sameWebhooks(want, have conversations.Webhooks) bool {
	if want.Off() && have.Off() {
		return true
	}
	return want.PreWebhookURL == have.PreWebhookURL && want.PostWebhookURL == have.PostWebhookURL &&
		(want.Method == "" || want.Method == have.Method) && samePermissions(want.Filters, have.Filters)
}

func (s *verifiedService) compareUsers(ctx context.Context) error {
	there := map[string]conversations.User{}
	for u, err := range s.Target.Users(ctx, s.target) {
		if err != nil {
			return err
		}
		there[u.Identity] = u
	}
	for src, err := range s.Source.Users(ctx, s.source.SID) {
		if err != nil {
			return err
		}
		if src.Attributes == nil {
			if src, err = s.Source.User(ctx, s.source.SID, src.SID); err != nil {
				return err
			}
		}
		s.compared(KindUsers, 1)
		want, found := s.set.Mapper.User(src, s.roles)
		have, ok := there[want.Identity]
		if skipped(found) && !ok {
			continue
		}
		if !ok {
			s.report(Difference{Class: Missing, Kind: KindUsers, SourceSID: src.SID, Detail: reason(found)})
			continue
		}
		at := Difference{Class: Altered, Kind: KindUsers, SourceSID: src.SID, TargetSID: have.SID}
		if want.FriendlyName != have.FriendlyName {
			at.Field = "friendly_name"
			s.report(at)
		}
		if !mapping.EqualAttributes(want.Attributes, have.Attributes) {
			at.Field = "attributes"
			s.report(at)
		}
		if want.RoleSID != "" && want.RoleSID != have.RoleSID {
			at.Class, at.Field = WrongRole, "role_sid"
			s.report(at)
		}
	}
	return nil
}

// reason is the code that keeps a resource from being carried, if one does.
func reason(found []mapping.Finding) string {
	for _, f := range found {
		if f.Severity == mapping.Stop || f.Severity == mapping.Skip {
			return string(f.Code)
		}
	}
	return ""
}

func (s *verifiedService) listConversations(ctx context.Context) error {
	s.stamped, s.byName = map[string][]string{}, map[string]string{}
	for conv, err := range s.Target.Conversations(ctx, s.target) {
		if err != nil {
			return err
		}
		if sid, from := stampOf(conv.Attributes); sid != "" && from == s.source.SID {
			s.stamped[sid] = append(s.stamped[sid], conv.SID)
			continue
		}
		s.byName[recognition(conv)] = conv.SID
	}
	return nil
}

// conversationOf finds the conversation of a channel.
func (s *verifiedService) conversationOf(ctx context.Context, c chat.Channel, want conversations.Conversation) (conversations.Conversation, bool, error) {
	sid := ""
	if s.Ledger != nil {
		rec, ok, err := s.Ledger.Channel(ctx, c.SID)
		if err != nil {
			return conversations.Conversation{}, false, err
		}
		if ok {
			sid = rec.TargetSID
		}
	}
	if stamped := s.stamped[c.SID]; len(stamped) > 0 {
		if sid == "" {
			sid = stamped[0]
		}
		for _, other := range stamped {
			if other != sid {
				s.report(Difference{Class: Doubled, Kind: KindChannels, Channel: c.SID, SourceSID: c.SID, TargetSID: other,
					Detail: fmt.Sprintf("bears the stamp of the channel, which has %s", sid)})
			}
		}
	}
	if sid == "" {
		sid = s.byName[recognition(want)]
	}
	if sid == "" {
		return conversations.Conversation{}, false, nil
	}
	have, err := s.Target.Conversation(ctx, s.target, sid)
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok && e.Kind == NotFound {
			return conversations.Conversation{}, false, nil
		}
		return conversations.Conversation{}, false, err
	}
	return have, true, nil
}
