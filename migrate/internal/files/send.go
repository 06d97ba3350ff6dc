package files

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
)

// Message is a message with a file, and what it takes to send it.
type Message struct {
	Job
	Ledger       migrate.Ledger
	Channel      string // SID, of the source
	Index        int64  // in the source
	Conversation string // SID
	Settle       time.Duration

	// Proceed is asked before each write.
	Proceed func(ctx context.Context) error
	// Doubt notes that the message was sent and had no answer.
	Doubt func(ctx context.Context) error
	// Find looks for the message that has a file of the target; false if no list
	// shows one.
	Find func(ctx context.Context, mediaSID string) (conversations.Message, bool, error)
}

// How often one message is tried.
const (
	sends   = 5 // without an answer
	uploads = 3 // of a file that is gone before its message comes
	looks   = 8 // for a message that has the file, and that no list shows: one lags by requests, too
)

// Send uploads the file of a message, and sends the message with it.
//
// A file belongs to one message. So a message without an answer is sent again with
// the same file at once: if the first landed, the service says that the file is
// taken, and if the file was removed meanwhile, the first did not land and cannot
// any more. Nothing is uploaded anew before the service says that.
func (c *Copier) Send(ctx context.Context, m Message, want conversations.Message) (sent, got conversations.Message, err error) {
	m.Media = want.Media
	for unanswered, uploaded := 0, 0; ; {
		sent = want
		var anew bool
		if sent.Media.SID, anew, err = c.upload(ctx, m); err != nil {
			return sent, got, err
		}
		if anew {
			uploaded++
		}
		if err := m.Proceed(ctx); err != nil {
			return sent, got, err
		}
		got, err = m.Target.AppendMessage(ctx, m.TargetService, m.Conversation, sent)
		e, _ := errors.AsType[*migrate.Error](err)
		switch {
		case err == nil, e == nil:
			return sent, got, err
		case e.Kind == migrate.InDoubt:
			if unanswered++; unanswered == sends {
				return sent, got, err
			}
			if err := m.Doubt(ctx); err != nil {
				return sent, got, err
			}
			if unanswered > 1 {
				if err := m.Wait(ctx, min(m.Settle, time.Second<<(unanswered-2))); err != nil {
					return sent, got, err
				}
			}
		case e.Code == migrate.CodeMediaTaken:
			got, err = c.find(ctx, m, sent.Media.SID)
			return sent, got, err
		case e.Code == migrate.CodeMediaGone:
			if unanswered > 0 { // it may have landed, whatever is said of its file
				if err := m.Wait(ctx, m.Settle); err != nil {
					return sent, got, err
				}
				landed, there, err := m.Find(ctx, sent.Media.SID)
				if err != nil || there {
					return sent, landed, err
				}
			}
			if uploaded == uploads {
				return sent, got, &migrate.Error{Op: "append message", Kind: migrate.Unavailable, SID: m.Media.SID,
					Err: fmt.Errorf("uploaded %d times, the file was gone each time before its message came: %w", uploads, e.Err), Hint: "run the same command again to resume"}
			}
			if err := m.Ledger.ForgetFile(ctx, m.Channel, m.Index); err != nil {
				return sent, got, migrate.Fatal(err)
			}
		default:
			return sent, got, err
		}
	}
}

// upload is the SID of the file in the target: of one that was uploaded before, or
// anew.
func (c *Copier) upload(ctx context.Context, m Message) (sid string, anew bool, err error) {
	rec, known, err := m.Ledger.File(ctx, m.Channel, m.Index)
	if err != nil {
		return sid, anew, migrate.Fatal(err)
	}
	if known && rec.SourceSID == m.Media.SID {
		return rec.TargetSID, false, nil
	}
	if err := m.Proceed(ctx); err != nil {
		return sid, anew, err
	}
	stored, rec, err := c.Copy(ctx, m.Job)
	if err != nil {
		return sid, anew, err
	}
	rec.SourceIndex = m.Index
	if err := m.Ledger.PutFile(context.WithoutCancel(ctx), m.Channel, rec); err != nil {
		return sid, anew, migrate.Fatal(err)
	}
	return stored.SID, true, nil
}

// find is the message that has the file. The service says that there is one.
func (c *Copier) find(ctx context.Context, m Message, mediaSID string) (conversations.Message, error) {
	for n := range looks {
		if n > 0 {
			if err := m.Wait(ctx, m.Settle); err != nil {
				return conversations.Message{}, err
			}
		}
		got, there, err := m.Find(ctx, mediaSID)
		if err != nil || there {
			return got, err
		}
	}
	return conversations.Message{}, &migrate.Error{Op: "append message", Kind: migrate.Unavailable, SID: m.Conversation,
		Err:  fmt.Errorf("the service says that a message has file %s, and no list shows it: %w", mediaSID, migrate.ErrShort),
		Hint: "run the same command again to resume",
	}
}
