package torture

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// together starts a second process beside a first one, and returns how both ended.
func (w *world) together() (both []ending) {
	done := make(chan ending, 2)
	first := &process{world: w, name: "first", ledger: w.ledger}
	second := &process{world: w, name: "second", ledger: filepath.Join(w.dir, "second.db")}
	go func() { done <- first.run() }()
	time.Sleep(w.second.after)
	switch {
	case w.second.copied:
		w.restore(first.ledger, second.ledger)
	case w.second.removed:
		second.ledger = first.ledger
		w.unlabel(first.ledger)
		for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
			if err := os.Remove(first.ledger + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				w.t.Error(err)
			}
		}
	}
	go func() { done <- second.run() }()
	both = append(both, <-done, <-done)
	return both
}
