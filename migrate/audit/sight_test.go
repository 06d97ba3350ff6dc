package audit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
)

func TestSightLost(t *testing.T) {
	public := func(members ...int) rig.ChannelPlan {
		return rig.ChannelPlan{Public: true, Members: members, Read: make([]int, len(members))}
	}
	s := rig.Scenario{Users: 4, Channels: []rig.ChannelPlan{
		public(0, 1, 7), // the last of them is no user of the service
		public(0, 1, 2, 3),
		public(),
		{Members: []int{0}, Read: []int{0}},
	}}
	r := rig.NewRig(t, emulator.Config{Archive: s.Archive()})
	rows := map[string]int64{}
	a := r.Audit(t, func(row audit.ChannelRow) { rows[row.SID] = row.SightLost })
	require.Equal(t, map[string]int64{rig.SidOf("CH", 0): 2, rig.SidOf("CH", 1): 0, rig.SidOf("CH", 2): 4, rig.SidOf("CH", 3): 0}, rows)
	require.Equal(t, []audit.SightLost{
		{ServiceSID: rig.ScenarioService, SID: rig.SidOf("CH", 2), FriendlyName: "Channel 2", Users: 4},
		{ServiceSID: rig.ScenarioService, SID: rig.SidOf("CH", 0), FriendlyName: "Channel 0", Members: 3, Users: 2},
	}, a.SightLost)
	found := func(a audit.Audit) (all []migrate.FindingCount) {
		for _, f := range a.Findings {
			if f.Code == mapping.SightLost {
				all = append(all, f)
			}
		}
		return all
	}
	require.Equal(t, []migrate.FindingCount{{
		Code: mapping.SightLost, Severity: mapping.Loss, Count: 2, Samples: []string{rig.SidOf("CH", 0), rig.SidOf("CH", 2)},
	}}, found(a))

	r.Settings.CopyAlways = "--replay was given"
	a = r.Audit(t, nil)
	require.Empty(t, a.SightLost, "a copy leaves the channel where it is")
	require.Empty(t, found(a))
}
