package main

import "context"

// subaccounts are those of the account that the credentials open.
func (o *fleetOptions) subaccounts(ctx context.Context, r *relay) ([]account, error) {
	return nil, usageError("name them in a file: --accounts FILE", "--subaccounts cannot list accounts yet")
}
