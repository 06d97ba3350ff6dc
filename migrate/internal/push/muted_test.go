package push_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/internal/push"
)

var errNo = errors.New("not now")

// services is a Target with push notifications, some of which cannot be changed.
type services struct {
	migrate.Target
	are   map[string]conversations.Notifications
	stuck map[string]bool
}

func (s *services) Configuration(_ context.Context, sid string) (conversations.Configuration, error) {
	return conversations.Configuration{Notifications: s.are[sid]}, nil
}

func (s *services) SetNotifications(_ context.Context, sid string, n conversations.Notifications) error {
	if s.stuck[sid] {
		return &migrate.Error{Op: "set notifications", Kind: migrate.Refused, SID: sid, Err: errNo}
	}
	s.are[sid] = n
	return nil
}

// noted is what was noted of each service.
func noted() (map[string]string, push.Noting) {
	said := map[string]string{}
	return said, func(_ context.Context, sid string, was json.RawMessage) error {
		said[sid] = string(was)
		return nil
	}
}

func TestMuted(t *testing.T) {
	on := conversations.Notifications{NewMessage: conversations.Notification{Enabled: true, Template: "${MESSAGE}"}}

	t.Run("one that cannot be given back keeps no other from it, and is named with what to do", func(t *testing.T) {
		s := &services{are: map[string]conversations.Notifications{"IS1": on, "IS2": on, "IS3": on}, stuck: map[string]bool{}}
		said, note := noted()
		m := push.NewMuted(s, note)
		for sid := range s.are {
			require.NoError(t, m.Mute(t.Context(), sid))
			require.True(t, s.are[sid].Off())
			require.NotEmpty(t, said[sid])
		}
		s.stuck["IS1"], s.stuck["IS3"] = true, true
		err := m.Restore(t.Context())
		require.ErrorIs(t, err, errNo)
		require.ErrorContains(t, err, "turn push notifications back on IS1")
		require.Contains(t, migrate.HintOf(err), "run the same command again")
		require.Equal(t, on, s.are["IS2"])
		require.Empty(t, said["IS2"])
		require.NotEmpty(t, said["IS1"], "whoever comes next finds what they were")
		require.NotEmpty(t, said["IS3"])
	})

	t.Run("one that could not be put off is not taken for done", func(t *testing.T) {
		s := &services{are: map[string]conversations.Notifications{"IS1": on}, stuck: map[string]bool{"IS1": true}}
		_, note := noted()
		m := push.NewMuted(s, note)
		for range 2 {
			require.ErrorIs(t, m.Mute(t.Context(), "IS1"), errNo)
		}
		s.stuck = nil
		require.NoError(t, m.Mute(t.Context(), "IS1"))
		require.True(t, s.are["IS1"].Off())
		require.Equal(t, on, m.Before("IS1", s.are["IS1"]))
		require.NoError(t, m.Restore(t.Context()))
		require.Equal(t, on, s.are["IS1"])
	})
}
