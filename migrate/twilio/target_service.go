package twilio

import (
	"context"

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

// AppendRole is of migrate.Target.
func (t *Target) AppendRole(ctx context.Context, serviceSID string, r conversations.Role) (conversations.Role, error) {
	return one(t.host, ctx, "create role", serviceSID, once(ofService(serviceSID)), decodeRole, func(c *call) error {
		_, err := conversationsAPI(c).CreateServiceRole(segment(serviceSID), &convv1.CreateServiceRoleParams{
			FriendlyName: &r.FriendlyName,
			Type:         &r.Type,
			Permission:   &r.Permissions,
		})
		return err
	})
}

// SetRole is of migrate.Target.
func (t *Target) SetRole(ctx context.Context, serviceSID string, r conversations.Role) error {
	_, err := one(t.host, ctx, "set role", r.SID, ofService(serviceSID), decodeRole, func(c *call) error {
		_, err := conversationsAPI(c).UpdateServiceRole(segment(serviceSID), segment(r.SID),
			&convv1.UpdateServiceRoleParams{Permission: &r.Permissions})
		return err
	})
	return err
}

// EnsureUser is of migrate.Target.
func (t *Target) EnsureUser(ctx context.Context, serviceSID string, u conversations.User) (conversations.User, migrate.Change, error) {
	doubted, doubtful := migrate.WithDoubt(ctx)
	made, err := one(t.host, doubted, "create user", serviceSID, ofService(serviceSID), decodeUser, func(c *call) error {
		_, err := conversationsAPI(c).CreateServiceUser(segment(serviceSID), &convv1.CreateServiceUserParams{
			Identity:     &u.Identity,
			FriendlyName: text(u.FriendlyName),
			Attributes:   text(u.Attributes),
			RoleSid:      text(u.RoleSID),
		})
		return err
	})
	unsaid := migrate.KindOf(err) == migrate.InDoubt
	if err == nil || migrate.KindOf(err) != migrate.Exists && !unsaid {
		return made, migrate.Created, err
	}
	there, lookErr := t.userByIdentity(ctx, serviceSID, u.Identity)
	if lookErr != nil {
		if unsaid && notShown(lookErr) {
			lookErr = err
		}
		return conversations.User{}, migrate.Unchanged, lookErr
	}
	if unsaid || doubtful() {
		return there, migrate.Unconfirmed, nil
	}
	return there, migrate.Unchanged, nil
}

// SetUser is of migrate.Target.
func (t *Target) SetUser(ctx context.Context, serviceSID string, u conversations.User) (conversations.User, error) {
	attributes := mapping.ExplicitAttributes(u.Attributes)
	return one(t.host, ctx, "set user", u.SID, ofService(serviceSID), decodeUser, func(c *call) error {
		_, err := conversationsAPI(c).UpdateServiceUser(segment(serviceSID), segment(u.SID), &convv1.UpdateServiceUserParams{
			FriendlyName: &u.FriendlyName,
			Attributes:   &attributes,
			RoleSid:      text(u.RoleSID),
		})
		return err
	})
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

// DeleteUser is of migrate.Target.
func (t *Target) DeleteUser(ctx context.Context, serviceSID, userSID string) error {
	return t.remove(ctx, "delete user", userSID, ofService(serviceSID), func(c *call) error {
		return conversationsAPI(c).DeleteServiceUser(segment(serviceSID), segment(userSID), nil)
	})
}

// DeleteRole is of migrate.Target.
func (t *Target) DeleteRole(ctx context.Context, serviceSID, roleSID string) error {
	return t.remove(ctx, "delete role", roleSID, ofService(serviceSID), func(c *call) error {
		return conversationsAPI(c).DeleteServiceRole(segment(serviceSID), segment(roleSID))
	})
}

// DeleteService is of migrate.Target.
func (t *Target) DeleteService(ctx context.Context, serviceSID string) error {
	return t.remove(ctx, "delete service", serviceSID, transport.Call{Class: transport.Ensure}, func(c *call) error {
		return conversationsAPI(c).DeleteService(segment(serviceSID))
	})
}
