// Package on is what instrumented code asks whether a mutant is switched on. It
// is compiled into test binaries by the overlay that package mutants writes;
// nothing on disk imports it.
//
// What a process does stands in a file named "mutant", in its temporary folder
// or one above: the number of the mutant that is on, or "record" and how many
// there are. An environment variable would not do, since tests start processes
// with an environment of their own. Without the file nothing is on.
package on

import (
	"cmp"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
)

var (
	active   = -1
	reached  []atomic.Bool
	recorded *os.File
)

func init() {
	dir, err := filepath.Abs(os.TempDir())
	if err != nil {
		return
	}
	for {
		order, err := os.ReadFile(filepath.Join(dir, "mutant"))
		if err == nil {
			obey(dir, string(order))
			return
		}
		above := filepath.Dir(dir)
		if above == dir {
			return
		}
		dir = above
	}
}

func obey(dir, order string) {
	count, record := strings.CutPrefix(order, "record ")
	n, err := strconv.Atoi(count)
	if err != nil {
		panic("mutants: order " + order + ": " + err.Error())
	}
	if !record {
		active = n
		return
	}
	// Each line is written at once, so that a process that is killed has told
	// what it reached before.
	recorded, err = os.OpenFile(filepath.Join(dir, "reached"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		panic("mutants: " + err.Error())
	}
	reached = make([]atomic.Bool, n)
}

// Is reports whether mutant n is on.
func Is(n int) bool {
	if reached != nil && !reached[n].Load() && !reached[n].Swap(true) {
		_, _ = recorded.WriteString(strconv.Itoa(n) + "\n")
	}
	return n == active
}

// Not is v, or its opposite if mutant n is on.
func Not[T ~bool](n int, v T) T {
	if Is(n) {
		return !v
	}
	return v
}

// Lt is a < b, or a <= b if mutant n is on.
func Lt[T cmp.Ordered](n int, a, b T) bool {
	if Is(n) {
		return a <= b
	}
	return a < b
}

// Le is a <= b, or a < b if mutant n is on.
func Le[T cmp.Ordered](n int, a, b T) bool {
	if Is(n) {
		return a < b
	}
	return a <= b
}

// Gt is a > b, or a >= b if mutant n is on.
func Gt[T cmp.Ordered](n int, a, b T) bool { return Lt(n, b, a) }

// Ge is a >= b, or a > b if mutant n is on.
func Ge[T cmp.Ordered](n int, a, b T) bool { return Le(n, b, a) }

// Integer is any integer type.
type Integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

// More is v, or v+1 if mutant n is on.
func More[T Integer](n int, v T) T {
	if Is(n) {
		return v + 1
	}
	return v
}

// Less is v, or v-1 if mutant n is on.
func Less[T Integer](n int, v T) T {
	if Is(n) {
		return v - 1
	}
	return v
}

// Skip is what call returns, or nil without a call if mutant n is on.
func Skip(n int, call func() error) error {
	if Is(n) {
		return nil
	}
	return call()
}
