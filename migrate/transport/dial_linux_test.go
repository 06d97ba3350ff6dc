package transport

import (
	"net"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDialSetsItsOptions(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	base := NewBase(1)
	for name, c := range map[string]struct {
		settle time.Duration
		ms     int
	}{
		"to the millisecond":              {7 * time.Second, 7000},
		"rounded up, as 0 would be never": {time.Microsecond, 1},
		"a settle time of ages":           {1 << 62, 1<<31 - 1},
		"none":                            {0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dial := Dial(c.settle)
			if c.settle == 0 {
				dial = base.DialContext
			}
			conn, err := dial(t.Context(), "tcp", l.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			raw, err := conn.(*net.TCPConn).SyscallConn()
			require.NoError(t, err)
			var ms int
			var linger *syscall.IPMreq // two words, as struct linger is
			var timeoutErr, lingerErr error
			require.NoError(t, raw.Control(func(fd uintptr) {
				ms, timeoutErr = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout)
				linger, lingerErr = syscall.GetsockoptIPMreq(int(fd), syscall.SOL_SOCKET, syscall.SO_LINGER)
			}))
			require.NoError(t, timeoutErr)
			require.NoError(t, lingerErr)
			require.Equal(t, c.ms, ms)
			require.NotZero(t, linger.Multiaddr, "SO_LINGER is on")
			require.Zero(t, linger.Interface, "for 0 seconds")
		})
	}
}

// descriptor is a connection of which only its number is known.
type descriptor struct {
	syscall.RawConn
	fd  uintptr
	err error
}

func (d descriptor) Control(f func(uintptr)) error {
	if d.err == nil {
		f(d.fd)
	}
	return d.err
}

func TestGiveUpAfter(t *testing.T) {
	t.Run("says why it cannot be set", func(t *testing.T) {
		err := giveUpAfter(descriptor{fd: ^uintptr(0)}, time.Second)
		require.ErrorIs(t, err, syscall.EBADF)
		require.ErrorContains(t, err, "setsockopt")
		require.ErrorIs(t, giveUpAfter(descriptor{err: net.ErrClosed}, time.Second), net.ErrClosed)
	})
	t.Run("goes without where there is no such option", func(t *testing.T) {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		require.NoError(t, err)
		defer c.Close()
		raw, err := c.SyscallConn()
		require.NoError(t, err)
		require.NoError(t, giveUpAfter(raw, time.Second))
	})
}

func TestNewDialsWithItsSettleTime(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	rt := New(Options{Settle: 3 * time.Second})
	base := rt.(*retry).next.(*limit).next.(*count).next.(await).next.(*deadline).next.(permit).next.(*http.Transport)
	conn, err := base.DialContext(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		ms, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout)
		require.NoError(t, err)
		require.Equal(t, 3000, ms)
	}))
}
