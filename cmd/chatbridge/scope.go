package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"chatbridge/migrate"
)

// scopeOptions select a part of the services that are taken.
type scopeOptions struct {
	Channels []string
	Exclude  []string
	Type     string
	Since    string
	Until    string
	Active   string
	Limit    int
}

func (o *scopeOptions) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringSliceVar(&o.Channels, "channel", nil, "`channel` to take: a SID, a unique name, a glob over either, or @file with one per line (repeatable)")
		fs.StringSliceVar(&o.Exclude, "exclude-channel", nil, "`channel` to leave out, named in the same ways; wins over --channel (repeatable)")
		fs.StringVar(&o.Type, "type", "", "take channels of one `type`: public or private")
		fs.StringVar(&o.Since, "since", "", "take messages from this `date` on, such as 2024-05-01 (UTC) or 2024-05-01T08:00:00Z")
		fs.StringVar(&o.Until, "until", "", "take messages before this `date`")
		fs.IntVar(&o.Limit, "limit", 0, "take at most this many channels per service; 0 sets no limit")
	})
}

// scope is what the options select, with the lines of the files that they name.
func (o *scopeOptions) scope() (migrate.Scope, error) {
	s := migrate.Scope{Type: o.Type, Limit: o.Limit}
	if o.Limit < 0 {
		return s, usageError("0 sets no limit", "--limit %d is below 0", o.Limit)
	}
	var err error
	if s.Channels, err = listed("--channel", o.Channels); err != nil {
		return s, err
	}
	if s.Exclude, err = listed("--exclude-channel", o.Exclude); err != nil {
		return s, err
	}
	if s.Since, err = dated("--since", o.Since); err != nil {
		return s, err
	}
	if s.Until, err = dated("--until", o.Until); err != nil {
		return s, err
	}
	if s.ActiveSince, err = dated("--active-since", o.Active); err != nil {
		return s, err
	}
	return s, s.Validate()
}

// narrow shows s the part of its source that the options select, and fails where
// a filter selects nothing.
func (o *scopeOptions) narrow(ctx context.Context, s *endpoints, services []string) error {
	scope, err := o.scope()
	if err != nil {
		return err
	}
	s.source = migrate.Scoped(s.source, scope)
	return migrate.CheckScope(ctx, s.source, services)
}

// longScope is where a fingerprint takes a digest in place of what was selected.
const longScope = 200

// allSelected is what selection says where there is no filter.
const allSelected = "all"

// selection names for a fingerprint what is selected. Options that cannot be
// read have been refused before.
func (o *scopeOptions) selection() string {
	scope, err := o.scope()
	if err != nil {
		return "unreadable"
	}
	text := scope.String()
	switch {
	case text == "":
		return allSelected
	case len(text) > longScope:
		sum := sha256.Sum256([]byte(text))
		return "selection " + hex.EncodeToString(sum[:8])
	}
	return text
}

// listed replaces each @file by its lines. Empty lines, and those that begin
// with #, say nothing.
func listed(flag string, values []string) ([]string, error) {
	var all []string
	for _, v := range values {
		path, isFile := strings.CutPrefix(v, "@")
		if !isFile {
			all = append(all, v)
			continue
		}
		raw, err := readBounded(path, maxSelection)
		if err != nil {
			return nil, usageError("the file has one SID, unique name or glob per line", "%s: %w", flag, err)
		}
		before := len(all)
		for line := range strings.Lines(string(raw)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				all = append(all, line)
			}
		}
		if len(all) == before {
			return nil, usageError("the file has one SID, unique name or glob per line", "%s: %s names no channel", flag, path)
		}
	}
	return all, nil
}

// dated reads a date with its time, or without one as the beginning of that day
// in UTC.
func dated(flag, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(form, value); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usageError("write it as 2024-05-01, or with the time as 2024-05-01T08:00:00Z", "%s %q is not a date", flag, value)
}

// maxSelection bounds a file that names channels, in bytes: about a million SIDs.
const maxSelection = 64 << 20
