package claim_test

import (
	"context"
	"encoding/json"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/claim"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

const (
	settle = 10 * time.Second
	source = "IS0000000000000000000000000000000a"
)

// bench is an emulator with a service in it, for several runs.
type bench struct {
	*rig.Rig
	service string
	room    string // a conversation

	// on sees every write to Conversations, and says whether it is lost: it takes
	// no effect, and nobody answers. May be nil.
	on atomic.Pointer[func(*emulator.Exchange) (lost bool)]
}

func newBench(t *testing.T) *bench {
	b := &bench{}
	b.Rig = rig.NewRig(t, emulator.Config{
		Archive: rig.ManyChannels(1).Archive(),
		Intercept: func(w http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			if on := b.on.Load(); on != nil && x.Write() && (*on)(x) {
				panic(http.ErrAbortHandler)
			}
			commit().WriteTo(w)
		},
	})
	target := b.plain()
	s, err := target.AppendService(t.Context(), conversations.Service{FriendlyName: "Support"})
	require.NoError(t, err)
	b.service = s.SID
	c, err := target.AppendConversation(t.Context(), s.SID, conversations.Conversation{FriendlyName: "room"})
	require.NoError(t, err)
	b.room = c.SID
	return b
}

func (b *bench) plain() migrate.Target { return b.Target(&transport.Counter{}) }

func (b *bench) intercept(on func(*emulator.Exchange) bool) { b.on.Store(&on) }

// ledger says which ledger a run has.
type ledger struct {
	migrate.LedgerReader
	identity migrate.LedgerIdentity
}

func (l ledger) Identity(context.Context) (migrate.LedgerIdentity, error) { return l.identity, nil }

// run is one run, and how it hears that it lost a claim.
type run struct {
	*claim.Claims
	migrate.Target // guarded
	lost           chan error
}

func (b *bench) run(set func(*claim.Options)) *run {
	r := &run{lost: make(chan error, 1)}
	o := claim.Options{
		Target: b.plain(), Verb: "migrate", Settle: settle, Observer: b.Events,
		Lost: func(err error) { r.lost <- err },
	}
	if set != nil {
		set(&o)
	}
	r.Claims = claim.New(o)
	r.Target = r.Guard()
	return r
}

func withLedger(id, file string) func(*claim.Options) {
	return func(o *claim.Options) { o.Ledger = ledger{identity: migrate.LedgerIdentity{ID: id, File: file}} }
}

func (b *bench) take(t *testing.T, r *run) error {
	t.Helper()
	return r.Take(t.Context(), b.service, source, nil)
}

// say writes a message as a lane does.
func (b *bench) say(ctx context.Context, r *run, body string) error {
	_, err := r.AppendMessage(ctx, b.service, b.room, conversations.Message{Author: "ann", Body: body})
	return err
}

func (b *bench) bodies(t *testing.T) (all []string) {
	t.Helper()
	for m, err := range b.plain().Messages(t.Context(), b.service, b.room, false) {
		require.NoError(t, err)
		all = append(all, m.Body)
	}
	return all
}

// claimed is the claim of the service as it is now.
func (b *bench) claimed(t *testing.T) (claim.Seen, bool) {
	t.Helper()
	seen, found, err := claim.Look(t.Context(), b.plain(), b.service)
	require.NoError(t, err)
	return seen, found
}

// dies leaves the claim of a run as a kill would: without a release, and without
// another renewal.
func (b *bench) dies(t *testing.T, r *run) {
	t.Helper()
	seen, found := b.claimed(t)
	require.True(t, found)
	b.intercept(func(*emulator.Exchange) bool { return true }) // nothing of it gets through
	r.Release(t.Context())
	b.on.Store(nil)
	now, found := b.claimed(t)
	require.True(t, found)
	require.Equal(t, seen.SID, now.SID)
}

func isRenewal(x *emulator.Exchange) bool {
	return x.Method == http.MethodPost && len(x.Path) == 5 && x.Path[3] == "Conversations" && x.Form.Has("Attributes")
}

// rewrite changes what the claim says, without renewing it.
func (b *bench) rewrite(t *testing.T, change func(*claim.Mark)) {
	t.Helper()
	c, err := b.plain().Conversation(t.Context(), b.service, migrate.ClaimName)
	require.NoError(t, err)
	var in map[string]claim.Mark
	require.NoError(t, json.Unmarshal([]byte(c.Attributes), &in))
	m := in["chatbridge_claim"]
	change(&m)
	raw, err := json.Marshal(map[string]claim.Mark{"chatbridge_claim": m})
	require.NoError(t, err)
	require.NoError(t, b.plain().SetConversation(t.Context(), b.service, conversations.Conversation{SID: c.SID, Attributes: string(raw), DateUpdated: c.DateUpdated}))
}

// lossy is a target whose first create of a conversation takes effect and is not
// answered.
type lossy struct{ migrate.Target }

func (l lossy) AppendConversation(ctx context.Context, service string, c conversations.Conversation) (conversations.Conversation, error) {
	_, err := l.Target.AppendConversation(ctx, service, c)
	if err == nil {
		err = &migrate.Error{Op: "create conversation", Kind: migrate.InDoubt}
	}
	return conversations.Conversation{}, err
}

// misdated is a target whose conversations have dates that are off, and whose
// replies have none if they are off by nothing.
type misdated struct {
	migrate.Target
	by time.Duration
}

func (m misdated) ConversationAt(ctx context.Context, service, name string) (conversations.Conversation, time.Time, error) {
	c, at, err := m.Target.ConversationAt(ctx, service, name)
	if m.by == 0 {
		return c, time.Time{}, err
	}
	c.DateUpdated = c.DateCreated.Add(m.by)
	return c, at, err
}
