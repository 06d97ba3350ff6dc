package mapping_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/mapping/conversations"
)

func TestStandsFor(t *testing.T) {
	file := &chat.Media{SID: "ME00000000000000000000000000000001", Size: 5, ContentType: "image/png", Filename: "a.png"}
	for name, c := range map[string]struct {
		policy string
		media  *chat.Media
		have   conversations.Message
		code   mapping.Code // of what was found; empty if it does not stand for the message
	}{
		"a file that was left out":                {"media-unavailable=placeholder", file, conversations.Message{Body: "hello"}, mapping.MediaMissing},
		"not if a policy would have stopped":      {"media-unavailable=stop", file, conversations.Message{Body: "hello"}, ""},
		"nor if it would have left the text out":  {"media-unavailable=skip", file, conversations.Message{Body: "hello"}, ""},
		"nor with another text":                   {"media-unavailable=placeholder", file, conversations.Message{Body: "bye"}, ""},
		"nor with a file":                         {"media-unavailable=placeholder", file, conversations.Message{Body: "hello", Media: conversations.Media{SID: "ME2"}}, ""},
		"nor of a message that has none":          {"media-unavailable=placeholder", nil, conversations.Message{Body: "bye"}, ""},
		"a message that was refused":              {"message-refused=placeholder", nil, conversations.Message{Body: "[message not accepted]"}, mapping.MessageRefused},
		"not if a policy would have left it out":  {"message-refused=skip", nil, conversations.Message{Body: "[message not accepted]"}, ""},
		"not what the policy would not have sent": {"message-refused=placeholder", nil, conversations.Message{Body: "[empty message]"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := mapping.ParsePolicy([]string{c.policy})
			require.NoError(t, err)
			m := mapping.Mapper{Policy: p}
			msg := chat.Message{SID: "IM1", From: "ann", Body: "hello", Media: c.media}
			want, _ := m.Message(msg, time.Unix(1, 0))
			c.have.Author = "ann"
			c.have.Attributes = "{}"
			stands, found := m.StandsFor(msg, want, c.have)
			require.Equal(t, c.code != "", stands)
			if stands {
				require.Equal(t, c.code, found[0].Code)
				require.Equal(t, "IM1", found[0].SID)
			}
		})
	}
}
