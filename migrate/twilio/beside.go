package twilio

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync/atomic"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// filesBeside reads which files the messages of a channel have beside the one that
// Chat shows. Conversations shows a channel unless it is public.
type filesBeside struct {
	source           *Source
	service, channel string
	hidden           atomic.Bool // Conversations does not show the channel
}

func (f *filesBeside) add(ctx context.Context, m *chat.Message) error {
	s := f.source
	if s.beside == nil || s.withheld.Load() || f.hidden.Load() {
		return nil
	}
	shown, err := one(s.beside, ctx, "read message", m.SID, reading, decodeFiles, func(c *call) error {
		_, err := conversationsAPI(c).FetchServiceConversationMessage(segment(f.service), segment(f.channel), segment(m.SID))
		return err
	})
	if migrate.KindOf(err) == migrate.NotFound {
		// The message may have been deleted since, which says nothing of the others.
		if f.hidden.Load() {
			return nil
		}
		_, err = one(s.beside, ctx, "read conversation", f.channel, reading, decodeConversation, func(c *call) error {
			_, err := conversationsAPI(c).FetchServiceConversation(segment(f.service), segment(f.channel))
			return err
		})
		if migrate.KindOf(err) == migrate.NotFound {
			f.hidden.Store(true)
			return nil
		}
	}
	if migrate.Withheld(err) {
		if !s.withheld.Swap(true) {
			s.notice(migrate.Event{
				Level:   migrate.Warning,
				Message: "the key may not read Conversations of the source, so messages with several files are not reported",
				Fields:  []any{migrate.KeyReason, err.Error()},
			})
		}
		return nil
	}
	if err != nil {
		return err
	}
	for _, file := range shown {
		if file.SID != m.Media.SID {
			m.MoreMedia = append(m.MoreMedia, file)
		}
	}
	if len(m.MoreMedia) > 0 {
		m.Raw, err = withMore(m.Raw, m.MoreMedia)
	}
	return err
}

// withMore puts the files that Chat does not show into a message as it was sent, for
// what is kept of it is all that an archive has.
func withMore(raw json.RawMessage, more []chat.Media) (json.RawMessage, error) {
	list, err := json.Marshal(more)
	if err != nil {
		return nil, err
	}
	open, _ := bytes.CutSuffix(bytes.TrimSpace(raw), []byte("}")) // a message is an object with a SID
	return slices.Concat(open, []byte(`,"more_media":`), list, []byte("}")), nil
}

func decodeFiles(raw []byte) ([]chat.Media, error) {
	type reply struct {
		SID   string       `json:"sid"`
		Media []chat.Media `json:"media"`
	}
	r, err := unmarshal(raw, func(r reply) string { return r.SID })
	return r.Media, err
}
