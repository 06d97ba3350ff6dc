package main

import (
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// step is a request of a migration. Which one follows from its shape: method and
// path, with a star for each SID.
type step struct {
	name  string
	shape string
	nth   int // the how many-th of a first run
}

// steps are in the order in which a service comes to them.
var steps = []step{
	{"the service", "POST Services", 1},
	{"the claim", "POST Services/*/Conversations", 1},
	{"a role", "POST Services/*/Roles", 2},
	{"a conversation", "POST Services/*/Conversations", 3},
	{"a user", "POST Services/*/Users", 2},
	{"a participant", "POST Services/*/Conversations/*/Participants", 3},
	{"a message", "POST Services/*/Conversations/*/Messages", 10},
	{"the read-back", readBack, 1},
	{"a horizon", "POST Services/*/Conversations/*/Participants/*", 2},
	{"the date of a conversation", "POST Services/*/Conversations/*", 2}, // the first is of the claim
	{"the configuration", "POST Services/*/Configuration", 1},
	{"the webhooks", "POST Services/*/Configuration/Webhooks", 1},
	{"the notifications", "POST Services/*/Configuration/Notifications", 1},
}

// claimWrites is what a run writes into a service in which it finds nothing to do:
// its claim, which it takes away again.
const claimWrites = 2

// onlyClaims requires that nothing was written since began but claims, so many of them. Each
// is renewed every 10 seconds, by one write: a machine that is busy makes some of a run
// that takes one second elsewhere.
func onlyClaims(t *testing.T, claims int, began time.Time, writes int64) {
	t.Helper()
	renewals := int64(time.Since(began)/(10*time.Second)) * int64(claims)
	require.GreaterOrEqual(t, writes, int64(claims*claimWrites))
	require.LessOrEqual(t, writes, int64(claims*claimWrites)+renewals)
}

const (
	appendMessage = "POST Services/*/Conversations/*/Messages"
	// readBack is a read of the messages of a conversation that holds all that its
	// channel has.
	readBack = "read-back"
)

// moment is when a program is killed: while a request is on its way, or behind
// it.
type moment string

const (
	before   moment = "before it took effect"
	after    moment = "after it took effect, before the answer"
	answered moment = "right after the answer"
	logged   moment = "after the ledger was committed behind it"
)

// killer stands in the emulator and kills a program at a step.
type killer struct {
	ledger string // its path

	mu      sync.Mutex
	step    step
	moment  moment
	seen    int
	dead    bool           // a kill is on its way, or done: nothing that is in flight has an effect
	held    string         // conversation whose next message is held until the ledger is committed
	posted  map[string]int // messages by conversation, over all runs
	reached bool           // the step was come to
	victim  chan *exec.Cmd // started
	flying  sync.WaitGroup // requests
}

// run runs cmd until it is killed at the step.
func (k *killer) run(t *testing.T, cmd *exec.Cmd, s step, m moment) {
	t.Helper()
	k.mu.Lock()
	k.step, k.moment, k.seen, k.dead, k.reached, k.held = s, m, 0, false, false, ""
	k.victim = make(chan *exec.Cmd, 1)
	k.mu.Unlock()
	var complaint strings.Builder
	cmd.Stderr = &complaint
	require.NoError(t, cmd.Start())
	k.victim <- cmd
	require.Error(t, cmd.Wait(), "it ended before %s", s.name)
	require.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal(), complaint.String())
	require.True(t, k.reached)
	k.flying.Wait()
}

// rest lets a program run to its end.
func (k *killer) rest() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.step, k.dead, k.held = step{}, false, ""
}

// shape is what a step is known by.
func (k *killer) shape(x *emulator.Exchange) string {
	segments := make([]string, len(x.Path)-1)
	for i, s := range x.Path[1:] {
		if len(s) == 34 {
			s = "*"
		}
		segments[i] = s
	}
	shape := x.Method + " " + strings.Join(segments, "/")
	if x.Host == emulator.ConversationsHost && shape == "GET Services/*/Conversations/*/Messages" && k.posted[x.Path[4]] == smallMessages {
		return readBack
	}
	return shape
}

// decide says what becomes of an exchange.
func (k *killer) decide(x *emulator.Exchange) (dead, hit, held bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		return true, false, false
	}
	shape := k.shape(x)
	if k.held != "" {
		held = shape == appendMessage && x.Path[4] == k.held
		k.dead = held
		return false, false, held
	}
	if x.Host != emulator.ConversationsHost || shape != k.step.shape {
		return false, false, false
	}
	k.seen++
	if hit = k.seen == k.step.nth; !hit {
		return false, false, false
	}
	k.reached = true
	if k.moment == logged {
		k.held = x.Path[4]
		return false, false, false
	}
	k.dead = true
	return false, true, false
}

// intercept is an emulator.Interceptor.
func (k *killer) intercept(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
	k.flying.Add(1)
	defer k.flying.Done()
	dead, hit, held := k.decide(x)
	switch {
	case dead:
		panic(http.ErrAbortHandler)
	case held:
		k.untilCommitted(r)
		k.kill()
	case hit && k.moment == before:
		k.kill()
	case hit && k.moment == after:
		k.commit(x, commit)
		k.kill()
	case hit:
		k.commit(x, commit).WriteTo(w)
		_ = http.NewResponseController(w).Flush()
		k.kill()
	default:
		k.commit(x, commit).WriteTo(w)
	}
}

func (k *killer) commit(x *emulator.Exchange, commit func() emulator.Reply) emulator.Reply {
	k.mu.Lock()
	defer k.mu.Unlock()
	shape := k.shape(x)
	reply := commit()
	if shape == appendMessage && reply.Status == http.StatusCreated {
		k.posted[x.Path[4]]++
	}
	return reply
}

func (k *killer) kill() {
	cmd := <-k.victim
	_ = cmd.Process.Kill()
	panic(http.ErrAbortHandler)
}

// untilCommitted waits until the ledger has what was posted. Its log alone does
// not tell: what grows may be a commit from before.
func (k *killer) untilCommitted(r *http.Request) {
	k.mu.Lock()
	posted := int64(k.posted[k.held])
	k.mu.Unlock()
	has := func() bool {
		l, err := readLedger(r.Context(), k.ledger)
		if err != nil {
			return false
		}
		defer l.Close()
		pairs, err := l.Lookup(r.Context(), k.held)
		if err != nil || len(pairs) == 0 {
			return false
		}
		n, err := l.CountMessages(r.Context(), pairs[0].SourceSID)
		return err == nil && n == posted
	}
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !has() {
		select {
		case <-look.C:
		case <-r.Context().Done():
			return
		}
	}
}
