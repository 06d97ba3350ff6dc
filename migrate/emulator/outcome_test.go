package emulator_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// try is a bench with a service to experiment in, in a bubble whose clock moves when
// everybody sleeps. Its methods do one experiment each, as plainly as can be, and say
// what was seen.
type try struct {
	*bench
	s, c string
}

// cut posts a message and lets go of its connection before the answer, if that takes
// long enough.
func (b try) cut(body string) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.t.Context(), 50*time.Millisecond)
	defer stop()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://host.test"+b.c+"/Messages", strings.NewReader(form("Body", body).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(emulator.DefaultAccountSID, emulator.DefaultAuthToken)
	b.conversations.ServeHTTP(httptest.NewRecorder(), r)
}

func (b try) count() int { b.t.Helper(); return len(b.listed(b.c+"/Messages", "messages")) }

// status is that of a write into the conversation.
func (b try) posted(params ...string) answer {
	b.t.Helper()
	return b.write(b.c+"/Messages", params...)
}

func pick[T comparable](b *bench, got T, seen map[T]string) string {
	b.t.Helper()
	require.Contains(b.t, seen, got)
	return seen[got]
}

// first is the text of the first of pairs whose condition holds.
func first(b *bench, pairs ...any) string {
	b.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i].(bool) {
			return pairs[i+1].(string)
		}
	}
	require.FailNow(b.t, "nothing that was expected was seen")
	return ""
}

var tries = map[string]func(try) string{
	"late-append": func(b try) string {
		for i := range 40 {
			b.cut(fmt.Sprint(i))
		}
		soon := b.count()
		time.Sleep(8 * time.Second)
		eight := b.count()
		time.Sleep(2 * time.Minute)
		late := b.count()
		require.Zero(b.t, b.e.Pending())
		return first(b.bench, soon == 40 && late == 40, "a cut request lands at once", late == 0, "a cut request never lands",
			eight < 40 && eight == late, "a cut request lands up to 8 seconds later, or never",
			soon < 10 && late > 30 && late < 40, "a cut request lands up to two minutes later, or never")
	},
	"name-race": func(b try) string {
		b.make(b.s+"/Conversations", "UniqueName", "one")
		status := b.write(b.s+"/Conversations", "UniqueName", "one").status
		time.Sleep(3 * time.Second)
		b.refused(b.write(b.s+"/Conversations", "UniqueName", "one"), http.StatusConflict, 50353)
		return pick(b.bench, status, map[int]string{201: "both creates succeed", 409: "the second create is refused with 409"})
	},
	"name-reuse": func(b try) string {
		b.remove(b.s + "/Conversations/" + b.make(b.s+"/Conversations", "UniqueName", "one").text("sid"))
		status := b.write(b.s+"/Conversations", "UniqueName", "one").status
		if status == 409 {
			time.Sleep(29 * time.Second)
			b.refused(b.write(b.s+"/Conversations", "UniqueName", "one"), http.StatusConflict, 50353)
			time.Sleep(time.Second)
			b.make(b.s+"/Conversations", "UniqueName", "one")
		}
		return pick(b.bench, status, map[int]string{201: "a deleted conversation frees its name at once", 409: "the name is refused for half a minute"})
	},
	"clock": func(b try) string {
		a := b.write(b.c, "FriendlyName", "moved")
		said, err := http.ParseTime(a.header.Get("Date"))
		require.NoError(b.t, err)
		updated, err := time.Parse(time.RFC3339, a.text("date_updated"))
		require.NoError(b.t, err)
		return pick(b.bench, updated.Sub(said), map[time.Duration]string{
			0: "date_updated and Date come from one clock", 90 * time.Second: "date_updated is 90 seconds ahead",
			-90 * time.Second: "date_updated is 90 seconds behind",
		})
	},
	"list-lag": func(b try) string {
		b.make(b.c+"/Messages", "Body", "x")
		seen := b.count()
		time.Sleep(5 * time.Second)
		five := b.count()
		time.Sleep(25 * time.Second)
		return pick(b.bench, [3]int{seen, five, b.count()}, map[[3]int]string{
			{1, 1, 1}: "a list shows a write at once", {0, 1, 1}: "a list shows a write after 5 seconds", {0, 0, 1}: "a list shows a write after 30 seconds",
		})
	},
	"text": func(b try) string {
		body := func(sent string) string { return b.posted("Body", sent).text("body") }
		return first(b.bench, body(" a ") == "a", "without the space around it", body("e\u0301") == "\u00e9", "in composed characters",
			body("a\r\nb") == "a\nb", "with other line ends", body(" a ") == " a ", "as sent")
	},
	"attributes": func(b try) string {
		stored := func(sent string) string { return b.posted("Body", "x", "Attributes", sent).text("attributes") }
		const odd, exact, escaped = `{"b": 1, "a": "é"}`, `{"n":12345678901234567890}`, `{"a":"\u00e9"}`
		return first(b.bench, stored(escaped) == "", "refused if they have escapes", stored(odd) == `{"a":"é","b":1}`, "written anew, with sorted fields",
			stored(exact) == `{"n":1.2345678901234567e+19}`, "with numbers as doubles", stored(odd) == odd, "as sent")
	},
	"blank-body": func(b try) string {
		return pick(b.bench, b.posted("Body", " \n").code(), map[int]string{0: "accepted", 50503: "refused with 50503"})
	},
	"empty-body": func(b try) string {
		b.refused(b.posted("Author", "ada"), http.StatusBadRequest, 50503)
		return pick(b.bench, b.posted("Body", "").code(), map[int]string{0: "accepted", 50503: "refused with 50503"})
	},
	"lengths": func(b try) string {
		long := func(n int) string { return strings.Repeat("é", n) }
		padded := func(n int) string { return `{"a":"` + strings.Repeat("x", n-8) + `"}` }
		code := func(path, name, value string) int {
			b.t.Helper()
			return b.write(path, "Body", "x", name, value).code()
		}
		return first(b.bench,
			b.posted("Body", strings.Repeat("x", 1601)).code() == 50504, "bodies end at 1,600 bytes",
			code(b.c+"/Messages", "Attributes", padded(1001)) == 50303, "attributes of messages end at 1,000 bytes",
			b.write(b.c, "Attributes", padded(4097)).code() == 50303, "attributes of conversations end at 4,096 bytes",
			b.write(b.c, "FriendlyName", long(65)).code() == 50003, "names end at 64 characters",
			b.write(b.s+"/Users", "Identity", long(65)).code() == 50207, "identities end at 64 characters",
			b.posted("Body", strings.Repeat("x", 32<<10)).status == 201 && code(b.c+"/Messages", "Attributes", padded(4<<10)) == 0 &&
				b.write(b.c, "Attributes", padded(16<<10)).status == 200 && b.write(b.c, "FriendlyName", long(256)).status == 200 &&
				b.write(b.s+"/Users", "Identity", long(256)).status == 201, "as documented")
	},
	"dates": func(b try) string {
		const sent = "2019-01-01T00:00:00Z"
		got := b.posted("Body", "x", "DateCreated", sent).text("date_created")
		return first(b.bench, got == sent, "as sent", got == time.Now().UTC().Format(time.RFC3339), "that of the request")
	},
	"author": func(b try) string {
		return pick(b.bench, b.posted("Body", "x", "Author", "ada").text("author"), map[string]string{"ada": "as sent", "system": "system"})
	},
	"date-updated": func(b try) string {
		const sent = "2019-01-01T00:00:00Z"
		now := time.Now().UTC().Format(time.RFC3339)
		kept := b.posted("Body", "x", "DateUpdated", sent)
		fallback := b.posted("Body", "x", "DateCreated", sent).text("date_updated")
		moved := b.write(b.c+"/Messages/"+kept.text("sid"), "Attributes", `{"a":1}`).text("date_updated")
		return first(b.bench, kept.text("date_updated") == now, "that of the request", fallback == sent, "date_created if it was not sent",
			moved == sent, "not moved by a change of attributes",
			kept.text("date_updated") == sent && fallback == "" && moved == now, "as sent, null if it was not, moved by a change of attributes")
	},
	"participant-sid": func(b try) string {
		seat := func(sid string) string { return b.read(b.c + "/Messages/" + sid).text("participant_sid") }
		before := b.posted("Body", "x", "Author", "ada").text("sid")
		joined := b.make(b.c+"/Participants", "Identity", "ada").text("sid")
		after := b.posted("Body", "x", "Author", "ada").text("sid")
		return pick(b.bench, [2]string{seat(before), seat(after)}, map[[2]string]string{
			{"", joined}: "set if the author was in before", {"", ""}: "never set", {joined, joined}: "set once the author joins",
		})
	},
	"media-twice": func(b try) string {
		sid := b.uploaded(b.s, "a file")
		b.make(b.c+"/Messages", "MediaSid", sid)
		return pick(b.bench, b.posted("MediaSid", sid).code(), map[int]string{50508: "refused with 50508", 0: "accepted"})
	},
	"media-late": func(b try) string {
		sid := b.uploaded(b.s, "a file")
		time.Sleep(6 * time.Minute)
		return pick(b.bench, b.posted("MediaSid", sid).code(), map[int]string{50507: "gone after six minutes", 0: "still there"})
	},
	"horizon-beyond": func(b try) string {
		b.said(b.c, 1)
		p := b.c + "/Participants/" + b.make(b.c+"/Participants", "Identity", "ada").text("sid")
		b.write(p, "LastReadMessageIndex", "1000")
		return pick(b.bench, b.read(p).body["last_read_message_index"], map[any]string{1000.0: "accepted", nil: "refused", 0.0: "the last message"})
	},
	"horizon-null": func(b try) string {
		b.said(b.c, 1)
		p := b.c + "/Participants/" + b.make(b.c+"/Participants", "Identity", "ada").text("sid")
		b.write(p, "LastReadMessageIndex", "0")
		code := b.write(p, "LastReadMessageIndex", "null").code()
		is := b.read(p).body["last_read_message_index"]
		return first(b.bench, code == 50421, "refused", is == 0.0, "ignored", is == nil, "cleared")
	},
	"mutation-id": func(b try) string {
		id := func(r *http.Request) { r.Header.Set("X-Twilio-Mutation-Id", "00000000-0000-4000-8000-000000000000") }
		one := b.send(b.conversations, http.MethodPost, b.c+"/Messages", form("Body", "x"), id)
		two := b.send(b.conversations, http.MethodPost, b.c+"/Messages", form("Body", "x"), id)
		if two.status == http.StatusAccepted {
			require.Equal(b.t, one.text("url"), two.text("resource_url"))
		}
		return pick(b.bench, [2]int{two.status, b.count()}, map[[2]int]string{{201, 2}: "ignored: two messages", {202, 1}: "202 and one message"})
	},
	"role-names": func(b try) string {
		role := func() int {
			return b.write(b.s+"/Roles", "FriendlyName", "r", "Type", "service", "Permission", "joinConversation").status
		}
		return pick(b.bench, [2]int{role(), role()}, map[[2]int]string{{201, 201}: "two roles of one name", {201, 400}: "the second is refused"})
	},
	"rejoin": func(b try) string {
		p := b.make(b.c+"/Participants", "Identity", "ada").text("sid")
		b.refused(b.write(b.c+"/Participants", "Identity", "ada"), http.StatusConflict, 50433)
		b.remove(b.c + "/Participants/" + p)
		again := b.write(b.c+"/Participants", "Identity", "ada").status
		require.Len(b.t, b.listed(b.c+"/Participants", "participants"), 1, "it took effect")
		return pick(b.bench, again, map[int]string{201: "201", 404: "404 although it took effect"})
	},
	"index-gaps": func(b try) string {
		b.said(b.c, 50)
		last := b.read(b.c + "/Messages?Order=desc&PageSize=1").body["messages"].([]any)[0].(map[string]any)["index"].(float64)
		return first(b.bench, last > 49, "some indexes are skipped", last == 49, "none is")
	},
	"write-times": func(b try) string {
		took := map[string]time.Duration{}
		for path, params := range map[string][]string{
			"/v1/Services": {"FriendlyName", "x"}, b.s + "/Users": {"Identity", "eve"}, b.s + "/Conversations": nil,
			b.c + "/Participants": {"Identity", "zoe"}, b.c + "/Messages": {"Body", "x"},
		} {
			began := time.Now()
			b.make(path, params...)
			took[path[strings.LastIndex(path, "/")+1:]] = time.Since(began)
		}
		for path, want := range map[string]time.Duration{b.c: 0, b.c + "/Messages": 0} {
			began := time.Now()
			b.read(path)
			require.Equal(b.t, want, time.Since(began), "reads take none")
		}
		slow := map[string]time.Duration{
			"Services": 2 * time.Second, "Users": 400 * time.Millisecond, "Conversations": 600 * time.Millisecond,
			"Participants": 300 * time.Millisecond, "Messages": 150 * time.Millisecond,
		}
		none := map[string]time.Duration{"Services": 0, "Users": 0, "Conversations": 0, "Participants": 0, "Messages": 0}
		return first(b.bench, maps.Equal(took, slow), "some take long", maps.Equal(took, none), "no time to speak of")
	},
}

// Each outcome is what a client sees in the account that the table has for it.
func TestOutcomes(t *testing.T) {
	assumed, other := map[string]bool{}, map[string]bool{}
	last := ""
	for _, o := range emulator.Outcomes() {
		if o.Experiment != last {
			require.NotContains(t, assumed, o.Experiment, "outcomes of one experiment follow each other")
			require.True(t, o.Assumed, "%s begins with what is assumed", o.Experiment)
		}
		require.False(t, o.Assumed && other[o.Experiment], "what is assumed of %s comes first", o.Experiment)
		last = o.Experiment
		map[bool]map[string]bool{true: assumed, false: other}[o.Assumed][o.Experiment] = true
		t.Run(o.Experiment+"/"+o.Seen, func(t *testing.T) {
			u, err := o.Account()
			require.NoError(t, err)
			synctest.Test(t, func(t *testing.T) {
				b := try{bench: closing(newBench(t, emulator.Config{Seed: 7, Now: time.Now, Unkind: u}))}
				b.s, b.c = b.conversation()
				experiment := tries[o.Experiment]
				if experiment == nil {
					experiment = chatTries[o.Experiment]
				}
				require.NotNil(t, experiment)
				require.Equal(t, o.Seen, experiment(b))
			})
		})
	}
	require.Equal(t, assumed, other, "each experiment has both")
	require.Len(t, assumed, len(tries)+len(chatTries), "each experiment is tried")
}
