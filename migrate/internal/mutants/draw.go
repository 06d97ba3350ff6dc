package main

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// draw takes n of the sites, or all where n is 0, in an order that depends on
// the seed alone: a run that is cut off has tried a fair sample.
func draw(sites []*site, n int, seed uint64) []*site {
	r := rand.New(rand.NewPCG(seed, 0))
	if n <= 0 || n > len(sites) {
		n = len(sites)
	}
	drawn := make([]*site, n)
	for to, from := range r.Perm(len(sites))[:n] {
		drawn[to] = sites[from]
	}
	return drawn
}

// choose keeps the sites that a list names: by ID, by file, or by file and line.
// A file may leave out the folders before it.
func choose(sites []*site, list string) []*site {
	if list == "" {
		return sites
	}
	names := strings.Split(list, ",")
	var chosen []*site
	for _, s := range sites {
		if slices.ContainsFunc(names, func(name string) bool { return named(s, strings.TrimSpace(name)) }) {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

func named(s *site, name string) bool {
	file, line, has := strings.Cut(name, ":")
	switch {
	case name == s.ID:
		return true
	case has && line != strconv.Itoa(s.Line):
		return false
	}
	file = strings.TrimPrefix(file, "./")
	return s.File == file || strings.HasSuffix(s.File, "/"+file)
}
