package migrate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"chatbridge/mapping"
)

// Kind says what an error means for what to do next.
type Kind int

// Kinds of errors. The exit status of the command follows from them.
const (
	// Failed is anything that is none of the others.
	Failed Kind = iota
	// Usage is a request or a configuration that cannot be carried out.
	Usage
	// Credentials were refused.
	Credentials
	// NotFound means that the resource is not there.
	NotFound
	// Exists means that a resource with that natural key is there already.
	Exists
	// Refused means that the service understood the request and will not carry
	// it out, now or later.
	Refused
	// Throttled means that the request was not processed because there were too
	// many, for longer than we were willing to wait.
	Throttled
	// Unavailable means that the service did not answer, or not sensibly, and
	// that nothing was changed by asking.
	Unavailable
	// InDoubt means that a write may or may not have landed.
	InDoubt
	// Conflict means that another run has the target service, or that the ledger
	// is in use, gone, or was made by different settings.
	Conflict
	// Stalled means that a lane made no progress for too long.
	Stalled
	// Interrupted means that the run was told to stop.
	Interrupted
	// PageExpired means that the service no longer takes a page token it gave.
	PageExpired
	// Contended means that somebody else was writing to the same resource at that
	// moment: the append was not carried out, and may be asked for again.
	Contended
)

// Error is what every Source, Target and Ledger returns.
type Error struct {
	Op   string // verb and noun: "append message"
	Kind Kind
	SID  string // the resource it happened to; empty where there is none
	Code int    // Twilio's error code; 0 where there is none
	Hint string // what to do next, for a person; may be empty
	Err  error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.SID != "" {
		b.WriteString(" " + e.SID)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf is the Kind of the first *Error in the chain, and Failed where there
// is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Failed
}

// CodeOf is Twilio's code of the first *Error in the chain, and 0 where there is none.
func CodeOf(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return 0
}

// NoRoom reports whether a participant was refused because the conversation is full, or
// the person is in as many as they may be.
func NoRoom(err error) bool {
	code := CodeOf(err)
	return code == CodeParticipantLimit || code == CodeConversationLimit
}

// HintOf is the first hint in the chain.
func HintOf(err error) string {
	for err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}

// BlockedError says which finding keeps a resource from being carried, and
// which setting would let it.
func BlockedError(op, sid string, found []mapping.Finding) error {
	for _, f := range found {
		if f.Severity != mapping.Stop {
			continue
		}
		return &Error{
			Op: op, Kind: Refused, SID: sid,
			Err:  fmt.Errorf("%s: %s", f.Code, f.Detail),
			Hint: fmt.Sprintf("choose what to do with it: --policy %s=…; to list the choices: chatbridge policies", f.Code),
		}
	}
	return nil
}

// fatalError ends the run and not only a channel.
type fatalError struct{ error }

func (f fatalError) Unwrap() error { return f.error }

// Fatal marks an error that ends the run and not only a channel, such as one of
// the ledger, without which nothing can go on.
func Fatal(err error) error {
	if err == nil {
		return nil
	}
	return fatalError{err}
}

// EndsRun reports whether an error ends the run and not only its lane.
func EndsRun(ctx context.Context, err error) bool {
	if ctx.Err() != nil || errors.Is(err, ErrDrained) {
		return true
	}
	return IsFatal(err) || KindOf(err) == Credentials
}

// IsFatal reports whether an error was marked by Fatal.
func IsFatal(err error) bool {
	_, ok := errors.AsType[fatalError](err)
	return ok
}

// ErrInUse is why a ledger cannot be opened that another process has open for writing.
var ErrInUse = errors.New("it is in use")

// ErrDrained ends lanes after the write that was in flight.
var ErrDrained = errors.New("stopped on request")

// Quietly keeps a lane that was drained from ending its group, which would cut
// off what its neighbours have in flight. Whoever waits for the group asks
// proceed afterwards.
func Quietly(err error) error {
	if errors.Is(err, ErrDrained) {
		return nil
	}
	return err
}

// TargetTaken is what a Ledger answers to the record of a channel whose target
// is the conversation of another channel. Two channels in one conversation would
// take each other's messages for their own.
func TargetTaken(channelSID, conversationSID, otherSID string) error {
	return &Error{
		Op: "put channel", Kind: Conflict, SID: channelSID,
		Err:  fmt.Errorf("conversation %s already belongs to channel %s", conversationSID, otherSID),
		Hint: "run the same command again: the channel gets a conversation of its own; to see which channel has this one: chatbridge sids " + conversationSID,
	}
}
