package replay

import (
	"errors"
	"sync"

	"chatbridge/migrate"
)

// breaker tells a service that is down from a channel that is broken. Lanes
// that end because the service did not answer are failures of their own as long
// as others get through; when as many as run beside each other end so in a row,
// the run ends.
type breaker struct {
	limit int

	mu     sync.Mutex
	row    int
	failed int   // lanes stopped, for any reason
	last   error // of those that the service did not answer
}

func newBreaker(limit int) *breaker { return &breaker{limit: max(3, limit)} }

// ended notes how a lane ended and returns an error when the run should.
func (b *breaker) ended(err error, maxErrors int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		b.row = 0
		return nil
	}
	b.failed++
	if maxErrors > 0 && b.failed >= maxErrors {
		return &migrate.Error{Op: "migrate", Kind: migrate.Failed, Err: errors.Join(errTooMany, err), Hint: "see what stopped with: chatbridge status"}
	}
	kind := migrate.KindOf(err)
	if migrate.Unreadable(err) {
		kind = migrate.Failed // the service answered
	}
	switch kind {
	case migrate.Unavailable, migrate.Throttled, migrate.InDoubt, migrate.Contended:
		b.row, b.last = b.row+1, err
	default:
		b.row = 0
	}
	if b.row >= b.limit {
		return b.unavailable()
	}
	return nil
}

// verdict is asked when all lanes ended: if some failed, and the last that did
// found no service, the run ended because of the service.
func (b *breaker) verdict() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.row > 0 && b.row == b.failed {
		return b.unavailable()
	}
	return nil
}

func (b *breaker) unavailable() error {
	return &migrate.Error{Op: "migrate", Kind: migrate.KindOf(b.last), Err: b.last, Hint: "the service does not answer as it should; run the same command again later to resume"}
}

var errTooMany = errors.New("as many channels failed as --max-errors allows")
