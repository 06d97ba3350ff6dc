package twilio

import (
	"context"

	"chatbridge/migrate/transport"
)

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
