package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/rehearse"
	"chatbridge/reports"
)

// withContentFlag is the setting that names channels for a rehearsal to copy.
const withContentFlag = "with-content"

// contentOption has a rehearsal copy real channels.
type contentOption struct {
	WithContent []string
	Policies    []string
	Settle      time.Duration

	given   func() bool // somebody gave --with-content, with whatever value
	scope   migrate.Scope
	mapper  mapping.Mapper
	content *realContent // nil until it was read
	sides   *endpoints   // nil unless real channels are to be copied
}

func (o *contentOption) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringSliceVar(&o.WithContent, withContentFlag, nil, "also copy the real messages of this `channel` of the source and compare them: a SID, a unique name, a glob over either, or @file with one per line (repeatable)")
		fs.StringSliceVar(&o.Policies, policySetting, nil, "with --with-content: what to do with a kind of finding, as `code=choice` (repeatable; see chatbridge policies)")
		fs.DurationVar(&o.Settle, "settle", migrate.DefaultSettle, "with --with-content: how long to wait for an unanswered write to land")
	})
	o.given = func() bool { return isGiven(fs.Lookup(withContentFlag)) }
}

// wanted reports whether real channels are to be copied.
func (o *contentOption) wanted() bool { return len(o.scope.Channels) > 0 }

// read reads what the settings say.
func (o *contentOption) read() (err error) {
	const hint = "name a SID, a unique name, or a glob such as 'support-*'"
	if o.given == nil || !o.given() {
		return nil
	}
	if o.Settle <= 0 {
		return usageError("write a duration with its unit, such as 10s", "--settle %s is not above 0", o.Settle)
	}
	if o.scope.Channels, err = listed("--"+withContentFlag, o.WithContent); err != nil {
		return err
	}
	if len(o.scope.Channels) == 0 || slices.Contains(o.scope.Channels, "") {
		return usageError(hint, "--%s names no channel", withContentFlag)
	}
	if err := o.scope.Validate(); err != nil {
		return err
	}
	o.mapper, err = (&mappingOptions{Policies: o.Policies, Stamp: true}).mapper()
	return err
}

// realContent is what a rehearsal copies of a source.
type realContent struct {
	rehearse.Content
	service chat.Service
	names   []string // of the channels, for people to read
	people  map[string]bool
	mapper  mapping.Mapper
	scope   migrate.Scope // of the channels by SID, and of the messages that were there
}

// say tells whose text it is that is copied, before anybody is asked.
func (c *realContent) say(w io.Writer, account string, takes time.Duration, kept bool) {
	const most = 10
	var names []string
	for _, name := range c.names[:min(len(c.names), most)] {
		names = append(names, reports.Plain(name))
	}
	more := ""
	if n := len(c.names) - most; n > 0 {
		more = fmt.Sprintf(", and %d more", n)
	}
	fmt.Fprintf(w, "  Copy %s of %s by %s, with their names and attributes, and compare them: %s%s.\n",
		quantity(c.Messages, "real message", "real messages"), plural(len(c.names), "channel", "channels"), plural(c.persons(), "person", "people"), strings.Join(names, ", "), more)
	until := "is deleted with the service"
	if kept {
		until = "stays there until the service is deleted"
	}
	fmt.Fprintf(w, "    Their text gets into account %s, and %s. These people count as active users on its bill of this month.\n", account, until)
	fmt.Fprintf(w, "    That takes at least %s more.\n", reports.Duration(takes.Seconds()))
}

// persons counts the people: what nobody wrote is not of one.
func (c *realContent) persons() int {
	n := len(c.people)
	if c.people[systemAuthor] {
		n--
	}
	return n
}

// systemAuthor is who wrote what nobody wrote.
const systemAuthor = "system"

// theirs is a source that shows the users of the people of a content, and no others.
// It shows no webhooks: nothing that a rehearsal makes may call one.
type theirs struct {
	migrate.Source
	content *realContent
}

// Users is of migrate.Source.
func (t *theirs) Users(ctx context.Context, serviceSID string) iter.Seq2[chat.User, error] {
	return func(yield func(chat.User, error) bool) {
		for u, err := range t.Source.Users(ctx, serviceSID) {
			if err == nil && !t.content.people[t.content.mapper.Identity(u.Identity)] {
				continue
			}
			if !yield(u, err) {
				return
			}
		}
	}
}

// Webhooks is of migrate.Source.
func (t *theirs) Webhooks(context.Context, string, string) iter.Seq2[chat.ChannelWebhook, error] {
	return func(func(chat.ChannelWebhook, error) bool) {}
}
