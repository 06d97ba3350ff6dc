package migrate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"chatbridge/mapping/chat"
)

// Scope selects a part of a workspace. Its zero value selects all of it.
type Scope struct {
	// Channels selects channels by SID, unique name, or a glob over either
	// (path.Match). Empty selects all.
	Channels []string
	// Exclude leaves channels out, in the same ways; it wins over Channels.
	Exclude []string
	// Type selects channels of one type, public or private.
	Type string
	// Since and Until select messages by their date of creation: not before
	// Since, and before Until. Members and settings are not
	// affected.
	Since, Until time.Time
	// ActiveSince marks the members who neither read nor wrote since then as
	// dormant; mapping leaves those out, and says so. Zero marks nobody.
	ActiveSince time.Time
	// Limit is the most channels of each service, in the order in which the
	// source lists them. Zero is no limit.
	Limit int
}

// String names what the scope selects, for the fingerprint of a ledger; empty
// where it selects all.
func (s Scope) String() string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	sorted := func(all []string) string {
		all = slices.Clone(all)
		slices.Sort(all)
		return strings.Join(all, "|")
	}
	date := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	add("channels", sorted(s.Channels))
	add("exclude", sorted(s.Exclude))
	add("type", s.Type)
	add("since", date(s.Since))
	add("until", date(s.Until))
	add("active-since", date(s.ActiveSince))
	if s.Limit > 0 {
		add("limit", fmt.Sprint(s.Limit))
	}
	return strings.Join(parts, " ")
}

// Validate checks that the patterns can be read and the dates are in order.
func (s Scope) Validate() error {
	for _, p := range slices.Concat(s.Channels, s.Exclude) {
		if _, err := path.Match(p, ""); err != nil {
			return &Error{Op: "read channel pattern", Kind: Usage, Err: fmt.Errorf("%s: %w", chat.Excerpt(p), err), Hint: "write a SID, a unique name, or a glob such as 'support-*'"}
		}
	}
	if s.Type != "" && s.Type != chat.PublicChannel && s.Type != chat.PrivateChannel {
		return &Error{Op: "read channel type", Kind: Usage, Err: fmt.Errorf("%q is neither public nor private", s.Type), Hint: "give --type public or --type private"}
	}
	if !s.Since.IsZero() && !s.Until.IsZero() && !s.Since.Before(s.Until) {
		return &Error{Op: "read dates", Kind: Usage, Err: errors.New("--since is not before --until"), Hint: "messages are selected from --since (included) to --until (not included)"}
	}
	return nil
}

// Scoped shows the part of a source that a scope selects. What it shows is
// whole in itself: an audit, a migration and a verification of the same scope
// see the same.
func Scoped(src Source, s Scope) Source {
	if s.String() == "" {
		return src
	}
	return &scoped{Source: src, scope: s, channels: newNames(s.Channels), exclude: newNames(s.Exclude), met: map[string]bool{}}
}

type scoped struct {
	Source
	scope             Scope
	channels, exclude names

	mu  sync.Mutex
	met map[string]bool // patterns that matched a channel
}

// names are SIDs, unique names, and globs over either. A file can name as many as
// there are channels, so that what is no glob is looked up, and not tried in turn.
type names struct {
	exact map[string]bool
	globs []string
}

func newNames(all []string) names {
	n := names{exact: map[string]bool{}}
	for _, p := range all {
		if strings.ContainsAny(p, `*?[\`) {
			n.globs = append(n.globs, p)
		} else {
			n.exact[p] = true
		}
	}
	return n
}

// matching yields each that matches a channel.
func (n names) matching(c chat.Channel) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, name := range []string{c.SID, c.UniqueName} {
			if name == "" {
				continue
			}
			if n.exact[name] && !yield(name) {
				return
			}
			// Slashes are ordinary characters in a unique name.
			plain := strings.ReplaceAll(name, "/", "\x01")
			for _, p := range n.globs {
				if ok, _ := path.Match(strings.ReplaceAll(p, "/", "\x01"), plain); ok && !yield(p) {
					return
				}
			}
		}
	}
}

// Channels yields the channels that are selected. The first listing that
// selects nothing for a pattern of Scope.Channels, in any service, is not an
// error yet: see unmatched.
func (s *scoped) Channels(ctx context.Context, serviceSID string) iter.Seq2[chat.Channel, error] {
	return func(yield func(chat.Channel, error) bool) {
		n := 0
		for c, err := range s.Source.Channels(ctx, serviceSID) {
			if err == nil && !s.selects(c) {
				continue
			}
			if err == nil && s.scope.Limit > 0 && n == s.scope.Limit {
				return
			}
			n++
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

func (s *scoped) selects(c chat.Channel) bool {
	included := s.matches(s.channels, c) || len(s.scope.Channels) == 0
	excluded := s.matches(s.exclude, c)
	return included && !excluded && (s.scope.Type == "" || s.scope.Type == c.Type)
}

// matches notes every name that matches: each has to match something.
func (s *scoped) matches(n names, c chat.Channel) (any bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range n.matching(c) {
		s.met[name], any = true, true
	}
	return any
}

// Matches reports whether a channel has a SID or a unique name that is a pattern, or
// that a pattern, which is a glob then, matches.
func Matches(pattern string, c chat.Channel) bool {
	for range newNames([]string{pattern}).matching(c) {
		return true
	}
	return false
}

// Messages yields the messages within the dates of the scope.
func (s *scoped) Messages(ctx context.Context, serviceSID, channelSID string, span Span) iter.Seq2[chat.Message, error] {
	all := s.Source.Messages(ctx, serviceSID, channelSID, span)
	if s.scope.Since.IsZero() && s.scope.Until.IsZero() {
		return all
	}
	return func(yield func(chat.Message, error) bool) {
		for m, err := range all {
			if err == nil && !s.within(m.DateCreated.Time) {
				continue
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

func (s *scoped) within(at time.Time) bool {
	return !at.Before(s.scope.Since) && (s.scope.Until.IsZero() || at.Before(s.scope.Until))
}

// CheckScope lists the channels of the selected services once, and fails where
// a filter selects nothing: a name with a slip in it must not pass for done.
func CheckScope(ctx context.Context, src Source, services []string) error {
	s, ok := src.(*scoped)
	if !ok || len(s.scope.Channels) == 0 && len(s.scope.Exclude) == 0 && s.scope.Type == "" {
		return nil
	}
	selected, err := ReadServices(ctx, s.Source, services)
	if err != nil {
		return err
	}
	n := 0
	for _, service := range selected {
		for c, err := range s.Source.Channels(ctx, service.SID) {
			if err != nil {
				return err
			}
			if s.selects(c) {
				n++
			}
		}
	}
	for _, p := range slices.Concat(s.scope.Channels, s.scope.Exclude) {
		if !s.met[p] {
			return &Error{Op: "select channels", Kind: Usage, Err: fmt.Errorf("no channel has the SID or unique name %s", chat.Excerpt(p)), Hint: "to list the channels: chatbridge audit --channels-out channels.csv"}
		}
	}
	if n == 0 {
		return &Error{Op: "select channels", Kind: Usage, Err: errors.New("no channel passes all the filters"), Hint: "to list the channels: chatbridge audit --channels-out channels.csv"}
	}
	return nil
}
