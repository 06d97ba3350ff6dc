package emulator_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

func TestConversationsOfOneName(t *testing.T) {
	b := unkind(t, "names=race")
	s := b.service()
	one := b.make(s+"/Conversations", "UniqueName", "room").text("sid")
	two := b.make(s+"/Conversations", "UniqueName", "room").text("sid")
	named := func() string { return b.read(s + "/Conversations/room").text("sid") }
	require.Equal(t, two, named())
	for _, sid := range []string{two, one} {
		require.Equal(t, http.StatusOK, b.write(s+"/Conversations/"+sid, "Attributes", `{"a":1}`, "UniqueName", "room").status)
	}
	require.Equal(t, two, named(), "a change of something else takes no name")
	b.remove(s + "/Conversations/" + two)
	require.Equal(t, one, named())
	b.remove(s + "/Conversations/" + one)
	b.refused(b.read(s+"/Conversations/room"), http.StatusNotFound, 20404)
}

func TestShorterLengths(t *testing.T) {
	b := unkind(t, "lengths=name:4+identity:5+message-attributes:10+conversation-attributes:12")
	s, c := b.conversation()
	for _, row := range []struct {
		path, name, fits, exceeds string
		code                      int
	}{
		{s + "/Conversations", "FriendlyName", "éééé", "ééééé", 50003},
		{s + "/Conversations", "UniqueName", "éééé", "ééééé", 50004},
		{s + "/Conversations", "Attributes", `{"a":12345}`, `{"a":1234567}`, 50303},
		{s + "/Users", "Identity", "ééééé", "éééééé", 50207},
		{c + "/Participants", "Identity", "aaaaa", "aaaaaa", 50207},
		{c + "/Messages", "Author", "ééééé", "éééééé", 50310},
		{c + "/Messages", "Attributes", `{"a":1234}`, `{"a":12345}`, 50303},
	} {
		b.refused(b.write(row.path, "Body", "x", row.name, row.exceeds), http.StatusBadRequest, row.code)
		b.make(row.path, "Body", "x", row.name, row.fits)
	}
}

// A horizon is not set to a message that is not there.
func TestClampedHorizonOfNothing(t *testing.T) {
	b := unkind(t, "horizon=clamped")
	_, c := b.conversation()
	p := c + "/Participants/" + b.make(c+"/Participants", "Identity", "ada").text("sid")
	require.Equal(t, http.StatusOK, b.write(p, "LastReadMessageIndex", "5").status)
	require.Nil(t, b.read(p).body["last_read_message_index"])
}

// What is due has landed, in its order, whoever looks or acts next.
func TestWhatIsDueHasLanded(t *testing.T) {
	for name, next := range map[string]func(b try){
		"before a person writes": func(b try) {
			_, err := b.e.PostAs(b.c[strings.LastIndex(b.c, "/")+1:], "ada", "next")
			require.NoError(b.t, err)
		},
		"before the truth is told":   func(b try) { require.Greater(b.t, len(b.e.Truth().Conversations[0].Messages), 10) },
		"before anything is counted": func(b try) { require.Greater(b.t, b.e.Stats().Streamed, int64(10)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := try{bench: newBench(t, emulator.Config{
					Now: time.Now, Unkind: parsed(t, "late=1m,write-takes=messages:100ms"),
					Subscriptions: []emulator.Subscription{{Types: []string{"com.twilio.conversations.message.added"}}},
				})}
				b.s, b.c = b.conversation()
				for i := range 20 {
					b.cut(string(rune('a' + i)))
				}
				time.Sleep(time.Minute)
				next(b)
				items, _ := b.pages(b.conversations, b.c+"/Messages", "messages")
				var dates []string
				for _, m := range items {
					dates = append(dates, m["date_created"].(string))
				}
				require.IsNonDecreasing(t, dates)
				require.Greater(t, len(dates), 10)
				require.Less(t, dates[0], time.Now().Add(-30*time.Second).UTC().Format(time.RFC3339), "each is dated when it was due")
			})
		})
	}
}

// Only what creates lands late: a deletion that was cut is not carried out.
func TestCutDeletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := try{bench: newBench(t, emulator.Config{Now: time.Now, Unkind: parsed(t, "late=1m,write-takes=messages:100ms")})}
		b.s, b.c = b.conversation()
		path := b.c + "/Messages/" + b.said(b.c, 1)[0]
		ctx, stop := context.WithCancel(t.Context())
		stop()
		r := httptest.NewRequestWithContext(ctx, http.MethodDelete, "http://host.test"+path, nil)
		r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
		b.conversations.ServeHTTP(httptest.NewRecorder(), r)
		require.Zero(t, b.e.Pending())
		time.Sleep(time.Minute)
		require.Equal(t, http.StatusOK, b.read(path).status)
	})
}
