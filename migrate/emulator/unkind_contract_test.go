package emulator_test

import (
	"testing"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/oai"
)

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
