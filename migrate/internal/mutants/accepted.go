package main

import (
	"fmt"
	"os"
	"strings"
)

// accepted are the survivors that somebody looked at, by key, each with the
// reason why no test has to tell it from the original.
type accepted map[string]string

// readAccepted reads the file of accepted survivors: a key on a line of its own,
// and its reason below it, indented. A line that begins with # is a comment.
func readAccepted(name string) (accepted, error) {
	all := accepted{}
	if name == "" {
		return all, nil
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	key := ""
	for n, line := range strings.Split(string(raw), "\n") {
		text := strings.TrimSpace(line)
		switch {
		case text == "" || strings.HasPrefix(line, "#"):
		case line == strings.TrimLeft(line, " \t"):
			if key != "" && all[key] == "" {
				return nil, fmt.Errorf("%s:%d: no reason for: %s", name, n, key)
			}
			if _, twice := all[text]; twice {
				return nil, fmt.Errorf("%s:%d: stands here twice: %s", name, n+1, text)
			}
			key = text
			all[key] = ""
		case key == "":
			return nil, fmt.Errorf("%s:%d: a reason, and no mutant above it", name, n+1)
		default:
			all[key] = strings.TrimSpace(all[key] + " " + text)
		}
	}
	if key != "" && all[key] == "" {
		return nil, fmt.Errorf("%s: no reason for: %s", name, key)
	}
	return all, nil
}

// mark notes the reasons of the survivors that are accepted.
func (a accepted) mark(trials []*trial) {
	for _, t := range trials {
		if t.Verdict == survived || t.Verdict == notReached {
			t.Accepted = a[t.Key]
		}
	}
}

// stale are the entries that no longer say anything: of these packages, but of
// no mutant in them, or of one that a test kills now.
func (a accepted) stale(packages []*pkg, trials []*trial) []string {
	known, dead := map[string]bool{}, map[string]bool{}
	for _, p := range packages {
		for _, s := range p.sites {
			known[s.Key] = true
		}
	}
	for _, t := range trials {
		if t.Verdict == killed || t.Verdict == timeout {
			dead[t.Key] = true
		}
	}
	var all []string
	for _, p := range packages {
		for key := range a {
			if strings.HasPrefix(key, p.path+" ") && (!known[key] || dead[key]) {
				all = append(all, key)
			}
		}
	}
	return all
}
