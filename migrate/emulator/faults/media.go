package faults

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"chatbridge/migrate/emulator"
)

// size is how long the body of a reply is.
func size(reply emulator.Reply) int64 {
	if reply.Content != nil {
		return reply.Content.Size
	}
	return int64(len(reply.Body))
}

// start sends all of a reply but its body, which it returns.
func (f *fault) start(reply emulator.Reply) io.ReadCloser {
	body, mediaType := io.NopCloser(bytes.NewReader(reply.Body)), jsonType
	if reply.Content != nil {
		opened, err := reply.Content.Open()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		body, mediaType = opened, reply.Header.Get("Content-Type")
	}
	f.w.Header().Set("Content-Type", mediaType)
	f.w.WriteHeader(reply.Status)
	return body
}

// shorter and longer send bytes in a reply that is whole in itself.
func (f *fault) shorter() {
	f.resized(func(have int64) int64 { return have - 1 - f.random.Int64N(have-1) })
}

func (f *fault) longer() {
	f.resized(func(have int64) int64 { return have + 1 + f.random.Int64N(have) })
}

func (f *fault) resized(to func(have int64) int64) {
	reply, ok := f.done(true)
	if !ok {
		return
	}
	f.struck()
	n := to(size(reply))
	f.w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	from := f.start(reply)
	defer from.Close()
	_, _ = io.CopyN(f.w, io.MultiReader(from, zeros{}), n) // the client may have gone
}

// zeros never end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// missized gives the metadata of a file another size.
func (f *fault) missized() {
	reply, ok := f.done(true)
	if !ok {
		return
	}
	var record map[string]json.RawMessage
	var have int64
	if json.Unmarshal(reply.Body, &record) != nil || json.Unmarshal(record["size"], &have) != nil {
		reply.WriteTo(f.w)
		return
	}
	f.struck()
	off := 1 + f.random.Int64N(max(have, 1))
	if have > off && f.random.IntN(2) == 0 {
		off = -off
	}
	record["size"] = json.RawMessage(strconv.FormatInt(have+off, 10))
	reply.Body = compact(record)
	reply.WriteTo(f.w)
}

func (f *fault) expireAddress() { f.denyContent(http.StatusForbidden, "AccessDenied", "Access denied") }

func (f *fault) missing() {
	f.denyContent(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
}

func (f *fault) denyContent(status int, code, message string) {
	f.struck()
	f.send(status, "text/xml", []byte(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>`+code+`</Code><Message>`+message+`</Message></Error>`))
}

func (f *fault) denyFile() {
	f.struck()
	emulator.Refusal(http.StatusNotFound, 20404, "The requested resource %s was not found", f.r.URL.Path).WriteTo(f.w)
}
