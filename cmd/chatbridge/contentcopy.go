package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/rehearse"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/verify"
)

// meet checks what c is told, and connects both sides if real channels are to be
// copied. Nothing is written.
func (o *rehearseOptions) meet(ctx context.Context, c connector) error {
	if !o.wanted() {
		return c.checkSurroundings(writeTarget)
	}
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	defer func(own time.Duration) { o.settle = own }(o.settle)
	o.settle = o.Settle
	s, err := dial(ctx, c, writeTarget)
	if err != nil {
		return interrupted(ctx, err)
	}
	o.sides = s
	return nil
}

// part lets go of what meet connected.
func (o *rehearseOptions) part() error {
	if o.sides == nil {
		return nil
	}
	return o.sides.Close()
}

// choose reads the channels that are to be copied, and gives them to r.
func (o *rehearseOptions) choose(ctx context.Context, r *rehearse.Rehearser, event func(migrate.Event)) error {
	if o.sides == nil {
		return nil
	}
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	c, err := readContent(ctx, o.sides, o.scope, o.mapper)
	if err != nil {
		return interrupted(ctx, err)
	}
	copier := &contentCopy{content: c, endpoints: o.sides, concurrency: o.channels(), aps: o.APS, settle: o.Settle, event: event}
	c.Copy = copier.run
	o.content, r.Content = c, &c.Content
	return nil
}

// compared reports whether the real messages were compared, if there are any to be.
func (o *contentOption) compared(r migrate.Rehearsal) bool {
	return o.content == nil || slices.ContainsFunc(r.Experiments, func(e migrate.Experiment) bool {
		return e.Name == rehearse.ContentExperiment && e.Verdict != migrate.NotSeen
	})
}

// takes is how long the copy takes at least: it writes lanes at once, aps messages a
// second into each, after nothing from before can land any more.
func (o *rehearseOptions) takes() time.Duration {
	return o.Settle + time.Duration(float64(o.content.Messages)/(o.APS*float64(o.channels()))*float64(time.Second))
}

// contentCopy migrates a content into the service of a rehearsal, and compares it.
type contentCopy struct {
	content     *realContent
	endpoints   *endpoints
	concurrency int
	aps         float64
	settle      time.Duration
	event       func(migrate.Event)
}

// run is Copy of a rehearse.Content. Its ledger goes when it ends: what is there is
// known again by the record of the rehearsal.
func (c *contentCopy) run(ctx context.Context, service string, made func(string)) (e migrate.Experiment, err error) {
	before := c.endpoints.counter.Traffic()
	defer func() {
		after := c.endpoints.counter.Traffic()
		e.Requests = after.Reads + after.Writes - before.Reads - before.Writes
	}()
	ledger, err := temporaryLedger(ctx)
	if err != nil {
		return e, err
	}
	defer ledger.Close()
	source := &theirs{migrate.Scoped(c.endpoints.source, c.content.scope), c.content}
	set := migrate.Settings{
		Services: []string{c.content.Service}, ToService: service, Mapper: c.content.mapper,
		Concurrency: c.concurrency, APS: c.aps, Settle: c.settle, UserChannels: c.endpoints.userChannels,
	}
	m := &replay.Migration{
		Source: source, Target: notingMade{c.endpoints.writer, made}, Ledger: ledger, Observer: eventsOnly{tell: c.event},
		Settings: set, Traffic: c.endpoints.counter.Traffic,
	}
	summary, err := m.Run(ctx)
	if err != nil {
		return e, err
	}
	differs := map[string]int{}
	v := &verify.Verifier{Source: source, Target: c.endpoints.reader, Ledger: ledger, Observer: eventsOnly{tell: c.event}, Settings: set, Files: true}
	found, err := v.Run(ctx, func(d verify.Difference) {
		if d.Class != verify.Foreign {
			differs[strings.TrimSpace(d.Kind+" "+string(d.Class)+" "+d.Field)]++
		}
	})
	if err != nil {
		return e, err
	}
	c.judge(&e, summary, found, differs)
	return e, nil
}

// judge says what arrived. It repeats no text and no name: a rehearsal is kept.
func (c *contentCopy) judge(e *migrate.Experiment, summary replay.Summary, found verify.Verification, differs map[string]int) {
	what := fmt.Sprintf("%s of %s by %s", quantity(c.content.Messages, "message", "messages"),
		plural(len(c.content.Conversations), "channel", "channels"), plural(c.content.persons(), "person", "people"))
	if found.Equal && len(summary.Failures) == 0 {
		e.Verdict, e.Seen = migrate.AsAssumed, what+" arrived equal"
		return
	}
	const most = 6
	var list []string
	for _, f := range summary.Failures {
		list = append(list, strings.TrimSuffix(f.Kind, "s")+" "+f.SourceSID+" did not arrive whole: "+f.Reason)
	}
	for _, k := range slices.Sorted(maps.Keys(differs)) {
		list = append(list, fmt.Sprintf("%s: %d", k, differs[k]))
	}
	if more := len(list) - most; more > 0 {
		list = append(list[:most], fmt.Sprintf("and %d more", more))
	}
	e.Verdict, e.Seen = migrate.Dangerous, "of "+what+", some did not arrive equal: "+strings.Join(list, "; ")
	e.Stops = "real messages did not arrive equal"
	e.Follows = "if nobody changed these channels meanwhile, do not migrate; to look at the copy, rehearse again with --keep"
}

// eventsOnly is an Observer that counts nothing.
type eventsOnly struct {
	migrate.Unobserved
	tell func(migrate.Event)
}

// Event is of migrate.Observer.
func (o eventsOnly) Event(e migrate.Event) {
	if o.tell != nil {
		o.tell(e)
	}
}

// notingMade is a Target that tells the SID of what it created, however the account
// stores it.
type notingMade struct {
	migrate.Target
	made func(sid string)
}

// AppendRole is of migrate.Target.
func (n notingMade) AppendRole(ctx context.Context, serviceSID string, r conversations.Role) (conversations.Role, error) {
	got, err := n.Target.AppendRole(ctx, serviceSID, r)
	if err == nil {
		n.made(got.SID)
	}
	return got, err
}

// EnsureUser is of migrate.Target.
func (n notingMade) EnsureUser(ctx context.Context, serviceSID string, u conversations.User) (conversations.User, migrate.Change, error) {
	got, change, err := n.Target.EnsureUser(ctx, serviceSID, u)
	if err == nil && change == migrate.Created {
		n.made(got.SID)
	}
	return got, change, err
}

// AppendConversation is of migrate.Target.
func (n notingMade) AppendConversation(ctx context.Context, serviceSID string, c conversations.Conversation) (conversations.Conversation, error) {
	got, err := n.Target.AppendConversation(ctx, serviceSID, c)
	if err == nil {
		n.made(got.SID)
	}
	return got, err
}

// EnsureParticipant is of migrate.Target.
func (n notingMade) EnsureParticipant(ctx context.Context, serviceSID, conversationSID string, p conversations.Participant, keep func(conversations.Participant) bool) (conversations.Participant, migrate.Change, error) {
	got, change, err := n.Target.EnsureParticipant(ctx, serviceSID, conversationSID, p, keep)
	if err == nil && change == migrate.Created {
		n.made(got.SID)
	}
	return got, change, err
}

// AppendMessage is of migrate.Target.
func (n notingMade) AppendMessage(ctx context.Context, serviceSID, conversationSID string, m conversations.Message) (conversations.Message, error) {
	got, err := n.Target.AppendMessage(ctx, serviceSID, conversationSID, m)
	if err == nil {
		n.made(got.SID)
	}
	return got, err
}
