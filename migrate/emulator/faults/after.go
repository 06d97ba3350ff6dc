package faults

import (
	"io"
	"net/http"
	"strconv"

	"chatbridge/migrate/emulator"
)

// done commits, and reports whether that came to something. A refusal is
// passed on as it is: there is no effect whose answer could be lost.
func (f *fault) done(body bool) (emulator.Reply, bool) {
	reply := f.commit()
	if reply.Status >= http.StatusMultipleChoices || body && size(reply) < 2 {
		reply.WriteTo(f.w)
		return reply, false
	}
	return reply, true
}

func (f *fault) afterError() {
	if _, ok := f.done(false); ok {
		f.struck()
		f.send(http.StatusInternalServerError, htmlType, errorPage(http.StatusInternalServerError))
	}
}

func (f *fault) afterReset() {
	if _, ok := f.done(false); ok {
		f.struck()
		f.drop(true)
	}
}

func (f *fault) afterStall() {
	if _, ok := f.done(false); ok {
		f.struck()
		f.hold()
		f.drop(true)
	}
}

// cutLength promises the whole body and sends a part.
func (f *fault) cutLength() {
	if reply, ok := f.done(true); ok {
		f.w.Header().Set("Content-Length", strconv.FormatInt(size(reply), 10))
		f.cut(reply)
	}
}

// cutChunked promises nothing, so that only the missing last chunk tells.
func (f *fault) cutChunked() {
	if reply, ok := f.done(true); ok {
		f.cut(reply)
	}
}

// cut sends a part of the reply. Nothing but the panic makes net/http close a
// connection inside a body.
func (f *fault) cut(reply emulator.Reply) {
	f.struck()
	from := f.start(reply)
	defer from.Close()
	_, _ = io.CopyN(f.w, from, 1+f.random.Int64N(size(reply)-1))
	_ = http.NewResponseController(f.w).Flush() // without it the status would be lost as well
	panic(http.ErrAbortHandler)
}

// part is some of a body: at least a byte, never all.
func (f *fault) part(body []byte) []byte { return body[:1+f.random.IntN(len(body)-1)] }

func (f *fault) html() {
	if reply, ok := f.done(true); ok {
		f.struck()
		f.send(reply.Status, htmlType, errorPage(http.StatusBadGateway))
	}
}

// brokenJSON is a reply that HTTP finds nothing wrong with.
func (f *fault) brokenJSON() {
	if reply, ok := f.done(true); ok {
		f.struck()
		f.send(reply.Status, jsonType, f.part(reply.Body))
	}
}
