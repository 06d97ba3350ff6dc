package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// entries are those of a file of settings, and which of them had an effect so far.
type entries struct {
	setting, path string
	nobody        string         // what an entry without effect matched
	lines         map[string]int // by entry, its line in the file

	mu   sync.Mutex
	left map[string]bool // nothing that was read has their name
}

func newEntries(setting, path, nobody string, lines map[string]int) *entries {
	e := &entries{setting: setting, path: path, nobody: nobody, lines: lines, left: make(map[string]bool, len(lines))}
	for entry := range lines {
		e.left[entry] = true
	}
	return e
}

func (e *entries) met(names ...string) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, name := range names {
		delete(e.left, name)
	}
}

// unmatched are the entries without effect, in the order of the file.
func (e *entries) unmatched() []migrate.UnmatchedLine {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := make([]migrate.UnmatchedLine, 0, len(e.left))
	for entry := range e.left {
		all = append(all, migrate.UnmatchedLine{Line: e.lines[entry], Entry: entry})
	}
	slices.SortFunc(all, func(a, b migrate.UnmatchedLine) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

// matcher is a Source that notes which entries of files of settings it showed the
// people and messages of, and who they are.
type matcher struct {
	migrate.Source

	people   *entries // to rename; nil without such a file
	messages *entries // to leave out; nil without such a file
	all      *identities
}

func (m *matcher) named(names ...string) {
	m.people.met(names...)
	m.all.add(names...)
}

// noting passes a sequence on and notes whom each element names.
func noting[T any](m *matcher, seq iter.Seq2[T, error], names func(T) []string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for one, err := range seq {
			if err == nil {
				m.named(names(one)...)
			}
			if !yield(one, err) {
				return
			}
		}
	}
}

func (m *matcher) Users(ctx context.Context, serviceSID string) iter.Seq2[chat.User, error] {
	return noting(m, m.Source.Users(ctx, serviceSID), func(u chat.User) []string { return []string{u.Identity} })
}

func (m *matcher) Channels(ctx context.Context, serviceSID string) iter.Seq2[chat.Channel, error] {
	return noting(m, m.Source.Channels(ctx, serviceSID), func(c chat.Channel) []string { return []string{c.CreatedBy} })
}

func (m *matcher) Members(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Member, error] {
	return noting(m, m.Source.Members(ctx, serviceSID, channelSID), func(c chat.Member) []string { return []string{c.Identity} })
}

func (m *matcher) Messages(ctx context.Context, serviceSID, channelSID string, span migrate.Span) iter.Seq2[chat.Message, error] {
	return noting(m, m.Source.Messages(ctx, serviceSID, channelSID, span), func(c chat.Message) []string {
		m.messages.met(c.SID)
		return []string{c.From, c.LastUpdatedBy}
	})
}

func (m *matcher) Invites(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Invite, error] {
	return noting(m, m.Source.Invites(ctx, serviceSID, channelSID), func(c chat.Invite) []string { return []string{c.Identity, c.CreatedBy} })
}

// unmatchedShown is how many entries a note names.
const unmatchedShown = 5

// unmatched says which entries of files had no effect, as results have it.
func (m *matcher) unmatched() []migrate.Unmatched {
	if m == nil {
		return nil
	}
	var all []migrate.Unmatched
	for _, e := range []*entries{m.people, m.messages} {
		if e == nil {
			continue
		}
		left := e.unmatched()
		if len(left) == 0 {
			continue
		}
		all = append(all, migrate.Unmatched{
			Setting: e.setting, File: filepath.Base(e.path), Entries: len(e.lines), Count: len(left), Lines: left[:min(len(left), migrate.UnmatchedKept)],
		})
	}
	return all
}

// note says which lines of files had no effect. A run that goes on does not read
// again what earlier ones carried, so it says what it read and no more.
func (m *matcher) note(w io.Writer) {
	if m == nil {
		return
	}
	for _, e := range []*entries{m.people, m.messages} {
		if e == nil {
			continue
		}
		left := e.unmatched()
		if len(left) == 0 {
			continue
		}
		var shown []string
		for _, one := range left[:min(len(left), unmatchedShown)] {
			shown = append(shown, fmt.Sprintf("%s (line %d)", chat.Excerpt(one.Entry), one.Line))
		}
		if len(left) > unmatchedShown {
			shown = append(shown, "…")
		}
		fmt.Fprintf(w, "Note: %s of %s matched %s that this run read: %s\n", plural(len(left), "line", "lines"), e.path, e.nobody, strings.Join(shown, ", "))
	}
}
