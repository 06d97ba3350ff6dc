package twilio

import (
	"context"
	"slices"

	convv1 "github.com/twilio/twilio-go/rest/conversations/v1"

	"chatbridge/mapping"
	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// AppendService is of migrate.Target.
func (t *Target) AppendService(ctx context.Context, s conversations.Service) (conversations.Service, error) {
	return one(t.host, ctx, "create service", "", once(transport.Call{}), decodeService, func(c *call) error {
		_, err := conversationsAPI(c).CreateService(&convv1.CreateServiceParams{FriendlyName: text(s.FriendlyName)})
		return err
	})
}

// EnsureRole is of migrate.Target. Roles have no key that the service enforces,
// so a create whose outcome is unknown is looked up by type and name before it
// is repeated. Should it land after that, the service has the role twice, and
// the other one is never used.
func (t *Target) EnsureRole(ctx context.Context, serviceSID string, r conversations.Role) (conversations.Role, error) {
	if r.SID != "" {
		return t.updateRole(ctx, serviceSID, r)
	}
	const tries = 3
	var unknown error
	for range tries {
		made, err := t.createRole(ctx, serviceSID, r)
		if migrate.KindOf(err) != migrate.OutcomeUnknown {
			return made, err
		}
		unknown = err
		there, found, err := t.findRole(ctx, serviceSID, r)
		if err != nil {
			return conversations.Role{}, err
		}
		if found && samePermissions(r, there) {
			return there, nil
		}
		if found {
			r.SID = there.SID
			return t.updateRole(ctx, serviceSID, r)
		}
	}
	return conversations.Role{}, unknown
}

func (t *Target) createRole(ctx context.Context, serviceSID string, r conversations.Role) (conversations.Role, error) {
	return one(t.host, ctx, "create role", serviceSID, once(ofService(serviceSID)), decodeRole, func(c *call) error {
		_, err := conversationsAPI(c).CreateServiceRole(segment(serviceSID), &convv1.CreateServiceRoleParams{
			FriendlyName: &r.FriendlyName,
			Type:         &r.Type,
			Permission:   &r.Permissions,
		})
		return err
	})
}

func (t *Target) updateRole(ctx context.Context, serviceSID string, r conversations.Role) (conversations.Role, error) {
	return one(t.host, ctx, "set role", r.SID, ofService(serviceSID), decodeRole, func(c *call) error {
		_, err := conversationsAPI(c).UpdateServiceRole(segment(serviceSID), segment(r.SID),
			&convv1.UpdateServiceRoleParams{Permission: &r.Permissions})
		return err
	})
}

func (t *Target) findRole(ctx context.Context, serviceSID string, r conversations.Role) (conversations.Role, bool, error) {
	for there, err := range t.Roles(ctx, serviceSID) {
		if err != nil {
			return conversations.Role{}, false, err
		}
		if there.Type == r.Type && there.FriendlyName == r.FriendlyName {
			return there, true, nil
		}
	}
	return conversations.Role{}, false, nil
}

func samePermissions(a, b conversations.Role) bool {
	return slices.Equal(slices.Sorted(slices.Values(a.Permissions)), slices.Sorted(slices.Values(b.Permissions)))
}

// EnsureUser is of migrate.Target.
func (t *Target) EnsureUser(ctx context.Context, serviceSID string, u conversations.User) (conversations.User, migrate.Change, error) {
	made, err := one(t.host, ctx, "create user", serviceSID, ofService(serviceSID), decodeUser, func(c *call) error {
		_, err := conversationsAPI(c).CreateServiceUser(segment(serviceSID), &convv1.CreateServiceUserParams{
			Identity:     &u.Identity,
			FriendlyName: text(u.FriendlyName),
			Attributes:   text(u.Attributes),
			RoleSid:      text(u.RoleSID),
		})
		return err
	})
	if migrate.KindOf(err) != migrate.Exists {
		return made, migrate.Created, err
	}
	there, err := t.userByIdentity(ctx, serviceSID, u.Identity)
	if err != nil {
		return conversations.User{}, migrate.Unchanged, err
	}
	params := convv1.UpdateServiceUserParams{}
	if u.FriendlyName != there.FriendlyName {
		params.FriendlyName = text(u.FriendlyName)
	}
	if !sameAttributes(u.Attributes, there.Attributes) {
		params.Attributes = text(u.Attributes)
	}
	if u.RoleSID != there.RoleSID {
		params.RoleSid = text(u.RoleSID)
	}
	if params == (convv1.UpdateServiceUserParams{}) {
		return there, migrate.Unchanged, nil
	}
	set, err := one(t.host, ctx, "set user", there.SID, ofService(serviceSID), decodeUser, func(c *call) error {
		_, err := conversationsAPI(c).UpdateServiceUser(segment(serviceSID), segment(there.SID), &params)
		return err
	})
	return set, migrate.Updated, err
}

// userByIdentity reads by the address that is documented for it, and from the
// list where that address leads to someone else: an identity may look like the
// SID of another user.
func (t *Target) userByIdentity(ctx context.Context, serviceSID, identity string) (conversations.User, error) {
	u, err := one(t.host, ctx, "read user", serviceSID, reading, decodeUser, func(c *call) error {
		_, err := conversationsAPI(c).FetchServiceUser(segment(serviceSID), segment(identity))
		return err
	})
	if err == nil && u.Identity == identity {
		return u, nil
	}
	if err != nil && migrate.KindOf(err) != migrate.NotFound {
		return conversations.User{}, err
	}
	for u, err := range t.Users(ctx, serviceSID) {
		if err != nil || u.Identity == identity {
			return u, err
		}
	}
	return conversations.User{}, &migrate.Error{Op: "read user", Kind: migrate.Unavailable, SID: serviceSID, Err: errNotListed}
}

// sameAttributes compares by value. Attributes that are not set ask for nothing.
func sameAttributes(want, got string) bool {
	return want == "" || want == got || mapping.EqualAttributes(want, got)
}
