package emulator

import (
	"slices"
	"strings"
)

// handler answers an exchange, and is its commit.
type handler func(*Exchange) (Reply, error)

// routes finds the handler of a method and a path.
type routes struct {
	byLength map[int][]route
}

type route struct {
	method   string
	segments []string // "*" matches any one segment
	handle   handler
}

func newRoutes() *routes { return &routes{byLength: map[int][]route{}} }

// add registers a pattern such as "GET /v1/Services/*".
func (t *routes) add(pattern string, h handler) {
	method, path, _ := strings.Cut(pattern, " ")
	segments := strings.Split(strings.Trim(path, "/"), "/")
	t.byLength[len(segments)] = append(t.byLength[len(segments)], route{method, segments, h})
}

// find sets the arguments of the exchange and returns its handler, or nil.
// known says that the path exists, be it for other methods.
func (t *routes) find(x *Exchange) (h handler, known bool) {
	for _, r := range t.byLength[len(x.Path)] {
		if !r.matches(x.Path) {
			continue
		}
		known = true
		if r.method == x.Method {
			x.args = x.args[:0]
			for i, s := range r.segments {
				if s == "*" {
					x.args = append(x.args, x.Path[i])
				}
			}
			return r.handle, true
		}
	}
	return nil, known
}

func (r route) matches(path []string) bool {
	return slices.EqualFunc(r.segments, path, func(pattern, segment string) bool {
		return pattern == "*" && segment != "" || pattern == segment
	})
}
