package emulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestMessages(t *testing.T) {
	b := newBench(t, emulator.Config{})
	_, c := b.conversation()
	ada := b.make(c+"/Participants", "Identity", "ada").text("sid")

	t.Run("are the system's unless they name an author, who need not be a participant", func(t *testing.T) {
		m := b.make(c+"/Messages", "Body", "x")
		require.Equal(t, "system", m.text("author"))
		require.Nil(t, m.body["participant_sid"])
		require.Nil(t, b.make(c+"/Messages", "Body", "x", "Author", "gone").body["participant_sid"])
		require.Equal(t, ada, b.make(c+"/Messages", "Body", "x", "Author", "ada").text("participant_sid"))
	})
	t.Run("keep the participant that their author was when they were written", func(t *testing.T) {
		early := b.make(c+"/Messages", "Body", "x", "Author", "eve").text("sid")
		eve := b.make(c+"/Participants", "Identity", "eve").text("sid")
		then := b.make(c+"/Messages", "Body", "x", "Author", "eve").text("sid")
		require.Nil(t, b.write(c+"/Messages/"+early, "Body", "edited").body["participant_sid"])
		b.remove(c + "/Participants/" + eve)
		b.make(c+"/Participants", "Identity", "eve")
		require.Equal(t, eve, b.write(c+"/Messages/"+then, "Body", "edited").text("participant_sid"))
		require.Equal(t, ada, b.write(c+"/Messages/"+then, "Author", "ada").text("participant_sid"), "another author is another participant")
	})
	t.Run("have a date of update only if it was set or they were edited", func(t *testing.T) {
		m := b.make(c+"/Messages", "Body", "x", "DateCreated", "2019-01-01T00:00:00Z")
		require.Equal(t, "2019-01-01T00:00:00Z", m.text("date_created"))
		require.Nil(t, m.body["date_updated"])
		path := c + "/Messages/" + m.text("sid")
		require.Equal(t, b.clock.Format(time.RFC3339), b.write(path, "Body", "y").text("date_updated"))
		require.Equal(t, "2019-02-01T00:00:00Z", b.write(path, "DateUpdated", "2019-02-01T00:00:00Z").text("date_updated"))
		require.Equal(t, "y", b.read(path).text("body"))
		require.Equal(t, "2019-03-01T00:00:00Z", b.make(c+"/Messages", "Body", "x", "DateUpdated", "2019-03-01T00:00:00Z").text("date_updated"))
	})
	t.Run("need a body", func(t *testing.T) {
		b.refused(b.write(c+"/Messages", "Author", "ada"), http.StatusBadRequest, 50503)
		b.refused(b.write(c+"/Messages", "Body", ""), http.StatusBadRequest, 50503)
		b.refused(b.write(c+"/Messages", "MediaSid", "ME1"), http.StatusBadRequest, 50510)
	})
	t.Run("are limited in bytes", func(t *testing.T) {
		b.make(c+"/Messages", "Body", strings.Repeat("é", 16<<10))
		b.refused(b.write(c+"/Messages", "Body", strings.Repeat("é", 16<<10)+"x"), http.StatusBadRequest, 50504)
		b.make(c+"/Messages", "Body", "x", "Attributes", object(4<<10))
		b.refused(b.write(c+"/Messages", "Body", "x", "Attributes", object(4<<10+1)), http.StatusBadRequest, 50303)
		b.refused(b.write(c+"/Messages", "Body", "x", "Attributes", "x"), http.StatusBadRequest, 50304)
		b.refused(b.write(c+"/Messages", "Body", "x", "Author", strings.Repeat("a", 257)), http.StatusBadRequest, 50310)
	})
	t.Run("that are twins are both kept", func(t *testing.T) {
		one := b.make(c+"/Messages", "Body", "twin", "DateCreated", "2019-01-01T00:00:00Z")
		two := b.make(c+"/Messages", "Body", "twin", "DateCreated", "2019-01-01T00:00:00Z")
		require.NotEqual(t, one.text("sid"), two.text("sid"))
	})
	t.Run("leave a gap when deleted", func(t *testing.T) {
		m := b.make(c+"/Messages", "Body", "x")
		require.Equal(t, http.StatusNoContent, b.remove(c+"/Messages/"+m.text("sid")).status)
		b.refused(b.read(c+"/Messages/"+m.text("sid")), http.StatusNotFound, 20404)
		require.Greater(t, b.make(c+"/Messages", "Body", "x").body["index"], m.body["index"])
	})
}

func TestIndexes(t *testing.T) {
	b := newBench(t, emulator.Config{})
	_, c := b.conversation()
	const count = 230
	var indexes []float64
	for range count {
		indexes = append(indexes, b.make(c+"/Messages", "Body", "x").body["index"].(float64))
	}
	require.Zero(t, indexes[0])
	require.IsIncreasing(t, indexes)
	require.Greater(t, indexes[count-1], float64(count-1), "some were skipped")

	asc, pages := b.pages(b.conversations, c+"/Messages?PageSize=100", "messages")
	require.Equal(t, 3, pages)
	desc, _ := b.pages(b.conversations, c+"/Messages?PageSize=7&Order=desc", "messages")
	for i := range count {
		require.Equal(t, indexes[i], asc[i]["index"])
		require.Equal(t, indexes[i], desc[count-1-i]["index"])
	}
	b.refused(b.read(c+"/Messages?Order=up"), http.StatusBadRequest, 20001)
}

func TestQuiet(t *testing.T) {
	b := newBench(t, emulator.Config{})
	s, c := b.conversation()
	b.make(c+"/Participants", "Identity", "ada")
	b.make(c+"/Participants", "Identity", "bob")
	loud := func(path string, params ...string) {
		b.send(b.conversations, http.MethodPost, path, form(params...), func(r *http.Request) { r.Header.Set("X-Twilio-Webhook-Enabled", "true") })
	}

	loud(c+"/Messages", "Body", "nothing is configured", "Author", "ada")
	require.Zero(t, b.e.Stats().Pushes)
	require.Zero(t, b.e.Stats().Webhooks)
	require.EqualValues(t, 1, b.e.Stats().WebhookHeaders)

	b.write(s+"/Configuration/Webhooks", "PostWebhookUrl", "https://a.test", "Filters", "onMessageAdded")
	b.make(c+"/Messages", "Body", "no header")
	require.Zero(t, b.e.Stats().Webhooks)
	loud(c+"/Messages", "Body", "fires")
	loud(c, "FriendlyName", "filtered out")
	require.EqualValues(t, 1, b.e.Stats().Webhooks)

	b.write(s+"/Configuration/Notifications", "NewMessage.Enabled", "true")
	b.make(c+"/Messages", "Body", "to bob", "Author", "ada")
	b.make(c+"/Messages", "Body", "to both")
	require.EqualValues(t, 3, b.e.Stats().Pushes)
	b.write(s+"/Configuration/Notifications", "AddedToConversation.Enabled", "true")
	b.make(c+"/Participants", "Identity", "eve")
	require.EqualValues(t, 4, b.e.Stats().Pushes)
}

func TestPostAs(t *testing.T) {
	b := newBench(t, emulator.Config{})
	_, c := b.conversation("DateUpdated", "2019-01-01T00:00:00Z")
	sid, err := b.e.PostAs(c[strings.LastIndex(c, "/")+1:], "ada", "I am here already")
	require.NoError(t, err)
	m := b.read(c + "/Messages/" + sid)
	require.Equal(t, "ada", m.text("author"))
	require.Equal(t, b.clock.Format(time.RFC3339), m.text("date_created"))
	require.Equal(t, b.clock.Format(time.RFC3339), b.read(c).text("date_updated"))
	_, err = b.e.PostAs("CH0", "ada", "x")
	require.Error(t, err)
}
