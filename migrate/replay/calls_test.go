package replay_test

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
)

// call is one call that a run makes, such as "target AppendRole", and the
// how many-th of that name it is.
type call struct {
	name string
	nth  int
}

// calls stand between a run and everything that it asks, and may answer in its
// place.
type calls struct {
	before func(call) error // an error is the answer, and nothing is asked
	after  func(call) error // an error is the answer to what took effect

	mu     sync.Mutex
	seen   map[string]int
	made   []call
	claims map[string]bool // by SID
}

func (c *calls) begin(name string) (call, error) {
	c.mu.Lock()
	if c.seen == nil {
		c.seen = map[string]int{}
	}
	c.seen[name]++
	one := call{name, c.seen[name]}
	c.made = append(c.made, one)
	c.mu.Unlock()
	if c.before == nil {
		return one, nil
	}
	return one, c.before(one)
}

func (c *calls) end(one call, err error) error {
	if err != nil || c.after == nil {
		return err
	}
	return c.after(one)
}

// claimed remembers a conversation that is a claim.
func (c *calls) claimed(one conversations.Conversation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if one.UniqueName == migrate.ClaimName {
		if c.claims == nil {
			c.claims = map[string]bool{}
		}
		c.claims[one.SID] = true
	}
}

// about says what a conversation, by SID or unique name, is to a run: a claim, or
// what it carries.
func (c *calls) about(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if name == migrate.ClaimName || c.claims[name] {
		return "claim"
	}
	return "target"
}

// times says how often something was asked.
func (c *calls) times(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[name]
}

func (c *calls) all() []call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.made)
}

// write says whether a call changes the target.
func (c call) write() bool {
	for _, verb := range []string{"Append", "Ensure", "Set", "Delete"} {
		if strings.HasPrefix(c.name, "target "+verb) {
			return true
		}
	}
	return false
}

func (c *calls) do(name string, ask func() error) error {
	one, err := c.begin(name)
	if err != nil {
		return err
	}
	return c.end(one, ask())
}

func asked[T any](c *calls, name string, ask func() (T, error)) (T, error) {
	var got T
	err := c.do(name, func() (err error) {
		got, err = ask()
		return err
	})
	return got, err
}

func listed[T any](c *calls, name string, list func() iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		one, err := c.begin(name)
		if err != nil {
			yield(none, err)
			return
		}
		for item, err := range list() {
			if !yield(item, err) || err != nil {
				return
			}
		}
		if err := c.end(one, nil); err != nil {
			yield(none, err)
		}
	}
}

// run migrates as Rig.Migrate does, with the calls between, and with what a test
// changes about the migration.
func (c *calls) run(ctx context.Context, t *testing.T, r *rig.Rig, change ...func(*replay.Migration)) (replay.Summary, error) {
	t.Helper()
	l, err := sqlite.Open(context.WithoutCancel(ctx), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	counter := &transport.Counter{}
	m := replay.Migration{
		Source: heldSource{c, r.Source(counter)}, Target: heldTarget{r.Target(counter), c}, Ledger: heldLedger{l, c},
		Observer: r.Events, Settings: r.Settings, Traffic: counter.Traffic, Sidecar: r.Sidecar,
	}
	for _, set := range change {
		set(&m)
	}
	return m.Run(ctx)
}
