package emulator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"strconv"
)

// Reply is what an exchange answers.
type Reply struct {
	Status int
	Header http.Header // may be nil
	Body   []byte      // JSON, unless the header says otherwise; empty where there is none

	Content *Content // in place of Body, if it is set
}

// Content is a body that is not held: it is read or made while it is sent.
type Content struct {
	Size int64
	Open func() (io.ReadCloser, error)
}

// WriteTo sends the reply.
func (r Reply) WriteTo(w http.ResponseWriter) {
	for name, values := range r.Header {
		w.Header()[name] = values
	}
	if r.Content != nil {
		r.Content.writeTo(w, r.Status)
		return
	}
	if len(r.Body) > 0 {
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "application/json")
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(r.Body)))
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body) // the client may have gone; there is nobody to tell
}

func (c *Content) writeTo(w http.ResponseWriter, status int) {
	from, err := c.Open()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer from.Close()
	w.Header().Set("Content-Length", strconv.FormatInt(c.Size, 10))
	w.WriteHeader(status)
	_, _ = io.Copy(w, from) // the client may have gone; there is nobody to tell
}

// Refusal is the reply by which Twilio refuses a request.
func Refusal(status, code int, format string, args ...any) Reply {
	return encode(status, refusalBody{
		Code:     code,
		Message:  fmt.Sprintf(format, args...),
		MoreInfo: "https://www.twilio.com/docs/errors/" + strconv.Itoa(code),
		Status:   status,
	})
}

type refusalBody struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
	Status   int    `json:"status"`
}

// refusal is a Refusal on its way up.
type refusal struct {
	status, code int
	message      string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d/%d: %s", r.status, r.code, r.message) }

func (r *refusal) reply() Reply { return Refusal(r.status, r.code, "%s", r.message) }

// xml is the refusal of what stands before a store of files.
func (r *refusal) xml() Reply {
	name := map[int]string{http.StatusForbidden: "AccessDenied", http.StatusNotFound: "NoSuchKey", http.StatusBadRequest: "InvalidArgument"}[r.status]
	return Reply{
		Status: r.status, Header: http.Header{"Content-Type": {"text/xml"}},
		Body: fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>%s</Message></Error>`, cmp.Or(name, "InternalError"), html.EscapeString(r.message)),
	}
}

func refuse(status, code int, format string, args ...any) error {
	return &refusal{status, code, fmt.Sprintf(format, args...)}
}

// invalid refuses a parameter.
func invalid(code int, format string, args ...any) error {
	return refuse(http.StatusBadRequest, code, format, args...)
}

func notFound(what, key string) error {
	return refuse(http.StatusNotFound, 20404, "The requested resource %s %s was not found", what, key)
}

func ok(v any) (Reply, error)      { return encode(http.StatusOK, v), nil }
func created(v any) (Reply, error) { return encode(http.StatusCreated, v), nil }
func gone() (Reply, error)         { return Reply{Status: http.StatusNoContent}, nil }

func encode(status int, v any) Reply {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("emulator: encode reply: " + err.Error()) // every type here encodes
	}
	return Reply{Status: status, Body: bytes.TrimSuffix(b.Bytes(), []byte("\n"))}
}
