package archive

import (
	"iter"

	"golang.org/x/sync/errgroup"

	"chatbridge/migrate"
)

// fetched is a list of which some resources have to be fetched one by one,
// because v1 lists do not show attributes that are set.
type fetched[T any] struct {
	listed iter.Seq2[T, error]
	whole  func(T) bool // the list shows all of it
	fetch  func(T) (T, error)
	gone   func(T) // told of what was deleted since it was listed
}

// batch is how many resources of a list are held while those among them are
// fetched that have to be.
const batch = 100

// all yields the resources whole, in the order of the list, and makes so many
// requests at once.
func (f fetched[T]) all(atOnce int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		held := make([]T, 0, batch)
		flush := func() bool {
			errs := f.fill(held, atOnce)
			for i, r := range held {
				switch {
				case errs[i] == nil:
					if !yield(r, nil) {
						return false
					}
				case migrate.KindOf(errs[i]) == migrate.NotFound:
					f.gone(r)
				default:
					yield(none, errs[i])
					return false
				}
			}
			held = held[:0]
			return true
		}
		for r, err := range f.listed {
			if err != nil {
				if flush() {
					yield(none, err)
				}
				return
			}
			if held = append(held, r); len(held) == batch && !flush() {
				return
			}
		}
		flush()
	}
}

// fill fetches what has to be, in place, and returns an error for each that
// could not be.
func (f fetched[T]) fill(held []T, atOnce int) []error {
	errs := make([]error, len(held))
	var g errgroup.Group
	g.SetLimit(atOnce)
	for i := range held {
		if f.whole(held[i]) {
			continue
		}
		g.Go(func() error {
			if r, err := f.fetch(held[i]); err != nil {
				errs[i] = err
			} else {
				held[i] = r
			}
			return nil
		})
	}
	_ = g.Wait()
	return errs
}
