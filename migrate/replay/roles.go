package replay

import (
	"context"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// ensureRoles brings the roles of the service over. A role is known by its type
// and name: one that is there gets the permissions, and is not doubled. Where
// two source roles have the same type and name, both become the first of them.
func (s *service) ensureRoles(ctx context.Context) error {
	// What an earlier run may have left in flight must have landed before the
	// roles are listed.
	if err := s.waitSettled(ctx); err != nil {
		return err
	}
	s.roles = mapping.Roles{}
	type key struct{ kind, name string }
	there := map[key]conversations.Role{}
	for r, err := range s.Target.Roles(ctx, s.target) {
		if err != nil {
			return err
		}
		there[key{r.Type, r.FriendlyName}] = r
	}
	taken := map[key]bool{}
	for src, err := range s.Source.Roles(ctx, s.source.SID) {
		if err != nil {
			return err
		}
		s.tally.Expect(migrate.KindRoles, 1)
		s.tally.Seen(migrate.KindRoles, 1)
		want, found := s.set.Mapper.Role(src)
		s.findings.Add(found)
		if mapping.Blocked(found) {
			s.fail(ctx, migrate.KindRoles, src.SID, "", migrate.BlockedError("map role", src.SID, found))
			s.tally.Failed(migrate.KindRoles, 1)
			continue
		}
		if mapping.Skipped(found) {
			s.tally.Skipped(migrate.KindRoles, 1)
			continue
		}
		k := key{want.Type, want.FriendlyName}
		have, exists := there[k]
		change := migrate.Unchanged
		if exists && !taken[k] && !mapping.SamePermissions(have.Permissions, want.Permissions) {
			want.SID, change = have.SID, migrate.Updated
		}
		if !exists {
			change = migrate.Created
		}
		if change != migrate.Unchanged {
			if have, err = s.bringRole(ctx, want); err != nil {
				return err
			}
			there[k] = have
		}
		taken[k] = true
		s.tally.Changed(migrate.KindRoles, change)
		s.roles[src.SID] = mapping.Role{Source: src, TargetSID: have.SID}
		if err := s.Ledger.PutEntity(ctx, migrate.EntityRecord{
			Kind: migrate.RoleEntity, SourceSID: src.SID, TargetSID: have.SID, ParentSID: s.source.SID, Existing: exists,
		}); err != nil {
			return err
		}
	}
	return nil
}

// bringRole creates a role, or gives the one with want.SID its permissions. A
// service would take a second role of the same name, so a create without an
// answer is given time to land and looked for before it is repeated; one that met
// another write is looked for at once.
func (s *service) bringRole(ctx context.Context, want conversations.Role) (conversations.Role, error) {
	if err := s.proceed(ctx); err != nil {
		return want, err
	}
	if want.SID != "" {
		return want, s.Target.SetRole(ctx, s.target, want)
	}
	for range attempts {
		made, err := s.Target.AppendRole(ctx, s.target, want)
		switch migrate.KindOf(err) {
		case migrate.InDoubt:
			if err := s.wait(ctx, s.set.Settle); err != nil {
				return want, err
			}
		case migrate.Contended:
		default:
			return made, err
		}
		for r, err := range s.Target.Roles(ctx, s.target) {
			if err != nil {
				return want, err
			}
			if r.Type == want.Type && r.FriendlyName == want.FriendlyName {
				return r, nil
			}
		}
	}
	return want, &migrate.Error{Op: "create role", Kind: migrate.Unavailable, SID: s.target, Err: errNoAnswer, Hint: "run the same command again to resume"}
}
