package emulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is an emulator on five loopback listeners.
type Server struct {
	*Emulator
	ChatURL          string // scheme, host and port
	ConversationsURL string
	MediaURL         string
	EventsURL        string
	APIURL           string

	servers []*http.Server
	running sync.WaitGroup
	stop    func() bool
	once    sync.Once
	closed  error
}

// Serve makes an emulator and serves it until ctx is done or Close is called.
func Serve(ctx context.Context, c Config) (*Server, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	e, err := New(c)
	if err != nil {
		return nil, err
	}
	s := &Server{Emulator: e}
	if s.ChatURL, err = s.listen(ctx, c.ChatAddr, e.Chat()); err != nil {
		return nil, err
	}
	if s.ConversationsURL, err = s.listen(ctx, c.ConversationsAddr, e.Conversations()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.MediaURL, err = s.listen(ctx, c.MediaAddr, e.Media()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.EventsURL, err = s.listen(ctx, c.EventsAddr, e.Events()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.APIURL, err = s.listen(ctx, c.APIAddr, e.API()); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.stop = context.AfterFunc(ctx, func() { _ = s.shut() })
	return s, nil
}

func (s *Server) listen(ctx context.Context, addr string, h http.Handler) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("listen on %s: %w", addr, err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	s.servers = append(s.servers, server)
	s.running.Go(func() { _ = server.Serve(l) }) // returns ErrServerClosed, always
	return "http://" + l.Addr().String(), nil
}

// Close stops the listeners, drops their connections, waits until nothing is served
// any more, and closes the emulator.
func (s *Server) Close() error {
	if s.stop != nil {
		s.stop()
	}
	err := s.shut()
	s.running.Wait()
	return errors.Join(err, s.Emulator.Close())
}

func (s *Server) shut() error {
	s.once.Do(func() {
		for _, server := range s.servers {
			s.closed = errors.Join(s.closed, server.Close())
		}
	})
	return s.closed
}
