package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// rehearsing runs rehearse against a server, and returns its exit status.
func rehearsing(t *testing.T, server *emulator.Server, sc screen, args ...string) int {
	t.Helper()
	return run(t.Context(), sc.console, append([]string{"rehearse", "--out", filepath.Join(t.TempDir(), "rehearsal.json"), "--only", "dates,text",
		"--chat-url", server.ChatURL, "--conversations-url", server.ConversationsURL, "--media-url", server.MediaURL}, args...))
}

// emulatedAccount is the environment that opens the account of an emulator.
var emulatedAccount = []string{"TWILIO_ACCOUNT_SID=" + emulator.DefaultAccountSID, "TWILIO_AUTH_TOKEN=" + emulator.DefaultAuthToken}

func TestRehearseAsks(t *testing.T) {
	for answer, want := range map[string]int{"y\n": exitDone, "n\n": exitUsage, "": exitUsage} {
		t.Run(fmt.Sprintf("and ends with %d if the answer is %q", want, answer), func(t *testing.T) {
			server := newTestServer(t, emulator.Config{})
			sc := newScreen(answer, true, emulatedAccount...)
			require.Equal(t, want, rehearsing(t, server, sc), sc.stderr.String())
			require.Contains(t, sc.stderr.String(), "Make one service and delete it at the end.")
			require.Contains(t, sc.stderr.String(), "Begin? [y/N]")
			require.Equal(t, want == exitDone, server.Stats().Conversations.Writes > 0)
		})
	}
}

func TestRehearseInterrupted(t *testing.T) {
	for name, twice := range map[string]bool{"removes its service at the first interrupt": false, "leaves that to --clean at the second": true} {
		t.Run(name, func(t *testing.T) {
			sc := newScreen("", false, emulatedAccount...)
			var messages, deleted atomic.Int64
			server := newTestServer(t, emulator.Config{Intercept: func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
				if x.Write() && x.Path[len(x.Path)-1] == "Messages" && messages.Add(1) == 5 {
					sc.interrupts <- os.Interrupt
					if twice {
						sc.interrupts <- os.Interrupt
					}
					<-r.Context().Done()
					panic(http.ErrAbortHandler)
				}
				if x.Method == http.MethodDelete && len(x.Path) == 3 {
					deleted.Add(1)
				}
				commit().WriteTo(w)
			}})
			require.Equal(t, exitInterrupted, rehearsing(t, server, sc, "--yes"), sc.stderr.String())
			if !twice {
				require.Contains(t, sc.stderr.String(), "was deleted, and is gone")
				require.Equal(t, int64(1), deleted.Load())
			}
			if deleted.Load() == 0 {
				require.Contains(t, sc.stderr.String(), "chatbridge rehearse")
				require.Contains(t, sc.stderr.String(), "--clean")
			}
		})
	}
}

func TestRehearseThatCannotRemove(t *testing.T) {
	sc := newScreen("", false, emulatedAccount...)
	server := newTestServer(t, emulator.Config{Intercept: func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if x.Method == http.MethodDelete && len(x.Path) == 3 {
			emulator.Refusal(403, 50107, "no").WriteTo(w)
			return
		}
		commit().WriteTo(w)
	}})
	require.Equal(t, exitIncomplete, rehearsing(t, server, sc, "--yes"))
	require.Contains(t, sc.stderr.String(), "error: the service of the rehearsal was not removed")
	require.Contains(t, sc.stdout.String(), "was not removed")
	require.Contains(t, sc.stderr.String(), "hint: to look for it again and remove it: chatbridge rehearse")
}

func TestRehearseInAFolderThatIsNotThere(t *testing.T) {
	sc := newScreen("", false, emulatedAccount...)
	server := newTestServer(t, emulator.Config{})
	require.Equal(t, exitUsage, rehearsing(t, server, sc, "--yes", "--out", filepath.Join(t.TempDir(), "nowhere", "rehearsal.json")))
	require.Zero(t, server.Stats().Conversations.Writes)
}
