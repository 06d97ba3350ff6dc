package doctor_test

import (
	"bytes"
	"encoding/json"
	"net/http"

	"chatbridge/migrate/emulator"
)

// account is one whose answers differ from those of the emulator.
type account struct {
	ask    func(*emulator.Exchange)                                // before it is answered
	answer func(*emulator.Exchange, emulator.Reply) emulator.Reply // instead
	header func(http.Header)
}

func (a account) intercept(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
	if a.ask != nil {
		a.ask(x)
	}
	reply := commit()
	if a.answer != nil {
		reply = a.answer(x, reply)
	}
	if a.header != nil {
		a.header(w.Header())
	}
	reply.WriteTo(w)
}

// on tells requests apart by host, version and the last segments of the path.
func on(x *emulator.Exchange, host emulator.Host, version, list string) bool {
	last := x.Path[len(x.Path)-1]
	return x.Host == host && x.Path[0] == version && (last == list || list == "")
}

// replacing alters the text of the replies of one list.
func replacing(host emulator.Host, version, list, before, after string) account {
	return account{answer: func(x *emulator.Exchange, r emulator.Reply) emulator.Reply {
		if on(x, host, version, list) {
			r.Body = bytes.ReplaceAll(r.Body, []byte(before), []byte(after))
		}
		return r
	}}
}

func refusing(host emulator.Host, version, list string, status, code int) account {
	return account{answer: func(x *emulator.Exchange, r emulator.Reply) emulator.Reply {
		if on(x, host, version, list) {
			return emulator.Refusal(status, code, "no")
		}
		return r
	}}
}

// emptied is a list without records.
func emptied(version, list, key string) account {
	return account{answer: func(x *emulator.Exchange, r emulator.Reply) emulator.Reply {
		if !on(x, emulator.ChatHost, version, list) {
			return r
		}
		var body map[string]json.RawMessage
		if json.Unmarshal(r.Body, &body) == nil {
			body[key] = json.RawMessage("[]")
			r.Body, _ = json.Marshal(body)
		}
		return r
	}}
}
