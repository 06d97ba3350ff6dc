package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server serves metrics or profiles until it is closed.
type Server struct {
	// URL is where they are.
	URL string
	// Public says that other machines may reach it.
	Public bool

	http    http.Server
	serving sync.WaitGroup
}

// headerTimeout is how long a client may take to say what it wants, and
// goodbye how long one that is being answered is waited for.
const (
	headerTimeout = 5 * time.Second
	goodbye       = time.Second
)

// Serve listens on addr, a host:port, and serves h under /metrics. Without a
// host it listens on this machine only; port 0 picks one.
func Serve(addr string, h http.Handler) (*Server, error) {
	at, err := address(addr)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", h)
	return listen(at, mux, "/metrics")
}

// address is addr, on this machine only if it has no host.
func address(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("read address: %w", err)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

// listen serves h on addr; path is that of its first page.
func listen(addr string, h http.Handler, path string) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	at := l.Addr().(*net.TCPAddr)
	s := &Server{
		URL:    "http://" + at.String() + path,
		Public: !at.IP.IsLoopback(),
		http:   http.Server{Handler: h, ReadHeaderTimeout: headerTimeout},
	}
	s.serving.Go(func() { _ = s.http.Serve(l) }) // it ends when it is closed, and its error says so
	return s, nil
}

// Close stops serving. Who is being answered gets the rest, within a second.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), goodbye)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	s.serving.Wait()
	return err
}
