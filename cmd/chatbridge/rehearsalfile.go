package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

const (
	// maxRehearsal is far more than a rehearsal has: about 40 experiments with a few
	// sentences each.
	maxRehearsal = 1 << 20
	// maxMeasured is the longest time that a rehearsal may claim to have measured, in
	// seconds. It watches for two minutes; an hour is a damaged number.
	maxMeasured = 3600
)

// verdicts are those that an experiment can have.
var verdicts = []migrate.Verdict{migrate.AsAssumed, migrate.Harmless, migrate.Dangerous, migrate.NotSeen}

// loadRehearsal reads a rehearsal. One that was not named is nil if it is not there;
// anything else that is there and is no rehearsal is an error: who made one must not
// be left to believe that it counts.
func loadRehearsal(path string, named bool) (*migrate.Rehearsal, error) {
	f, err := openRehearsal(path, named)
	if f == nil || err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxRehearsal+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxRehearsal {
		return nil, errors.New("it is larger than 1 MiB, so it is not a rehearsal")
	}
	return parseRehearsal(raw)
}

// openRehearsal opens a regular file, and nothing that reading could block on. A link
// is followed if somebody named it: one that just lies there may lead to what
// somebody else chose.
func openRehearsal(path string, named bool) (*os.File, error) {
	info, err := os.Lstat(path)
	if !named && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && named && info.Mode()&fs.ModeSymlink != 0 {
		info, err = os.Stat(path)
	}
	switch {
	case err != nil:
		return nil, err
	case info.Mode()&fs.ModeSymlink != 0:
		return nil, errors.New("it is a symbolic link, which is followed only if --rehearsal names it")
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	opened, err := f.Stat()
	if err == nil && !os.SameFile(info, opened) {
		err = errors.New("another file took its place while it was opened")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func parseRehearsal(raw []byte) (*migrate.Rehearsal, error) {
	var head struct {
		SchemaVersion *int    `json:"schema_version"`
		Command       *string `json:"command"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return nil, fmt.Errorf("it is damaged, or not JSON: %w", oneLine(err))
	}
	switch {
	case head.SchemaVersion == nil || head.Command == nil || *head.Command != "rehearse":
		return nil, errors.New("it is not what chatbridge rehearse writes")
	case *head.SchemaVersion != migrate.SchemaVersion:
		return nil, fmt.Errorf("its schema_version is %d, and this chatbridge reads %d", *head.SchemaVersion, migrate.SchemaVersion)
	}
	var r migrate.Rehearsal
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("it is damaged: %w", oneLine(err))
	}
	if err := checkRehearsal(r); err != nil {
		return nil, fmt.Errorf("it is damaged: %w", err)
	}
	return &r, nil
}

// checkRehearsal refuses a rehearsal that lacks what its meaning depends on.
func checkRehearsal(r migrate.Rehearsal) error {
	switch {
	case !accountSID.MatchString(r.AccountSID):
		return errors.New("account_sid is not AC and 32 hexadecimal digits")
	case r.Region == "" || r.Host == "":
		return errors.New("region or host is missing")
	case r.Began.IsZero():
		return errors.New("began_at is missing")
	case len(r.Experiments) == 0:
		return errors.New("it lists no experiments")
	}
	sound := true
	for i, e := range r.Experiments {
		sound = sound && e.Stops == ""
		switch {
		case e.Name == "":
			return fmt.Errorf("experiment %d has no name", i+1)
		case !slices.Contains(verdicts, e.Verdict):
			return fmt.Errorf("experiment %s has the unknown verdict %q", chat.Shorten(e.Name), chat.Shorten(string(e.Verdict)))
		case !measurable(e.Settle):
			return fmt.Errorf("experiment %s has %v settle_seconds", chat.Shorten(e.Name), e.Settle)
		}
	}
	if sound != r.Sound {
		return fmt.Errorf("sound is %t, and its experiments say otherwise", r.Sound)
	}
	for kind, seconds := range r.WriteTimes {
		if !measurable(seconds) {
			return fmt.Errorf("write_seconds of %s are %v", chat.Shorten(kind), seconds)
		}
	}
	return nil
}

// measurable reports whether somebody can have measured that many seconds.
func measurable(seconds float64) bool {
	return seconds >= 0 && seconds <= maxMeasured && !math.IsNaN(seconds)
}
