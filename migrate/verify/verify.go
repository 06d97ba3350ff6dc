package verify

import (
	"context"
	"iter"
	"sync"
	"time"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/claim"
	"chatbridge/migrate/internal/count"
	"chatbridge/migrate/internal/drain"
	"chatbridge/migrate/internal/push"
)

// Verifier reads both sides again and compares what is there with what the
// mapping says should be, or what a policy puts in its place. It shares no state
// with a migration: if the conversations bear our stamp, or hold what only a
// migration can have written, it needs no ledger.
type Verifier struct {
	Source   migrate.Source
	Target   migrate.TargetReader
	Ledger   migrate.LedgerReader // consulted for what stamps do not tell; may be nil
	Observer migrate.Observer     // may be nil
	Settings migrate.Settings

	// Files says that the bytes of files are compared too: each is read from both
	// sides. Size, type and name are compared without.
	Files bool

	muted  *push.Muted   // set by a Repairer, which turns push notifications off meanwhile
	claims *claim.Claims // set by a Repairer that writes
}

// Class says in which way an item differs between the two sides.
type Class string

// Classes of differences. Foreign items are listed and are no difference.
const (
	Missing      Class = "missing"   // in the source, not in the target
	Extra        Class = "extra"     // in the target, written by a migration, not in the source
	Doubled      Class = "doubled"   // in the target more often than in the source
	Reordered    Class = "reordered" // there, in another place
	Altered      Class = "altered"   // there, with another value in Field
	WrongDate    Class = "wrong date"
	WrongAuthor  Class = "wrong author"
	WrongRole    Class = "wrong role"
	WrongHorizon Class = "wrong horizon"
	NotVisible   Class = "not visible" // in Chat, and Conversations of the same account does not show it
	Foreign      Class = "foreign"     // written into the target by someone else
)

// Difference is one item that is not equal on both sides.
type Difference struct {
	Class     Class  `json:"class"`
	Kind      string `json:"kind"`
	Channel   string `json:"channel_sid,omitempty"`
	SourceSID string `json:"source_sid,omitempty"` // empty where the source lacks it
	TargetSID string `json:"target_sid,omitempty"` // empty where the target lacks it
	Field     string `json:"field,omitempty"`
	Detail    string `json:"detail,omitempty"`
	// Name is what people know it by: the identity of a user or a member, the name of
	// a service, role or channel. Messages have none.
	Name        string `json:"name,omitempty"`
	ChannelName string `json:"channel_name,omitempty"`

	at     int64 // of a message, its index in the source
	dated  int64 // of a message, when it should have been written, in seconds
	tail   bool  // of a message that is missing: nothing that both sides have follows it
	behind bool  // of such a message: mapping stops at one before it, which is missing too
	fix    fix   // what would bring it back; nil if nothing does
}

// Verification is what a comparison found.
type Verification struct {
	SchemaVersion int                      `json:"schema_version"`
	Command       string                   `json:"command"`
	Equal         bool                     `json:"equal"`
	Services      []migrate.SummaryService `json:"services"`
	Compared      map[string]int64         `json:"compared"` // what the source has, by kind
	// Counts says what became of it, as the summary of a migration does: what is in
	// the target counts as existing, and what is missing there as failed.
	Counts map[string]migrate.KindCount `json:"counts"`
	// FileBytes is how much of the files was compared byte by byte.
	FileBytes int64 `json:"file_bytes,omitzero"`
	// NotShown is what Chat does not show of these channels, so that a comparison in
	// place says nothing of it.
	NotShown    []string               `json:"not_shown,omitempty"`
	Differences map[Class]int64        `json:"differences"` // by class, foreign ones too
	Findings    []migrate.FindingCount `json:"findings"`    // what the source says of itself and does not show
	Duration    float64                `json:"duration_seconds"`
	// Unmatched are the entries of files of settings that had no effect.
	Unmatched []migrate.Unmatched `json:"unmatched,omitempty"`
}

// Run compares everything the settings select and calls report for each
// difference, one at a time. A difference in a channel is reported only when a
// second look, a settle time later, finds it again.
func (v *Verifier) Run(ctx context.Context, report func(Difference)) (Verification, error) {
	return v.compare(ctx, func(d Difference) error { report(d); return nil })
}

// found asks the ledger. A ledger that cannot tell, or that is not there, knows of
// nothing: then the difference is reported.
func (v *Verifier) found(ctx context.Context) func(mapping.Code, string) bool {
	return func(code mapping.Code, sid string) bool {
		if v.Ledger == nil {
			return false
		}
		known, err := v.Ledger.Found(ctx, code, sid)
		return err == nil && known
	}
}

// compare is Run with a report that can end it.
func (v *Verifier) compare(ctx context.Context, report func(Difference) error) (Verification, error) {
	own := *v
	v, own.Target = &own, migrate.WithoutClaim(v.Target)
	c := newComparison(v, "verify", report)
	c.agreed = agreedBy(c.set.Mapper, v.found(ctx))
	return c.whole(ctx, c.service)
}

func newComparison(v *Verifier, command string, report func(Difference) error) *comparison {
	return &comparison{
		Verifier: v, set: v.Settings.WithDefaults(), tally: count.NewCounters(v.Observer),
		result: Verification{
			SchemaVersion: migrate.SchemaVersion, Command: command,
			Compared: map[string]int64{}, Counts: map[string]migrate.KindCount{}, Differences: map[Class]int64{},
		},
		sink: report, findings: count.NewFindings(), noted: map[mapping.Finding]bool{}, unread: map[string]bool{},
	}
}

// whole compares every service that is selected, and sums up.
func (c *comparison) whole(ctx context.Context, service func(context.Context, chat.Service) error) (Verification, error) {
	started := time.Now()
	ctx = migrate.Noting(ctx, c.Observer, c.note)
	selected, err := migrate.ReadServices(ctx, c.Source, c.set.Services)
	if err != nil {
		return c.result, err
	}
	for _, s := range selected {
		if err := service(ctx, s); err != nil {
			return c.result, err
		}
	}
	c.settleCounts()
	c.result.Equal = true
	for class, n := range c.result.Differences {
		if class != Foreign && n > 0 {
			c.result.Equal = false
		}
	}
	c.result.Findings = c.findings.List()
	c.result.Duration = time.Since(started).Seconds()
	c.result.Unmatched = c.set.WithoutEffect()
	return c.result, nil
}

// comparison is the state of one Verifier.Run.
type comparison struct {
	*Verifier
	set    migrate.Settings
	agreed agreed
	tally  *count.Counters

	findings *count.Findings

	mu     sync.Mutex // guards result, noted and unread
	result Verification
	noted  map[mapping.Finding]bool
	unread map[string]bool // kinds of what the key may not read

	reporting sync.Mutex // held while sink works, which may write into the target
	sink      func(Difference) error
}

// note counts a finding about the source once, however often a channel is read.
func (c *comparison) note(found []mapping.Finding) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range found {
		if !c.noted[f] {
			c.noted[f] = true
			c.findings.Add([]mapping.Finding{f})
		}
	}
}

// withheld is told that the key may not read something of the source: it is not
// compared. The first of a kind is worth a line, since a repair lists no findings.
func (c *comparison) withheld(kind, sid, channelSID string) {
	c.mu.Lock()
	first := !c.unread[kind]
	c.unread[kind] = true
	c.mu.Unlock()
	c.note(c.set.Mapper.NotShown(kind, sid, channelSID))
	if first {
		migrate.Observed(c.Observer).Event(migrate.Event{Level: migrate.Warning, Message: "the key may not read it, so it is not compared", Fields: []any{"kind", kind}})
	}
}

// report passes differences on, one at a time.
func (c *comparison) report(all ...Difference) error {
	c.reporting.Lock()
	defer c.reporting.Unlock()
	for _, d := range all {
		c.mu.Lock()
		c.result.Differences[d.Class]++
		c.mu.Unlock()
		if d.Class == Missing && d.Kind != migrate.KindChannels { // those count once, with what is missing in them
			c.missing(d.Kind, 1)
		}
		if err := c.sink(d); err != nil {
			return err
		}
	}
	return nil
}

// channels compares the channels of a service, as many beside each other as
// lanes would run.
func (c *comparison) channels(ctx context.Context, s *verifiedService) error {
	seen := &migrate.SIDSet{}
	listed := func(ctx context.Context) iter.Seq2[chat.Channel, error] { return c.Source.Channels(ctx, s.source.SID) }
	err := drain.Each(ctx, c.set.Concurrency, listed, func(ch chat.Channel) drain.Job {
		ch.Raw = nil
		seen.Add(ch.SID)
		c.tally.Expect(migrate.KindChannels, 1)
		c.tally.Expect(migrate.KindMessages, ch.MessagesCount)
		c.tally.Expect(migrate.KindMembers, ch.MembersCount)
		return unpaused(func(ctx context.Context) error { return s.channel(ctx, ch) })
	})
	if err != nil {
		return err
	}
	if err := s.again.each(ctx, c.set.Concurrency, c.set.Settle, s.secondLook); err != nil {
		return err
	}
	for _, sid := range s.stamped.without(seen) {
		if err := s.extra(sid); err != nil {
			return err
		}
	}
	return nil
}

// unpaused is a job that does not begin while the context is paused, and is not
// paused then: what a repair writes, it saw just before.
func unpaused(j drain.Job) drain.Job {
	return func(ctx context.Context) error {
		ctx, err := drain.Signal(nil).Begin(ctx)
		if err != nil {
			return err
		}
		return j(ctx)
	}
}

// extra reports the conversations of a channel that the source does not have.
func (s *verifiedService) extra(sid string) error {
	for _, target := range s.stamped.of(sid) {
		if err := s.report(Difference{Class: Extra, Kind: migrate.KindChannels, TargetSID: target, Detail: "bears the stamp of " + sid + ", which the source does not have"}); err != nil {
			return err
		}
	}
	return nil
}

// stampOf is the source SID that a conversation's stamp names, and the service
// it came from.
func stampOf(attributes string) (channelSID, serviceSID string) {
	stamp, ok := mapping.ReadStamp(attributes)
	if !ok {
		return "", ""
	}
	return stamp.SID, stamp.ServiceSID
}
