package faults

import (
	"net/http"
	"strconv"
	"time"

	"chatbridge/migrate/emulator"
)

// Twilio's codes for "too many".
const (
	codeAccount = 20429
	codeRate    = 50063
	codeService = 50074
)

// page answers with HTML, and with the Retry-After that after returns, if any.
func page(status int, after func(*fault) string) func(*fault) {
	return func(f *fault) {
		f.struck()
		if after != nil {
			f.w.Header().Set("Retry-After", after(f))
		}
		f.send(status, htmlType, errorPage(status))
	}
}

func tooMany(after func(*fault) string) func(*fault) {
	return page(http.StatusTooManyRequests, after)
}

// seconds is the Retry-After in its first form.
func (f *fault) seconds() string { return strconv.Itoa(f.plan.retryAfter()) }

// date is the Retry-After in its second form, never earlier than the first.
func (f *fault) date() string {
	wait := time.Duration(f.plan.retryAfter())*time.Second + time.Second - 1
	return time.Now().Add(wait).UTC().Format(http.TimeFormat)
}

func (p *Plan) retryAfter() int {
	return int((orDefault(p.RetryAfter, DefaultRetryAfter) + time.Second - 1) / time.Second)
}

// refused answers as Twilio itself does.
func refused(status, code int) func(*fault) {
	return func(f *fault) {
		f.struck()
		emulator.Refusal(status, code, "Too many requests").WriteTo(f.w)
	}
}

// forbid gives a limit the status of a refusal. Reads have one limit only.
func (f *fault) forbid() {
	codes := []int{codeAccount}
	if f.x.Write() {
		codes = append(codes, codeRate, codeService)
	}
	refused(http.StatusForbidden, codes[f.random.IntN(len(codes))])(f)
}

// refuser is a connection that can say that it never was one.
type refuser interface{ refuse() }

func (f *fault) refuse() {
	f.struck()
	if d, found := unwrapped[refuser](f.w); found {
		d.refuse()
		return
	}
	f.drop(false)
}

// unwrapped finds what w wraps, the way http.ResponseController does.
func unwrapped[T any](w http.ResponseWriter) (T, bool) {
	for {
		if found, is := w.(T); is {
			return found, true
		}
		inner, wraps := w.(interface{ Unwrap() http.ResponseWriter })
		if !wraps {
			var none T
			return none, false
		}
		w = inner.Unwrap()
	}
}

func (f *fault) reset() {
	f.struck()
	f.drop(true)
}

func (f *fault) stall() {
	f.struck()
	f.hold()
	f.drop(true)
}
