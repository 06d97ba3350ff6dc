package reports

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/audit"
)

func TestNewServicesText(t *testing.T) {
	none := audit.Collision{Samples: []string{}}
	two := audit.Collision{Count: 2, Samples: []string{"CH1", "CH2"}}
	for name, c := range map[string]struct {
		plan         audit.NewServices
		has, lacking []string
	}{
		"a copy into a service that is there says nothing": {audit.NewServices{}, nil, []string{"21102"}},
		"one new service is said":                          {audit.NewServices{Made: 1}, []string{"1 new service.", "21102"}, []string{"--to-service"}},
		"several name the way to one, and what collides there": {
			audit.NewServices{Made: 3, Merge: &audit.Merge{UniqueNames: two, People: none, Roles: none, Crowded: none, Limits: none}},
			[]string{"3 new services", "2 unique names would collide.", "chatbridge audit --to-service IS…"}, []string{"profile"},
		},
		"the first is named": {
			audit.NewServices{Made: 3, Merge: &audit.Merge{UniqueNames: two, People: none, Roles: none, Crowded: none, Limits: none}},
			[]string{"CH1", "unique-name-taken=drop", "chatbridge audit --to-service IS…"}, []string{"CH2"},
		},
		"nothing that collides is said too": {
			audit.NewServices{Made: 2, Merge: &audit.Merge{UniqueNames: none, People: none, Roles: none, Crowded: none, Limits: none}},
			[]string{"nothing would collide"}, []string{"what happens"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := &document{title: "t", verdict: "v"}
			d.newServices(audit.Audit{NewServices: c.plan})
			var out bytes.Buffer
			require.NoError(t, d.render(&out, Markdown))
			for _, text := range c.has {
				require.Contains(t, out.String(), text)
			}
			for _, text := range c.lacking {
				require.NotContains(t, out.String(), text)
			}
		})
	}
}
