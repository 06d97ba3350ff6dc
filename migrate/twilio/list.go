package twilio

import (
	"context"
	"iter"

	"chatbridge/migrate"
	"chatbridge/migrate/internal/ahead"
)

// restarts is how often a list is begun again after its page token expired.
const restarts = 3

// resumable is pages that begin again, after telling restarted, when a page
// token expired.
func (h *host) resumable(ctx context.Context, op, sid string, first func(*call) error, restarted func()) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		for left := restarts; ; left-- {
			expired := false
			for p, err := range h.pages(ctx, op, sid, first) {
				if left > 0 && migrate.KindOf(err) == migrate.PageExpired {
					expired = true
					break
				}
				if !yield(p, err) {
					return
				}
			}
			if !expired {
				return
			}
			restarted()
		}
	}
}

// readAhead is how many bytes of memory the pages take that one side reads before they
// are wanted, of all lists together. A page of a hundred usual messages takes 80 KB, so
// that there is one for each of 100 channels. With more at work, the first that asked
// keep theirs, which are the longest.
const readAhead = 8 << 20

// decoded is how many bytes a record takes that was decoded, and is kept as it came
// too: about twice as many as came.
func decoded(raw int) int64 { return 2 * int64(raw) }

// aheadOf reads the next page of a list while the one before is dealt with, but the
// second only when it is wanted: many ask for the first few records alone.
func (h *host) aheadOf(ctx context.Context, pages func(context.Context) iter.Seq2[page, error]) iter.Seq2[page, error] {
	first := true
	return ahead.Pages(ctx, h.room, pages, func(p page) int64 {
		if first {
			first = false
			return -1
		}
		return p.bytes()
	})
}

// bytes are those of the records.
func (p page) bytes() (n int64) {
	for _, r := range p.records {
		n += int64(len(r))
	}
	return n
}

// records follows a list and yields each record once, by SID: lists shift while
// they are read, and a list whose page token expired is read from the start
// again.
func records[T any](h *host, ctx context.Context, op, sid string, first func(*call) error,
	decode func([]byte) (T, error), sidOf func(T) string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		yielded := migrate.SIDSet{}
		for p, err := range h.aheadOf(ctx, func(ctx context.Context) iter.Seq2[page, error] {
			return h.resumable(ctx, op, sid, first, func() {})
		}) {
			if err != nil {
				yield(none, err)
				return
			}
			for _, raw := range p.records {
				r, err := decode(raw)
				if err == nil && sidOf(r) == "" {
					err = errNoSID
				}
				if err != nil {
					yield(none, unreadable(op, sid, err))
					return
				}
				if yielded.Add(sidOf(r)) && !yield(r, nil) {
					return
				}
			}
		}
	}
}

// unreadable is the error for a record of a page that cannot be used. To leave
// it out would be to lose it.
func unreadable(op, sid string, err error) error {
	return &migrate.Error{
		Op:   op,
		Kind: migrate.Unavailable,
		SID:  sid,
		Hint: "the service sent a record that chatbridge cannot use: run again; if it happens again, report it",
		Err:  err,
	}
}
