package transport

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// closing tells when its connection was closed.
type closing struct {
	net.Conn
	once   sync.Once
	closed chan struct{}
}

func (c *closing) Close() error {
	defer c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// A service that reads nothing for a while leaves most of a request in our
// kernel. When the request is given up, that part must not follow.
func TestARequestThatWasGivenUpIsNotDelivered(t *testing.T) {
	const size = 256 << 10
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()

	base := NewBase(1)
	defer base.CloseIdleConnections()
	client := &closing{closed: make(chan struct{})}
	dial := base.DialContext
	base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		client.Conn = conn
		return client, err
	}
	base.WriteBufferSize = 2 * size

	arrived := make(chan int64, 1)
	var ended error
	go func() {
		conn, err := l.Accept()
		if err != nil {
			arrived <- -1
			return
		}
		defer conn.Close()
		_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		<-client.closed
		n, err := io.Copy(io.Discard, conn)
		ended = err
		arrived <- n
	}()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	written := make(chan struct{})
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(written) }})
	go func() {
		<-written
		cancel()
	}()
	req, err := http.NewRequestWithContext(traced, http.MethodPost, "http://"+l.Addr().String(), strings.NewReader(strings.Repeat("x", size)))
	require.NoError(t, err)
	_, err = base.RoundTrip(req)
	require.ErrorIs(t, err, context.Canceled, "the kernel took the whole request over")
	n := <-arrived
	require.GreaterOrEqual(t, n, int64(0))
	require.Less(t, n, int64(size))
	require.ErrorIs(t, ended, syscall.ECONNRESET, "the rest was thrown away, and the service told so")
}
