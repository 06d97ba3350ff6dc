package transport

import (
	"context"
	"net"
	"syscall"
	"time"
)

// Dial returns a function that makes TCP connections which deliver a request
// soon or never. By itself a kernel goes on sending what it took over: for a
// minute and more after the request was given up, and after the process was
// killed, a write would land that nobody waits for any more.
//
// Closing such a connection, as the end of the process does, throws away what
// was not sent. On Linux the kernel also gives up what the other side did not
// acknowledge within settle; elsewhere, and for a settle of zero or less, that
// takes as long as the kernel likes.
func Dial(settle time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	if settle > 0 {
		d.Control = func(_, _ string, c syscall.RawConn) error { return giveUpAfter(c, settle) }
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			if err := tcp.SetLinger(0); err != nil {
				_ = conn.Close()
				return nil, &net.OpError{Op: "dial", Net: network, Addr: conn.RemoteAddr(), Err: err}
			}
		}
		return conn, nil
	}
}
