package postgres_test

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/pgtest"
)

// proxy stands between a ledger and its server, and cuts.
type proxy struct {
	url    string
	server string

	mu      sync.Mutex
	listen  net.Listener
	pairs   map[*pair]struct{}
	before  string // cut the connection that sends this, before the server has it
	after   string // cut the connection that sends this, when the server has answered
	short   bool   // cut the connection that gets a long answer, in the middle of that
	kept    []net.Conn
	refuses bool
	running sync.WaitGroup
}

type pair struct{ client, server net.Conn }

func newProxy(t *testing.T, raw string) *proxy {
	t.Helper()
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listen: listen, pairs: map[*pair]struct{}{}}
	p.url = pgtest.With(t, raw, func(u *url.URL) {
		p.server = u.Host
		u.Host = listen.Addr().String()
	})
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = listen.Close()
		p.cut()
		for _, c := range p.kept {
			_ = c.Close()
		}
		p.running.Wait()
	})
	return p
}

func (p *proxy) accept() {
	for {
		client, err := p.listen.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		refuses := p.refuses
		p.mu.Unlock()
		server, err := net.Dial("tcp", p.server)
		if refuses || err != nil {
			_ = client.Close()
			continue
		}
		one := &pair{client, server}
		p.mu.Lock()
		p.pairs[one] = struct{}{}
		p.mu.Unlock()
		p.running.Go(func() { p.up(one) })
		p.running.Go(func() { p.down(one) })
	}
}

// down passes on what the server answers.
func (p *proxy) down(one *pair) {
	defer p.end(one)
	buffer := make([]byte, 1<<16)
	for {
		n, err := one.server.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		short := p.short && n >= 4096
		if short {
			p.short = false
			n /= 2
		}
		p.mu.Unlock()
		if _, err := one.client.Write(buffer[:n]); err != nil || short {
			return
		}
	}
}

// up passes on what the client sends. Each message is in one read, since the ledger
// waits for an answer after each.
func (p *proxy) up(one *pair) {
	defer p.end(one)
	buffer := make([]byte, 1<<20)
	for {
		n, err := one.client.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		before := p.before != "" && bytes.Contains(buffer[:n], []byte(p.before))
		after := p.after != "" && bytes.Contains(buffer[:n], []byte(p.after))
		if before || after {
			p.before, p.after = "", ""
		}
		p.mu.Unlock()
		if before {
			return
		}
		if after {
			_ = one.client.Close() // so that the answer reaches nobody
		}
		if _, err := one.server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) end(one *pair) {
	_ = one.client.Close()
	_ = one.server.Close()
	p.mu.Lock()
	delete(p.pairs, one)
	p.mu.Unlock()
}

// cut ends all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for one := range p.pairs {
		_ = one.client.Close()
		_ = one.server.Close()
	}
}

// set changes what is to be cut.
func (p *proxy) set(change func(*proxy)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}
