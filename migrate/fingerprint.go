package migrate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Fingerprint is what a ledger is bound to: names of settings and their values.
// Runs with other values would not continue the same migration.
type Fingerprint map[string]string

// Agree compares what a ledger is bound to with the settings of a run: all of
// them, or those named. If some differ, the error has Kind Conflict and names
// every one with both values.
func (f Fingerprint) Agree(run Fingerprint, settings ...string) error {
	var differences []string
	names := slices.Concat(slices.Collect(maps.Keys(f)), slices.Collect(maps.Keys(run)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if len(settings) > 0 && !slices.Contains(settings, name) {
			continue
		}
		bound, is := f[name]
		here, set := run[name]
		if is != set || bound != here {
			differences = append(differences, fmt.Sprintf("%s is %s there and %s here", name, f.setting(name), run.setting(name)))
		}
	}
	if len(differences) == 0 {
		return nil
	}
	return &Error{
		Op: "bind ledger", Kind: Conflict,
		Err:  fmt.Errorf("it was made with other settings: %s", strings.Join(differences, "; ")),
		Hint: "use the settings that the ledger was made with, or another --ledger",
	}
}

func (f Fingerprint) setting(name string) string {
	if value, ok := f[name]; ok {
		return fmt.Sprintf("%q", value)
	}
	return "not set"
}
