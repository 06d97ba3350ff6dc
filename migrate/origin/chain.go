package origin

import (
	"math"
	"slices"
	"sort"
)

// twinsTried is how many twins of the source a message is compared with: those
// nearest to where it would be if nothing had happened. It keeps a run of equal
// messages from costing the square of its length.
const twinsTried = 16

// What an account of the messages that wait costs: each thing that must have
// happened costs one, and two things together two.
const (
	aHole   = 1 // people deleted messages in one stretch
	aCopy   = 1 // a message landed twice
	aChange = 1 // a message was deleted in the source, and another one has its author and second
	aTwice  = 2 // a message was deleted in the source, and has a twin there
)

// link is one message of the target in the place of one of the source.
type link struct {
	want, have int // positions among those ahead and those that wait
	otherwise  bool

	cost   int // of the cheapest account that ends here, without what follows
	before int // the link before it; -1 if it is the first
	length int // links up to here
}

// chain is the accounts of what waits: links that ascend on both sides.
type chain struct {
	links []link
	cost  []int // of leaving out the first n that wait
	ends  int   // the last link of the best account; -1 if none has its place
	twin  int   // see rival
}

// chain finds the cheapest account. It is O(n log n): links are added in the
// order of the target, and a Fenwick tree knows the cheapest one before each
// place of the source.
func (r *reading) chain(held []have) *chain {
	c := &chain{cost: make([]int, len(held)+1), ends: -1, twin: -1}
	seen := map[identity]bool{}
	best := newCheapest(len(r.ahead.held))
	at := make([]cheap, len(r.ahead.held)+1) // by the place in the source after it
	for i := range at {
		at[i] = none
	}
	at[0] = cheap{0, -1}
	best.lower(0, at[0])
	for j, h := range held {
		tries, otherwise := r.tries(h, j)
		past, first := r.Birth.Past(h.Created), len(c.links)
		for _, i := range tries {
			from := at[i]
			// A young message after a hole is rather somebody else's.
			if over := best.before(i); past && over.cost+aHole < from.cost {
				from = cheap{over.cost + aHole, over.link}
			}
			if from.cost < none.cost {
				c.links = append(c.links, link{want: i, have: j, otherwise: otherwise, cost: from.cost + c.cost[j], before: from.link, length: c.length(from.link) + 1})
			}
		}
		c.cost[j+1] = c.cost[j]
		switch {
		case len(tries) == 0:
		case otherwise:
			c.cost[j+1] += aChange
		case !past || seen[h.id] || r.behind.echoes(h.id):
			c.cost[j+1] += aCopy
		default:
			c.cost[j+1] += aTwice
		}
		seen[h.id] = true
		for n := first; n < len(c.links); n++ {
			l := c.links[n]
			if v := (cheap{l.cost - c.cost[j+1], n}); v.cost < at[l.want+1].cost {
				at[l.want+1] = v
				best.lower(l.want+1, v)
			}
		}
	}
	c.end(at)
	return c
}

// tries are the places of the source that h may have.
func (r *reading) tries(h have, waits int) (places []int, otherwise bool) {
	all := r.ahead.byID[h.id]
	if len(all) == 0 && !r.behind.repeats(h.key) && r.Birth.Past(h.Created) {
		if skip := r.ahead.only(h.key); r.free(skip) {
			return []int{skip}, true
		}
		return nil, false
	}
	middle := sort.SearchInts(all, r.ahead.first+waits)
	from, to := max(0, middle-twinsTried/2), min(len(all), middle+twinsTried/2)
	for _, position := range all[from:to] {
		if skip := position - r.ahead.first; r.free(skip) {
			places = append(places, skip)
		}
	}
	return places, false
}

// end chooses the best account: the cheapest, and of those the one in which most
// have their place.
func (c *chain) end(at []cheap) {
	least, most := 0, 0 // as if all were left out
	for _, v := range at[1:] {
		if v.cost > least {
			continue
		}
		if v.cost < least {
			least, most, c.twin = v.cost, -1, -1
		} else {
			c.twin = c.links[v.link].have
		}
		if length := c.length(v.link); length > most {
			most, c.ends = length, v.link
		}
	}
}

func (c *chain) length(n int) int {
	if n < 0 {
		return 0
	}
	return c.links[n].length
}

// rival is a message that has another place in an account as good as the best,
// after which the source goes on elsewhere; -1 if there is none.
func (c *chain) rival() int { return c.twin }

// best is the links of the best account, in order.
func (c *chain) best() []link {
	var all []link
	for n := c.ends; n >= 0; n = c.links[n].before {
		all = append(all, c.links[n])
	}
	slices.Reverse(all)
	return all
}

// final is the last link of the best account; nil if none has its place.
func (c *chain) final() *link {
	if c.ends < 0 {
		return nil
	}
	return &c.links[c.ends]
}

// after is where both sides go on behind the link before l.
func (c *chain) after(l *link) (want, have int) {
	if l.before < 0 {
		return 0, 0
	}
	return c.links[l.before].want + 1, c.links[l.before].have + 1
}

// cheap is the cost of an account up to a link, less that of leaving out
// everything up to there.
type cheap struct{ cost, link int }

var none = cheap{math.MaxInt / 2, -1}

// cheapest is a Fenwick tree of minima.
type cheapest []cheap

// newCheapest has room for what comes before each of n places.
func newCheapest(n int) cheapest {
	c := make(cheapest, n)
	for i := range c {
		c[i] = none
	}
	return c
}

func (c cheapest) lower(place int, v cheap) {
	for i := place + 1; i < len(c); i += i & -i {
		if v.cost < c[i].cost {
			c[i] = v
		}
	}
}

// before is the cheapest of the places below place.
func (c cheapest) before(place int) cheap {
	least := none
	for i := place; i > 0; i -= i & -i {
		if c[i].cost < least.cost {
			least = c[i]
		}
	}
	return least
}
