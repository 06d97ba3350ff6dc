package twilio

import (
	"context"
	"fmt"
	"io"

	"chatbridge/migrate"
)

// exact is the bytes of a file: as many as its record says, or an error. The last
// bytes come when it is known that no more follow, so whoever sends a file on never
// sends all of one that is longer.
type exact struct {
	body io.ReadCloser
	call *call
	size int64
	read int64
	err  error
}

func (x *exact) Read(p []byte) (int, error) {
	if x.err == nil && x.call.ctx.Err() != nil {
		x.err = x.call.fail(migrate.Interrupted, context.Cause(x.call.ctx))
	}
	if x.err != nil {
		return 0, x.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := 0, error(nil)
	if x.read < x.size {
		n, err = x.body.Read(p[:min(int64(len(p)), x.size-x.read)])
		x.read += int64(n)
	}
	if x.read == x.size && err == nil {
		var more [1]byte
		if _, err = io.ReadFull(x.body, more[:]); err == nil {
			x.err = x.call.fail(migrate.Refused, fmt.Errorf("the service says that it has %d bytes, and sends more", x.size))
			return 0, x.err
		}
	}
	switch {
	case err == nil:
		return n, nil
	case err != io.EOF:
		x.err = x.call.broken(err)
		return 0, x.err
	case x.read < x.size:
		x.err = x.call.fail(migrate.Refused, fmt.Errorf("the service says that it has %d bytes, and sends %d", x.size, x.read))
		return n, x.err
	}
	x.err = io.EOF
	return n, x.err
}

func (x *exact) Close() error { return x.body.Close() }
