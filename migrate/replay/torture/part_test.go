package torture

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/internal/rig"
)

// kind is one way in which a world is unkind.
type kind struct {
	name string
	draw func(*story)
	also bool // drawn beside others, for a quarter of the worlds
}

// part is a set of kinds with a verdict of its own.
type part struct {
	test   string // its name
	number uint64
	kinds  []kind
	notYet map[string]string   // kinds that the program does not stand yet, and why
	apart  map[string][]string // kinds that it does not stand beside others yet: those are not drawn
	play   func(*testing.T, *world)
}

// run draws and plays the worlds that the flags ask for.
func (p *part) run(t *testing.T) {
	for _, name := range asked() {
		if !slices.Contains(p.names(), name) {
			t.Skipf("%s is none of %v", name, p.names())
		}
	}
	for name := range p.notYet {
		require.Contains(t, p.names(), name)
	}
	first, last := 0, *seeds
	if *seed >= 0 {
		first, last = *seed, *seed+1
	}
	met := map[string]int{}
	for n := first; n < last; n++ {
		s := p.story(n)
		for _, name := range s.kinds {
			met[name]++
		}
		ok := t.Run(fmt.Sprintf("seed %d: %s", n, strings.Join(s.kinds, "+")), func(t *testing.T) {
			p.tell(t, s)
		})
		if !ok {
			t.Error(p.again(n))
		}
	}
	t.Logf("seeds %d to %d: %v", first, last-1, met)
	if *fault == "" && last-first >= 50 {
		for _, name := range p.names() {
			require.Equal(t, p.notYet[name] == "", met[name] > 0, "%s was drawn %d times", name, met[name])
		}
	}
}

// again is the command that plays a seed again.
func (p *part) again(n int) string {
	alone := ""
	if *fault != "" {
		alone = " -fault " + *fault
	}
	return fmt.Sprintf("seed %d failed; repeat it with: go test ./migrate/replay/torture -run '^%s$' -seed %d%s -v", n, p.test, n, alone)
}

func (p *part) names() (all []string) {
	for _, k := range p.kinds {
		all = append(all, k.name)
	}
	return all
}

// story draws what happens for a seed. A kind that stands in notYet is drawn only
// if it is asked for.
func (p *part) story(n int) *story {
	s := &story{
		Rand: rand.New(rand.NewPCG(uint64(n), p.number)), seed: uint64(n)<<2 | p.number,
		Scenario: rig.Scenarios().Example(n),
	}
	s.prepare()
	chosen := map[string]bool{}
	for _, name := range asked() {
		chosen[name] = true
	}
	if len(chosen) == 0 {
		p.choose(s, chosen)
	}
	s.kinds = slices.Sorted(maps.Keys(chosen))
	for _, k := range p.kinds {
		if chosen[k.name] {
			k.draw(s)
		}
	}
	return s
}

func (p *part) choose(s *story, chosen map[string]bool) {
	var pool []string
	for _, k := range p.kinds {
		if _, later := p.notYet[k.name]; later {
			continue
		}
		if !k.also {
			pool = append(pool, k.name)
		} else if s.IntN(4) == 0 {
			chosen[k.name] = true
		}
	}
	first := pool[int(s.seed>>2)%len(pool)] // so that a few seeds meet every kind
	chosen[first] = true
	for range s.IntN(3) {
		chosen[pool[s.IntN(len(pool))]] = true
	}
	for one, others := range p.apart {
		for _, other := range others {
			switch {
			case !chosen[one] || !chosen[other]:
			case first == one:
				delete(chosen, other)
			default:
				delete(chosen, one)
			}
		}
	}
}

// asked are the kinds that -fault names.
func asked() []string {
	return strings.FieldsFunc(*fault, func(r rune) bool { return r == '+' })
}

// tell plays a story and returns the trace.
func (p *part) tell(t *testing.T, s *story) (lines []string) {
	cryptotest.SetGlobalRandom(t, s.seed) // names of runs
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, s)
		defer func() {
			if lines = w.lines(); *trace {
				t.Log(strings.Join(lines, "\n"))
			}
		}()
		defer func() {
			if t.Failed() {
				t.Log(w.told())
			}
		}()
		p.play(t, w)
		require.Empty(t, w.leftBehind(), "when all has ended")
	})
	return lines
}
