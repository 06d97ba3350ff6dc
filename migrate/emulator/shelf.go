package emulator

import (
	"cmp"
	"iter"
	"slices"
)

// shelf keeps resources in the order in which they came, each under a key. A
// place on the shelf is never used again, so that a page token that names one
// holds when something before it is removed.
type shelf[T any] struct {
	slots  []slot[T]
	places map[string]int64
	next   int64
}

type slot[T any] struct {
	place int64
	value T
}

func (s *shelf[T]) add(key string, v T) {
	if s.places == nil {
		s.places = map[string]int64{}
	}
	s.places[key] = s.next
	s.slots = append(s.slots, slot[T]{s.next, v})
	s.next++
}

func (s *shelf[T]) len() int { return len(s.slots) }

func (s *shelf[T]) find(key string) (v T, ok bool) {
	if i, ok := s.position(key); ok {
		return s.slots[i].value, true
	}
	return v, false
}

func (s *shelf[T]) remove(key string) bool {
	i, ok := s.position(key)
	if ok {
		s.slots = slices.Delete(s.slots, i, i+1)
		delete(s.places, key)
	}
	return ok
}

func (s *shelf[T]) position(key string) (int, bool) {
	place, ok := s.places[key]
	if !ok {
		return 0, false
	}
	return slices.BinarySearchFunc(s.slots, place, func(e slot[T], p int64) int { return cmp.Compare(e.place, p) })
}

// from yields what comes after a place, with where it stands.
func (s *shelf[T]) from(after int64) iter.Seq2[int64, T] {
	return func(yield func(int64, T) bool) {
		i, _ := slices.BinarySearchFunc(s.slots, after+1, func(e slot[T], p int64) int { return cmp.Compare(e.place, p) })
		for _, e := range s.slots[i:] {
			if !yield(e.place, e.value) {
				return
			}
		}
	}
}

// all yields everything.
func (s *shelf[T]) all() iter.Seq[T] {
	return func(yield func(T) bool) {
		for _, e := range s.slots {
			if !yield(e.value) {
				return
			}
		}
	}
}
