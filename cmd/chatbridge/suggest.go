package main

import (
	"slices"
	"strings"
)

// suggest is the candidate that is the fewest edits away from word, or that alone
// begins with it, and empty where none is near enough to be meant.
func suggest(word string, candidates []string) string {
	if near := nearest(word, candidates, max(2, len(word)/3)); near != "" {
		return near
	}
	var longer []string
	for _, c := range candidates {
		if strings.HasPrefix(c, word) {
			longer = append(longer, c)
		}
	}
	if len(longer) != 1 || word == "" {
		return ""
	}
	return longer[0]
}

// nearest is the candidate that is the fewest edits away from word, at most so many,
// and empty if there is none.
func nearest(word string, candidates []string, most int) string {
	best, least := "", most+1
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if d := edits(word, c); d < least {
			best, least = c, d
		}
	}
	return best
}

// edits is the Levenshtein distance between two words, in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
