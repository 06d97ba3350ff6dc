package emulator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/oai"
)

// Whatever an account is like, its replies are as Twilio's documents have them, but
// for 202, and for 404 of what was created.
func TestHabitsContract(t *testing.T) {
	chat, conversations := oai.Chat(t), oai.Conversations(t)
	seen := map[string]bool{}
	for _, o := range emulator.Outcomes() {
		if o.Assumed || seen[o.Unkind] || o.Experiment == "mutation-id" {
			continue
		}
		seen[o.Unkind] = true
		t.Run(o.Unkind, func(t *testing.T) {
			u, err := o.Account()
			require.NoError(t, err)
			u.Takes = nil
			b := try{bench: closing(newBench(t, emulator.Config{Archive: workspace(t), Unkind: u}))}
			b.chat, b.conversations = chat.Wrap(b.chat), conversations.Wrap(b.conversations)
			b.s, b.c = b.conversation("UniqueName", "room", "Attributes", `{"a": 1}`)
			b.write(b.s+"/Conversations", "UniqueName", "room")
			p := b.c + "/Participants/" + b.make(b.c+"/Participants", "Identity", "ada").text("sid")
			b.write(p, "LastReadMessageIndex", "9")
			b.remove(p)
			b.write(b.c+"/Participants", "Identity", "ada")
			for _, body := range []string{"x", " ", ""} {
				b.posted("Body", body, "Author", "ada", "DateCreated", "2019-01-01T00:00:00Z", "Attributes", `{"n":1e3}`)
			}
			file := b.uploaded(b.s, "a file")
			b.posted("MediaSid", file)
			b.posted("MediaSid", file)
			m := b.c + "/Messages/" + b.make(b.c+"/Messages", "Body", "y", "DateUpdated", "2019-01-01T00:00:00Z").text("sid")
			b.write(m, "Attributes", "{}")
			b.remove(m)
			for _, path := range []string{b.s, b.s + "/Roles", b.s + "/Conversations", b.c, b.c + "/Messages?PageSize=1", b.c + "/Participants"} {
				b.read(path)
			}
			for _, base := range []string{b.s, service} {
				for _, path := range []string{base, base + "/Channels", base + "/Channels?Type=private", base + "/Users", base + "/Roles"} {
					b.readChat(path)
					b.readChat(v2(path))
				}
			}
			for _, path := range []string{b.channel(), b.channel() + "/Messages?PageSize=1", b.channel() + "/Members", private + "/Messages"} {
				b.readChat(path)
				b.readChat(v2(path))
			}
		})
	}
}

// An unkind emulator answers within Twilio's documents all the same, but where
// to leave them is what was asked for: HTML, 202, and 404 of a list.
func TestUnkindContract(t *testing.T) {
	const all = "list-stale=0.3,list-ends-early=0.3,list-ignores-order=0.3,list-of-another=0.3,text=trim+crlf+nfc+doubles,body-max=20,refuse=escapes+blank," +
		"second-writer=0.3,mirror=0.3,people=0.5,forged-stamp=0.5,account-sid=null,index-gaps=0.3,counts-adrift=0.5,v1-hides=0.2,v2-hides=0.2,v2-unlisted=0.2,v2-dates=0.3,v2-bare=0.3"
	chat, conversations := oai.Chat(t), oai.Conversations(t)
	b := newBench(t, emulator.Config{Archive: workspace(t), Unkind: parsed(t, all)})
	b.chat, b.conversations = chat.Wrap(b.chat), conversations.Wrap(b.conversations)
	s, c := b.conversation("Attributes", stamped(privateSID), "FriendlyName", " Room ")
	b.make(s + "/Conversations")
	for _, body := range []string{"x", "y", " z ", " ", "longer than twenty bytes"} {
		for range 5 {
			b.write(c+"/Messages", "Body", body, "DateCreated", "2019-01-01T00:00:00Z", "Attributes", `{"n":12345678901234567890}`)
			b.write(c+"/Participants", "Identity", "ada")
			for _, path := range []string{"/v1/Services", s, c, s + "/Conversations", s + "/Roles", s + "/Users", c + "/Messages?PageSize=3", c + "/Messages?Order=desc", c + "/Participants"} {
				b.read(path)
			}
			for _, path := range []string{"/v1/Services", service, service + "/Channels?Type=private&Type=public", private, private + "/Messages", private + "/Members", service + "/Users"} {
				b.readChat(path)
				b.readChat(v2(path))
			}
		}
	}
}
