package rehearse_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/rehearse"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// neighbours are services of the account that are named much like that of a
// rehearsal.
var neighbours = []string{
	"chatbridge rehearsal", "chatbridge rehearsal 00000000000000000000000000000000", "Support",
}

// inhabit makes services, and returns who can write into the account.
func (s *stage) inhabit(t *testing.T, names ...string) *twilio.Target {
	t.Helper()
	target, err := twilio.NewTarget(twilio.Config{
		BaseURL: "http://127.0.0.1:2", Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: transport.New(transport.Options{Base: faults.Direct{Handler: s.Conversations()}}),
	})
	require.NoError(t, err)
	for _, name := range names {
		_, err := target.AppendService(context.WithoutCancel(t.Context()), conversations.Service{FriendlyName: name})
		require.NoError(t, err)
	}
	return target
}

// quick leaves out the experiments whose requests are like those of others.
func quick(r *rehearse.Rehearser) {
	r.Only = []string{"write-times", "name-race", "name-reuse", "text", "media-twice", "media-late", "rejoin", "role-names", "late-append"}
}

// requests is how many requests a rehearsal makes that nobody disturbs.
func requests(t *testing.T) (n int) {
	inBubble(t, func(t *testing.T) {
		s := newStage(t, emulator.Config{})
		_, _, err := s.run(t, quick)
		require.NoError(t, err)
		n = len(s.calls)
	})
	return n
}

func TestKilledAtEachRequest(t *testing.T) {
	last := requests(t)
	require.Greater(t, last, 100)
	first, stride := rig.Faults(t)
	steps := []int{1, 2, 3, 4, 5, 6, last - 3, last - 2, last - 1, last}
	for n := first; n <= last; n += stride {
		steps = append(steps, n)
	}
	for _, n := range steps {
		for _, landed := range []bool{false, true} {
			inBubble(t, func(t *testing.T) {
				s := newStage(t, emulator.Config{})
				s.inhabit(t, neighbours...)
				die := func(at int, _ *http.Request) error {
					if at < n {
						return nil
					}
					s.dead.Store(true)
					return errDead
				}
				if s.before = die; landed {
					s.before, s.after = nil, die
				}
				_, _, err := s.run(t, quick)
				require.True(t, s.dead.Load(), "request %d", n)
				s.dead.Store(false)
				s.before, s.after = nil, nil
				_, err2 := s.clean(t)
				require.NoError(t, err2, "request %d of the rehearsal that ended with %v", n, err)
				require.Equal(t, neighbours, s.services(t), "request %d", n)
				require.NoFileExists(t, s.out+".service", "request %d", n)
			})
		}
	}
}

func TestInterruptedAtEachRequest(t *testing.T) {
	last := requests(t)
	first, stride := rig.Faults(t)
	steps := []int{1, 2, 3, 4, 5}
	for n := first; n <= last; n += stride {
		steps = append(steps, n)
	}
	for _, n := range steps {
		inBubble(t, func(t *testing.T) {
			s := newStage(t, emulator.Config{Latency: time.Millisecond})
			s.inhabit(t, neighbours...)
			drain := make(chan struct{})
			s.before = func(at int, _ *http.Request) error {
				if at == n {
					close(drain)
				}
				return nil
			}
			got, left, err := s.run(t, quick, func(r *rehearse.Rehearser) { r.Drain = drain })
			if n < last/2 || err != nil || len(got.Experiments) < 9 { // or it came when all were made
				require.Equal(t, migrate.Interrupted, migrate.KindOf(err), "request %d: %v", n, err)
			}
			require.NoError(t, left, "request %d", n)
			require.Equal(t, neighbours, s.services(t), "request %d", n)
			require.NoFileExists(t, s.out+".service")
		})
	}
}

func TestForeignServices(t *testing.T) {
	t.Run("services that are named alike are neither touched nor taken for ours", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := newStage(t, emulator.Config{})
			s.inhabit(t, neighbours...)
			got, left, err := s.run(t, quick)
			require.NoError(t, err)
			require.NoError(t, left)
			require.Equal(t, neighbours, s.services(t))
			require.Empty(t, s.outside(got.ServiceSID))
			_, err = s.clean(t)
			require.NoError(t, err)
			require.Equal(t, neighbours, s.services(t))
			r, record, _, _ := s.rehearser(t)
			defer record.Close()
			others, err := r.Others(t.Context(), "")
			require.NoError(t, err)
			require.Len(t, others, 1)
		})
	})
	for _, c := range []struct {
		what string
		do   func(t *testing.T, at *twilio.Target, service string, first conversations.Conversation) (undo func() error)
	}{
		{"a user", func(t *testing.T, at *twilio.Target, service string, _ conversations.Conversation) func() error {
			u, _, err := at.EnsureUser(t.Context(), service, conversations.User{Identity: "somebody"})
			require.NoError(t, err)
			return func() error { return at.DeleteUser(context.Background(), service, u.SID) }
		}},
		{"a role", func(t *testing.T, at *twilio.Target, service string, _ conversations.Conversation) func() error {
			r, err := at.AppendRole(t.Context(), service, conversations.Role{FriendlyName: "theirs", Type: conversations.ConversationRole, Permissions: []string{"sendMessage"}})
			require.NoError(t, err)
			return func() error { return at.DeleteRole(context.Background(), service, r.SID) }
		}},
		{"a conversation", func(t *testing.T, at *twilio.Target, service string, _ conversations.Conversation) func() error {
			c, err := at.AppendConversation(t.Context(), service, conversations.Conversation{FriendlyName: "theirs", UniqueName: "theirs"})
			require.NoError(t, err)
			return func() error { return at.DeleteConversation(context.Background(), service, c.SID) }
		}},
		{"a message", func(t *testing.T, at *twilio.Target, service string, in conversations.Conversation) func() error {
			m, err := at.AppendMessage(t.Context(), service, in.SID, conversations.Message{Author: "somebody", Body: "is anybody there?"})
			require.NoError(t, err)
			return func() error { return at.DeleteMessage(context.Background(), service, in.SID, m.SID) }
		}},
	} {
		t.Run(c.what+" of somebody else keeps the service", func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := newStage(t, emulator.Config{})
				got, left, err := s.run(t, func(r *rehearse.Rehearser) { r.Only, r.Keep = []string{"text"}, true })
				require.NoError(t, err)
				require.NoError(t, left)
				require.False(t, got.Removed)
				at := s.inhabit(t)
				var first conversations.Conversation
				for first, err = range at.Conversations(t.Context(), got.ServiceSID) {
					require.NoError(t, err)
					break
				}
				undo := c.do(t, at, got.ServiceSID, first)
				_, err = s.clean(t)
				require.ErrorContains(t, err, c.what+" ")
				require.ErrorContains(t, err, "did not make")
				require.Contains(t, migrate.HintOf(err), "chatbridge rehearse --clean")
				require.Len(t, s.services(t), 1)
				require.FileExists(t, s.out+".service")
				require.NoError(t, undo())
				cleaned, err := s.clean(t)
				require.NoError(t, err)
				require.Equal(t, []string{got.ServiceSID}, cleaned.Removed)
				require.Empty(t, s.services(t))
			})
		})
	}
}

func TestCreateWithoutAnswer(t *testing.T) {
	// lost is an account that loses the answer to the create of a service, which
	// lands after so long; below zero it never does.
	lost := func(t *testing.T, after time.Duration) *stage {
		l := &rig.LostService{}
		s := newStage(t, emulator.Config{Intercept: l.Intercept})
		s.after = func(_ int, r *http.Request) error { return nil }
		if after >= 0 {
			time.AfterFunc(after, func() { l.Land() })
		}
		return s
	}
	for name, after := range map[string]time.Duration{"at once": time.Millisecond, "a minute later": time.Minute} {
		t.Run("a service that lands "+name+" is found by its name, and used", func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := lost(t, after)
				got, left, err := s.run(t, func(r *rehearse.Rehearser) { r.Only = []string{"text"} })
				require.NoError(t, err)
				require.NoError(t, left)
				require.True(t, got.Removed)
				require.Empty(t, s.services(t))
			})
		})
	}
	t.Run("one that did not land stays recorded, until it cannot land any more", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := lost(t, -1)
			got, left, err := s.run(t)
			require.Equal(t, migrate.InDoubt, migrate.KindOf(err), "%v", err)
			require.ErrorContains(t, left, "may be there")
			require.False(t, got.Removed)
			require.FileExists(t, s.out+".service")
			cleaned, err := s.clean(t)
			require.NoError(t, err)
			require.Empty(t, cleaned.Removed)
			require.NoFileExists(t, s.out+".service")
		})
	})
	t.Run("one that lands while a later process looks for it is removed", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := lost(t, 90*time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			r, record, _, _ := s.rehearser(t)
			_, left, err := r.Run(ctx)
			require.Error(t, errors.Join(left, err))
			require.NoError(t, record.Close())
			cleaned, err := s.clean(t)
			require.NoError(t, err)
			require.Len(t, cleaned.Removed, 1)
			require.Empty(t, s.services(t))
		})
	})
}
