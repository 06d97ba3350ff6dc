//go:build unix

package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/ledgertest"
)

var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`)

// drawn are the lines that a terminal was shown, each time it was.
func drawn(text string) []string {
	return strings.FieldsFunc(escapes.ReplaceAllString(text, ""), func(r rune) bool { return r == '\r' || r == '\n' })
}

// gauged matches a line of the bar: what is filled, and the share in percent.
var gauged = regexp.MustCompile(`^\[(#*) *\].*?\(?(\d+)%\)?`)

// halted stops a migration after certain messages, until it is told to go on.
type halted struct {
	mu    sync.Mutex
	posts int
	at    map[int]chan struct{} // closed to go on
}

func (h *halted) intercept(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
	if x.Write() && x.Path[len(x.Path)-1] == "Messages" {
		h.mu.Lock()
		h.posts++
		goOn := h.at[h.posts]
		h.mu.Unlock()
		if goOn != nil {
			select {
			case <-goOn:
			case <-r.Context().Done():
			}
		}
	}
	commit().WriteTo(w)
}

func TestBarFromStartToEnd(t *testing.T) {
	t.Parallel()
	for _, columns := range []uint16{80, 40} {
		t.Run(fmt.Sprintf("is there at 10, 50 and 90 percent, in %d columns", columns), func(t *testing.T) {
			t.Parallel()
			all := smallChannels * smallMessages
			h := &halted{at: map[int]chan struct{}{1: make(chan struct{}), all / 2: make(chan struct{}), all - 1: make(chan struct{})}}
			server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Intercept: h.intercept})
			cmd := program(server, ledgertest.Dir(t), "migrate", "--yes", "--aps", "0", "--settle", "200ms", "--concurrency", "1")
			cmd.Env = append(cmd.Env, "TERM=xterm", "CHATBRIDGE_LEDGER=l.db") // a path that fits
			p := sitBefore(t, cmd, columns)
			for _, stop := range []struct {
				post     int
				from, to int
			}{{1, 5, 45}, {all / 2, 45, 80}, {all - 1, 85, 100}} {
				p.await(fmt.Sprintf("a bar at %d to %d percent", stop.from, stop.to), func(text string) bool {
					for _, line := range drawn(text) {
						if m := gauged.FindStringSubmatch(line); m != nil {
							if n, _ := strconv.Atoi(m[2]); n >= stop.from && n <= stop.to {
								return true
							}
						}
					}
					return false
				})
				close(h.at[stop.post])
			}
			require.Equal(t, exitDone, p.exits())
			text, _ := p.seen()
			for _, line := range drawn(text[:strings.LastIndex(text, "Migration: ")]) {
				require.LessOrEqual(t, runewidth.StringWidth(line), int(columns), "it would break in the middle of a word: %q", line)
			}
			require.Regexp(t, `1 channel( at work)?, longest: Channel 0 \d+ of 14`, text)
		})
	}
}

func TestServerThatStopsAnswering(t *testing.T) {
	t.Parallel()
	t.Run("is said, with its name, while the program still waits", func(t *testing.T) {
		t.Parallel()
		h := &halted{at: map[int]chan struct{}{3: make(chan struct{})}}
		server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Intercept: h.intercept})
		cmd := program(server, ledgertest.Dir(t), "migrate", "--yes", "--aps", "0", "--settle", "200ms", "--concurrency", "1")
		cmd.Env = append(cmd.Env, "TERM=xterm")
		p := sitBefore(t, cmd, 80)
		p.await("what it waits for", func(text string) bool {
			return strings.Contains(text, "no answer from "+strings.TrimPrefix(server.ConversationsURL, "http://")+" for 2 s; 1 channel waits")
		})
		close(h.at[3])
		require.Equal(t, exitDone, p.exits())
	})
	t.Run("is said from the first question on", func(t *testing.T) {
		t.Parallel()
		goOn := make(chan struct{})
		server := newTestServer(t, emulator.Config{Archive: smallWorkspace(t), Intercept: func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			select {
			case <-goOn:
			case <-r.Context().Done():
			}
			commit().WriteTo(w)
		}})
		cmd := program(server, ledgertest.Dir(t), "migrate")
		p := sitBefore(t, cmd, 80)
		p.await("what it waits for", contains("no answer from "+strings.TrimPrefix(server.ChatURL, "http://")+" for 2 s"))
		close(goOn)
		p.await("the question", contains("Begin? [y/N] "))
		p.types(ctrlC)
		require.Equal(t, exitInterrupted, p.exits())
	})
}
