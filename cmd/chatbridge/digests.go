package main

import (
	"context"
	"errors"
	"fmt"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
)

// checkArchive reads the archive of --from-archive once and holds it to its
// digests, unless told to trust it. An archive without digests is taken as it
// is, and that is said.
func (c connector) checkArchive(ctx context.Context) error {
	if c.FromArchive == "" || c.TrustArchive {
		return nil
	}
	a, closer, err := archive.OpenPath(c.FromArchive)
	if err != nil {
		return err
	}
	defer closer.Close()
	c.notice(migrate.Event{Level: migrate.Detail, Message: "checking the digests of the archive"})
	err = a.Verify(ctx)
	switch {
	case errors.Is(err, archive.ErrNoDigests):
		c.notice(migrate.Event{Level: migrate.Notice, Message: "the archive has no digests, so damage to it would go unnoticed"})
		return nil
	case err != nil && ctx.Err() == nil:
		return &migrate.Error{
			Op: "check archive", Kind: migrate.Usage, Err: fmt.Errorf("%s has changed since the export: %w", c.FromArchive, oneLine(err)),
			Hint: "export it again, or use another copy; to use it as it is: --trust-archive",
		}
	}
	return err
}
