package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/transport"
)

// one makes a request that is answered with one resource. The reply is decoded
// while the transport can still ask again, where the class allows that.
func one[T any](h *host, ctx context.Context, op, sid string, limits transport.Call,
	decode func([]byte) (T, error), ask func(*call) error) (T, error) {
	r, _, err := dated(h, ctx, op, sid, limits, decode, ask)
	return r, err
}

// dated is one, and the date that the service gave its reply; zero if it gave
// none.
func dated[T any](h *host, ctx context.Context, op, sid string, limits transport.Call,
	decode func([]byte) (T, error), ask func(*call) error) (T, time.Time, error) {
	var r T
	c := &call{host: h, ctx: ctx, op: op, sid: sid, limits: limits}
	var odd *chat.Unreadable
	c.limits.Check = func(raw []byte) (err error) {
		if err = c.belongs(c.bearing(), raw); err != nil {
			return err
		}
		r, err = decode(raw)
		if errors.As(err, &odd) && chat.Valid(raw) {
			return nil // it is whole, and asking again would bring the same
		}
		odd = nil
		return err
	}
	err := ask(c)
	c.settle(err)
	if c.err == nil && odd != nil {
		c.err = unreadable(op, sid, odd)
	}
	if c.err != nil {
		var none T
		return none, time.Time{}, c.err
	}
	migrate.Replied(ctx, r)
	return r, c.date, nil
}

var (
	errNoSID   = errors.New("resource has no SID")
	errNoIndex = errors.New("message has no index")
)

// identified makes sure that a reply is a resource: an object of any other kind
// would be read as one with every field empty.
func identified(raw []byte) error {
	var r struct {
		SID string `json:"sid"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return fmt.Errorf("read SID: %w", err)
	}
	if r.SID == "" {
		return errNoSID
	}
	return nil
}

// indexed makes sure that a message has an index: null would be read as 0, the
// first message.
func indexed(raw []byte) error {
	o := chat.ObjectOf(raw)
	for m, ok := o.Next(); ok; m, ok = o.Next() {
		if string(m.Key) == "index" || m.Escaped && m.Name() == "index" {
			if c := m.Value[0]; c == '-' || c >= '0' && c <= '9' {
				return nil
			}
			return errNoIndex
		}
	}
	return errNoIndex
}
