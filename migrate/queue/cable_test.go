package queue

import (
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// line carries connections to a database, can be cut, and can answer as a pooler.
type line struct {
	url    string
	pooler atomic.Bool // makes up the process ID that it greets with
	to     string

	listener net.Listener
	group    sync.WaitGroup
	mu       sync.Mutex
	down     bool
	open     map[net.Conn]bool
}

// cable begins to carry connections to a database, until the test ends.
func cable(t *testing.T, raw string) *line {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &line{url: through(t, raw, listener.Addr().String()), to: u.Host, listener: listener, open: map[net.Conn]bool{}}
	l.group.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			l.group.Go(func() { l.carry(near) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		l.cut()
		l.group.Wait()
	})
	return l
}

// hold keeps a connection, unless the line is cut.
func (l *line) hold(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		_ = c.Close()
		return false
	}
	l.open[c] = true
	return true
}

func (l *line) carry(near net.Conn) {
	defer near.Close()
	if !l.hold(near) {
		return
	}
	far, err := net.Dial("tcp", l.to)
	if err != nil || !l.hold(far) {
		return
	}
	defer far.Close()
	var up sync.WaitGroup
	up.Go(func() {
		_, _ = io.Copy(far, near)
		_ = far.Close()
	})
	l.answer(near, far)
	_ = near.Close()
	up.Wait()
}

// answer carries what the database says. Its messages are a letter, four bytes of
// length that count themselves, and a body; K has the process ID.
func (l *line) answer(near, far net.Conn) {
	for l.pooler.Load() {
		head := make([]byte, 5)
		if _, err := io.ReadFull(far, head); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(head[1:])-4)
		if _, err := io.ReadFull(far, body); err != nil {
			return
		}
		if head[0] == 'K' {
			binary.BigEndian.PutUint32(body, binary.BigEndian.Uint32(body)+1)
		}
		if _, err := near.Write(append(head, body...)); err != nil {
			return
		}
	}
	_, _ = io.Copy(near, far)
}

// cut ends all connections, and takes no more.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = true
	for c := range l.open {
		_ = c.Close()
	}
	clear(l.open)
}

// mend takes connections again.
func (l *line) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
}
