package emulator_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// object is a JSON object of exactly n bytes, more of them than characters.
func object(n int) string { return `{"é":"` + strings.Repeat("x", n-len(`{"é":""}`)) + `"}` }

func TestConversations(t *testing.T) {
	b := newBench(t, emulator.Config{ParticipantLimit: 2, ConversationLimit: 3})
	s := b.service()

	t.Run("keep the dates they are given, to the second and in UTC", func(t *testing.T) {
		c := b.make(s+"/Conversations", "DateCreated", "2019-01-01T02:00:00.9+02:00", "DateUpdated", "2019-06-01T00:00:00Z")
		require.Equal(t, "2019-01-01T00:00:00Z", c.text("date_created"))
		require.Equal(t, "2019-06-01T00:00:00Z", c.text("date_updated"))
		b.refused(b.write(s+"/Conversations", "DateCreated", "Tue, 01 Jan 2019 00:00:00 +0000"), http.StatusBadRequest, 50308)
		b.refused(b.write(s+"/Conversations", "DateUpdated", "yesterday"), http.StatusBadRequest, 50309)
	})
	t.Run("are moved by any write in them, unless it sets their date", func(t *testing.T) {
		c := s + "/Conversations/" + b.make(s+"/Conversations", "DateUpdated", "2019-06-01T00:00:00Z").text("sid")
		moved := func() string {
			b.clock = b.clock.Add(time.Minute)
			return b.clock.Format(time.RFC3339)
		}
		updated := func() string { return b.read(c).text("date_updated") }
		at := moved()
		p := c + "/Participants/" + b.make(c+"/Participants", "Identity", "ada", "DateUpdated", "2019-06-01T00:00:00Z").text("sid")
		require.Equal(t, at, updated())
		at = moved()
		m := c + "/Messages/" + b.make(c+"/Messages", "Body", "x", "DateUpdated", "2019-06-01T00:00:00Z").text("sid")
		require.Equal(t, at, updated())
		for _, write := range []func(){
			func() { b.write(p, "LastReadMessageIndex", "0") }, func() { b.write(m, "Body", "y") },
			func() { b.remove(m) }, func() { b.remove(p) }, func() { b.write(c, "FriendlyName", "x") },
		} {
			at = moved()
			write()
			require.Equal(t, at, updated())
		}
		require.Equal(t, "2019-06-01T00:00:00Z", b.write(c, "DateUpdated", "2019-06-01T00:00:00Z").text("date_updated"))
	})
	t.Run("have unique names, by which they are found", func(t *testing.T) {
		c := b.make(s+"/Conversations", "UniqueName", "a/b c").text("sid")
		require.Equal(t, c, b.read(s+"/Conversations/a%2Fb%20c").text("sid"))
		b.refused(b.write(s+"/Conversations", "UniqueName", "a/b c"), http.StatusConflict, 50353)
		other := s + "/Conversations/" + b.make(s+"/Conversations").text("sid")
		b.refused(b.write(other, "UniqueName", "a/b c"), http.StatusConflict, 50353)
		require.Equal(t, http.StatusOK, b.write(s+"/Conversations/"+c, "UniqueName", "new").status)
		require.Equal(t, http.StatusOK, b.write(other, "UniqueName", "a/b c").status, "a name that is given up is free")
		b.refused(b.write(other, "UniqueName", "CH"+strings.Repeat("0", 32)), http.StatusBadRequest, 50390)
		require.Equal(t, http.StatusNoContent, b.remove(other).status)
		b.make(s+"/Conversations", "UniqueName", "a/b c")
	})
	t.Run("take attributes that are a JSON object of 16 KiB", func(t *testing.T) {
		b.make(s+"/Conversations", "Attributes", object(16<<10))
		b.refused(b.write(s+"/Conversations", "Attributes", object(16<<10+1)), http.StatusBadRequest, 50303)
		for _, wrong := range []string{"", "{", "null", `"text"`, "[1]", "1"} {
			b.refused(b.write(s+"/Conversations", "Attributes", wrong), http.StatusBadRequest, 50304)
		}
	})
	t.Run("are final once closed", func(t *testing.T) {
		b.refused(b.write(s+"/Conversations", "State", "closed"), http.StatusBadRequest, 50384)
		b.refused(b.write(s+"/Conversations", "State", "asleep"), http.StatusBadRequest, 50374)
		b.refused(b.write(s+"/Conversations", "Timers.Closed", "PT1H"), http.StatusBadRequest, 50382)
		c := s + "/Conversations/" + b.make(s+"/Conversations").text("sid")
		require.Equal(t, "closed", b.write(c, "State", "closed").text("state"))
		b.refused(b.write(c, "State", "active"), http.StatusBadRequest, 50377)
		b.refused(b.write(c+"/Participants", "Identity", "ada"), http.StatusBadRequest, 50377)
	})
	t.Run("are listed newest first where a date is asked for", func(t *testing.T) {
		s := b.service()
		for day := range 4 {
			b.make(s+"/Conversations", "FriendlyName", fmt.Sprint(day), "DateCreated", fmt.Sprintf("2020-01-0%dT12:00:00Z", day+1))
		}
		items, _ := b.pages(b.conversations, s+"/Conversations?StartDate=2020-01-02&EndDate=2020-01-03&PageSize=1", "conversations")
		require.Len(t, items, 2)
		require.Equal(t, "2", items[0]["friendly_name"])
		none, _ := b.pages(b.conversations, s+"/Conversations?State=closed", "conversations")
		require.Empty(t, none)
	})
	t.Run("admit so many participants, and an identity to so many", func(t *testing.T) {
		join := func(c string) answer { return b.write(c+"/Participants", "Identity", "busy") }
		s := b.service()
		var all []string
		for range 4 {
			all = append(all, s+"/Conversations/"+b.make(s+"/Conversations").text("sid"))
		}
		b.make(all[3]+"/Participants", "Identity", "one")
		b.make(all[3]+"/Participants", "Identity", "two")
		b.refused(join(all[3]), http.StatusForbidden, 50417)
		b.remove(all[3] + "/Participants/one")
		b.refused(join(all[3]), http.StatusForbidden, 50417)
		for _, c := range all[:3] {
			require.Equal(t, http.StatusCreated, join(c).status)
		}
		last := s + "/Conversations/" + b.make(s+"/Conversations").text("sid")
		b.refused(join(last), http.StatusForbidden, 50214)
		b.write(all[0], "State", "closed")
		require.Equal(t, http.StatusCreated, join(last).status, "closed ones do not count")
	})
}

func TestParticipants(t *testing.T) {
	b := newBench(t, emulator.Config{})
	s, c := b.conversation()
	created := b.make(c+"/Participants", "Identity", "ada", "DateCreated", "2019-01-01T00:00:00Z", "LastReadMessageIndex", "7", "Attributes", object(4<<10))
	p := c + "/Participants/" + created.text("sid")

	t.Run("have no horizon until an update sets one", func(t *testing.T) {
		require.Nil(t, created.body["last_read_message_index"])
		a := b.write(p, "LastReadMessageIndex", "0", "LastReadTimestamp", "2019-01-02T00:00:00Z")
		require.Equal(t, float64(0), a.body["last_read_message_index"])
		require.Equal(t, "2019-01-02T00:00:00Z", a.text("last_read_timestamp"))
		b.refused(b.write(p, "LastReadMessageIndex", "first"), http.StatusBadRequest, 50421)
	})
	t.Run("are found by identity, and changed by SID only", func(t *testing.T) {
		require.Equal(t, created.text("sid"), b.read(c+"/Participants/ada").text("sid"))
		b.refused(b.write(c+"/Participants/ada", "Attributes", "{}"), http.StatusNotFound, 20404)
		b.refused(b.remove(c+"/Participants/ada"), http.StatusNotFound, 20404)
	})
	t.Run("are in a conversation once", func(t *testing.T) {
		b.refused(b.write(c+"/Participants", "Identity", "ada"), http.StatusConflict, 50433)
	})
	t.Run("keep the dates they are given", func(t *testing.T) {
		require.Equal(t, "2019-01-01T00:00:00Z", created.text("date_created"))
		require.Equal(t, "2018-01-01T00:00:00Z", b.write(p, "DateUpdated", "2018-01-01T00:00:00Z").text("date_updated"))
	})
	t.Run("have attributes of at most 4 KiB", func(t *testing.T) {
		b.refused(b.write(p, "Attributes", object(4<<10+1)), http.StatusBadRequest, 50303)
	})
	t.Run("have a user behind them, and the default role", func(t *testing.T) {
		require.Equal(t, "ada", b.read(s+"/Users/ada").text("identity"))
		require.Equal(t, b.read(s+"/Configuration").text("default_conversation_role_sid"), created.text("role_sid"))
		b.refused(b.write(c+"/Participants", "Identity", "eve", "RoleSid", b.read(s+"/Configuration").text("default_chat_service_role_sid")), http.StatusBadRequest, 50109)
	})
	t.Run("see what they have not read", func(t *testing.T) {
		b.make(c+"/Messages", "Body", "one")
		b.make(c+"/Messages", "Body", "two")
		u := s + "/Users/ada/Conversations/" + strings.TrimPrefix(c, s+"/Conversations/")
		require.Equal(t, float64(1), b.write(u, "LastReadMessageIndex", "0", "NotificationLevel", "muted").body["unread_messages_count"])
		require.Equal(t, "muted", b.read(u).text("notification_level"))
	})
}
