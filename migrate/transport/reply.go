package transport

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"chatbridge/migrate"
)

// held is a body that was read whole. What is asked of it more than once is worked
// out once: every decorator above looks at the code of a refusal.
type held struct {
	bytes.Reader
	raw   []byte
	code  int
	coded bool // code is known
}

func (h *held) Close() error { return nil }

func hold(resp *http.Response, raw []byte) {
	h := &held{raw: raw}
	h.Reset(raw)
	resp.Body = h
	resp.ContentLength = int64(len(raw))
}

// Body is the whole body of a reply. It is not consumed, and nobody may change it:
// whoever asks gets the same bytes, at the same place. A body that no decorator has
// held yet is read here.
func Body(resp *http.Response) ([]byte, error) {
	if h, ok := resp.Body.(*held); ok {
		return h.raw, nil
	}
	raw, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	hold(resp, raw)
	return raw, nil
}

// codeOf is Twilio's error code in a reply, 0 where there is none.
func codeOf(resp *http.Response) int {
	if resp.StatusCode < 400 {
		return 0
	}
	raw, err := Body(resp)
	if err != nil {
		return 0
	}
	h, isHeld := resp.Body.(*held)
	if isHeld && h.coded {
		return h.code
	}
	var body struct {
		Code int `json:"code"`
	}
	if json.Unmarshal(raw, &body) != nil {
		body.Code = 0
	}
	if isHeld {
		h.code, h.coded = body.Code, true
	}
	return body.Code
}

// Throttled reports whether a reply with that status and code says "too many":
// by code first, since limits are also answered with 403.
func Throttled(status, code int) bool {
	switch code {
	case migrate.CodeConcurrency, migrate.CodeRate, migrate.CodeServiceRate:
		return true
	case migrate.CodeServiceLimit:
		return false // waiting does not change it, whatever the status
	}
	return status == http.StatusTooManyRequests
}

func throttled(resp *http.Response) bool {
	return resp != nil && Throttled(resp.StatusCode, codeOf(resp))
}

// contended reports whether a code says that something else was writing to the
// same resource, or that it is being deleted.
func contended(code int) bool {
	return code == migrate.CodeBeingDeleted || migrate.CodeContended(code)
}

// ages is longer than anybody waits, and a time.Duration can hold it.
const ages = 1e9 * time.Second

// retryAfter reads the header, in seconds or as an HTTP date. It is 0 where there
// is none that can be read.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	v := resp.Header.Get("Retry-After")
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	if seconds, _ := strconv.ParseFloat(v, 64); seconds > 0 {
		return time.Duration(min(seconds, ages.Seconds()) * float64(time.Second))
	}
	return 0
}
