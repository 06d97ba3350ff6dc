package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// matcher is a Source that notes which of the identities to rename it showed.
type matcher struct {
	migrate.Source

	mu   sync.Mutex
	left map[string]bool // identities that nobody had so far
}

func newMatcher(src migrate.Source, rename map[string]string) *matcher {
	m := &matcher{Source: src, left: make(map[string]bool, len(rename))}
	for old := range rename {
		m.left[old] = true
	}
	return m
}

func (m *matcher) met(identities ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range identities {
		delete(m.left, i)
	}
}

// noting passes a sequence on and notes whom each element names.
func noting[T any](m *matcher, seq iter.Seq2[T, error], names func(T) []string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for one, err := range seq {
			if err == nil {
				m.met(names(one)...)
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
	return noting(m, m.Source.Messages(ctx, serviceSID, channelSID, span), func(c chat.Message) []string { return []string{c.From, c.LastUpdatedBy} })
}

func (m *matcher) Invites(ctx context.Context, serviceSID, channelSID string) iter.Seq2[chat.Invite, error] {
	return noting(m, m.Source.Invites(ctx, serviceSID, channelSID), func(c chat.Invite) []string { return []string{c.Identity, c.CreatedBy} })
}

// unmatchedShown is how many identities a note names.
const unmatchedShown = 5

// note says which lines of the file had no effect. A run that goes on does not
// read again what earlier ones carried, so it says what it read and no more.
func (m *matcher) note(w io.Writer, path string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	left := slices.Sorted(maps.Keys(m.left))
	m.mu.Unlock()
	if len(left) == 0 {
		return
	}
	var shown []string
	for _, one := range left[:min(len(left), unmatchedShown)] {
		shown = append(shown, chat.Excerpt(one))
	}
	if len(left) > unmatchedShown {
		shown = append(shown, "…")
	}
	fmt.Fprintf(w, "Note: %s of %s matched nobody that this run read: %s\n", plural(len(left), "line", "lines"), path, strings.Join(shown, ", "))
}
