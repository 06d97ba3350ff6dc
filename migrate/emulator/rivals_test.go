package emulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func stamped(channelSID string) string { return `{"chatbridge":{"sid":"` + channelSID + `"},"k":1}` }

func TestSecondWriter(t *testing.T) {
	b := unkind(t, "second-writer=0.5")
	_, c := b.conversation()
	for range 20 {
		b.make(c+"/Messages", "Author", "ada", "Body", "x", "DateCreated", "2019-01-01T00:00:00Z")
	}
	items, _ := b.pages(b.conversations, c+"/Messages", "messages")
	rival := int(b.e.Mischief()["second-writer"])
	require.Len(t, items, 20+rival)
	require.NotZero(t, rival)
	for _, m := range items {
		require.Equal(t, "2019-01-01T00:00:00Z", m["date_created"], "nothing tells one writer's from the other's")
	}
}

func TestMirror(t *testing.T) {
	b := unkind(t, "mirror=0.5")
	_, c := b.conversation("Attributes", stamped(privateSID))
	for range 10 {
		b.make(c+"/Messages", "Body", "x")
	}
	in, _ := b.pages(b.conversations, c+"/Messages", "messages")
	from, _ := b.pages(b.chat, private+"/Messages", "messages")
	mirrored := int(b.e.Mischief()["mirror"])
	require.NotZero(t, mirrored)
	require.Len(t, in, 10+mirrored)
	require.Len(t, from, 3+mirrored)
	for _, m := range from[3:] {
		require.Contains(t, contents(in), []any{m["from"], m["body"], m["date_created"]}, "the same on both sides")
	}
}

func contents(messages []map[string]any) (all [][]any) {
	for _, m := range messages {
		all = append(all, []any{m["author"], m["body"], m["date_created"]})
	}
	return all
}

func TestForgedStamp(t *testing.T) {
	b := unkind(t, "forged-stamp=1")
	s, _ := b.conversation()
	for range 8 {
		b.make(s+"/Conversations", "Attributes", stamped(privateSID))
	}
	b.make(s+"/Conversations", "Attributes", stamped(publicSID), "UniqueName", "mine")
	items, _ := b.pages(b.conversations, s+"/Conversations", "conversations")
	require.Greater(t, len(items), 10, "some are made for it")
	bearers := 0
	for _, c := range items {
		var attributes struct{ Chatbridge struct{ SID string } }
		require.NoError(t, json.Unmarshal([]byte(c["attributes"].(string)), &attributes))
		if attributes.Chatbridge.SID == publicSID {
			bearers++
		}
	}
	require.Equal(t, 2, bearers)
	require.EqualValues(t, 9, b.e.Mischief()["forged-stamp"])
}

func TestPeople(t *testing.T) {
	for deed, happened := range map[emulator.Deed]func(messages, participants []map[string]any) bool{
		emulator.Write:  func(m, _ []map[string]any) bool { return len(m) > 20 },
		emulator.Edit:   func(m, _ []map[string]any) bool { return strings.Contains(encoded(m), `"edited by visitor-`) },
		emulator.React:  func(m, _ []map[string]any) bool { return strings.Contains(encoded(m), `reactions`) },
		emulator.Delete: func(m, _ []map[string]any) bool { return len(m) < 20 },
		emulator.Join:   func(_, p []map[string]any) bool { return len(p) > 2 },
		emulator.Leave:  func(_, p []map[string]any) bool { return len(p) < 2 },
	} {
		t.Run(string(deed), func(t *testing.T) {
			b := unkind(t, "people=0.5,people-do="+string(deed))
			_, c := b.conversation()
			for _, identity := range []string{"ada", "bob"} {
				b.make(c+"/Participants", "Identity", identity)
			}
			for range 20 {
				b.make(c+"/Messages", "Author", "ada", "Body", "x")
			}
			messages, _ := b.pages(b.conversations, c+"/Messages", "messages")
			participants, _ := b.pages(b.conversations, c+"/Participants", "participants")
			require.NotZero(t, b.e.Mischief()["people"])
			require.True(t, happened(messages, participants))
		})
	}
	t.Run("do all of it unless told", func(t *testing.T) {
		b := unkind(t, "people=1")
		_, c := b.conversation()
		before := b.read(c)
		for range 60 {
			b.write(c+"/Messages", "Author", "ada", "Body", "x")
		}
		require.Equal(t, http.StatusOK, before.status)
		messages, _ := b.pages(b.conversations, c+"/Messages?PageSize=100", "messages")
		text := encoded(messages)
		for _, sign := range []string{"hello", "edited by", "reactions"} {
			require.Contains(t, text, sign)
		}
	})
}

func encoded(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
