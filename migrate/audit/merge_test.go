package audit_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

func TestNewServices(t *testing.T) {
	dir := "services/" + rig.ScenarioService + "/"
	one := func() rig.Scenario {
		s := rig.ManyChannels(3)
		for i := range s.Channels {
			s.Channels[i].Unique = true
		}
		return s
	}
	look := func(t *testing.T, set func(*rig.Rig), edit ...func(string) string) audit.NewServices {
		second := one().Archive()
		files := []string{"users.jsonl", "roles.jsonl", "channels.jsonl", "service.json"}
		for i, e := range edit {
			second = rig.WithFile(t, second, dir+files[i], e)
		}
		r := rig.NewRig(t, emulator.Config{Archive: rig.Beside(t, one().Archive(), second)})
		r.Settings.CopyAlways = "so that something is copied"
		if set != nil {
			set(r)
		}
		return r.Audit(t, nil).NewServices
	}
	replaced := func(old, new string) func(string) string {
		return func(text string) string {
			require.Contains(t, text, old)
			return strings.Replace(text, old, new, 1)
		}
	}
	t.Run("services that hold the same collide by the unique names of their channels alone", func(t *testing.T) {
		n := look(t, nil)
		require.EqualValues(t, 2, n.Made)
		require.EqualValues(t, 3, n.Merge.UniqueNames.Count)
		require.EqualValues(t, 0, n.Merge.People.Count)
		require.EqualValues(t, 0, n.Merge.Roles.Count)
		require.EqualValues(t, 0, n.Merge.Crowded.Count)
		require.EqualValues(t, 0, n.Merge.Limits.Count)
	})
	t.Run("what differs is counted and named", func(t *testing.T) {
		n := look(t, nil,
			replaced("User 1", "Other 1"),
			replaced(`["leaveChannel"]`, `["sendMessage"]`),
			func(text string) string { return text },
			replaced(`"friendly_name"`, `"limits":{"user_channels":500},"friendly_name"`))
		require.EqualValues(t, 1, n.Merge.People.Count)
		require.Len(t, n.Merge.People.Samples, 1)
		require.EqualValues(t, 1, n.Merge.Roles.Count)
		require.Equal(t, []string{rig.OtherService}, n.Merge.Limits.Samples)
	})
	t.Run("one service of several makes one, and nothing meets", func(t *testing.T) {
		n := look(t, func(r *rig.Rig) { r.Settings.Services = []string{rig.OtherService} })
		require.Equal(t, audit.NewServices{Made: 1}, n)
	})
	t.Run("a service that is there takes all, and none is made", func(t *testing.T) {
		n := look(t, func(r *rig.Rig) { r.Settings.ToService = rig.OtherService })
		require.Equal(t, audit.NewServices{}, n)
	})
	t.Run("channels that stay where they are make none", func(t *testing.T) {
		n := look(t, func(r *rig.Rig) { r.Settings.CopyAlways = "" })
		require.Equal(t, audit.NewServices{}, n)
	})
}
