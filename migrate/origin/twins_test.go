package origin_test

import "fmt"

// twins joins messages that were exact twins at any time: which of them is which
// is no question.
type twins map[string]int

func (t twins) saw(s *said) {
	id := fmt.Sprint(s.author, s.at, s.body)
	if first, ok := t[id]; ok {
		t.join(first, s.id)
		return
	}
	t[id] = s.id
}

func (t twins) join(a, b int) {
	a, b = t.class(a), t.class(b)
	t[fmt.Sprint("#", max(a, b))] = min(a, b)
}

func (t twins) class(id int) int {
	for {
		up, ok := t[fmt.Sprint("#", id)]
		if !ok || up == id {
			return id
		}
		id = up
	}
}
