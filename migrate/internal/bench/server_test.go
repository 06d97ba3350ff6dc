package bench_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/bench"
)

// serveVariable has this program be the emulator of a workspace, and nothing else.
const serveVariable = "BENCH_SERVE"

// serverToken opens it. twilio-go takes no token with other characters.
const serverToken = "emulatedtoken"

// server is an emulator without limits in a process of its own, so that what it
// takes is not counted to what is measured.
type server struct {
	t                          *testing.T
	Chat, Conversations, Media string
	Control                    string
}

// start starts a server. It ends with the test.
func start(t *testing.T, g emulator.Generate) *server {
	t.Helper()
	text, err := json.Marshal(g)
	require.NoError(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), serveVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close() // which ends it
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	require.NoError(t, err)
	s := &server{t: t}
	require.NoError(t, json.Unmarshal(line, s))
	return s
}

// reset begins with a new target and forgets what was seen.
func (s *server) reset() { s.ask("/reset", nil) }

// run is what was seen since.
func (s *server) run() (run bench.Run) {
	s.ask("/run", &run)
	return run
}

func (s *server) ask(path string, into any) {
	s.t.Helper()
	resp, err := http.Get(s.Control + path)
	require.NoError(s.t, err)
	defer http.DefaultClient.CloseIdleConnections()
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, http.StatusOK, resp.StatusCode, "%s", raw)
	if into != nil {
		require.NoError(s.t, json.Unmarshal(raw, into))
	}
}

// serve is the other process. It ends with its standard input.
func serve(text string) int {
	if err := serving(text); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func serving(text string) error {
	var g emulator.Generate
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		return err
	}
	h := &hosts{generate: g}
	if err := h.reset(); err != nil {
		return err
	}
	s := server{}
	for url, handler := range map[*string]http.Handler{
		&s.Chat:          h.of((*emulator.Emulator).Chat),
		&s.Conversations: h.of((*emulator.Emulator).Conversations),
		&s.Media:         h.of((*emulator.Emulator).Media),
		&s.Control:       h.control(),
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		*url = "http://" + l.Addr().String()
		go func() { _ = http.Serve(l, handler) }() // until the process ends
	}
	if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// hosts are the hosts of an emulator that can be replaced.
type hosts struct {
	generate emulator.Generate

	mu   sync.Mutex
	e    *emulator.Emulator
	seen *bench.Recorder
}

func (h *hosts) reset() error {
	e, err := emulator.New(emulator.Config{Generate: h.generate, AuthToken: serverToken})
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.e != nil {
		err = h.e.Close()
	}
	h.e, h.seen = e, bench.NewRecorder()
	return err
}

func (h *hosts) now() (*emulator.Emulator, *bench.Recorder) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.e, h.seen
}

func (h *hosts) of(which func(*emulator.Emulator) http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e, seen := h.now()
		seen.Around(which(e)).ServeHTTP(w, r)
	})
}

func (h *hosts) control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/reset", func(w http.ResponseWriter, _ *http.Request) {
		if err := h.reset(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("/run", func(w http.ResponseWriter, _ *http.Request) {
		_, seen := h.now()
		_ = json.NewEncoder(w).Encode(seen.Run())
	})
	return mux
}
