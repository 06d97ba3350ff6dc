package reports_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// sampleFleet has an account in every state that a migration can leave it in.
func sampleFleet() reports.Fleet {
	status := func(n int) *int { return &n }
	one := func(name, state string, exit *int, done int64) reports.FleetAccount {
		return reports.FleetAccount{
			Name: name, SourceSID: "AC00000000000000000000000000000001", TargetSID: "AC00000000000000000000000000000002", Ledger: "chatbridge-fleet/" + name + ".db",
			State: state, ExitStatus: exit,
			FleetFigures: reports.FleetFigures{Channels: reports.Part{Done: done, Total: 30}, Messages: reports.Part{Done: done * 100, Total: 3000}},
		}
	}
	whole := one("acme", reports.FleetWhole, status(0), 30)
	whole.Files = []string{"chatbridge-fleet/reports/acme/migrate.json", "chatbridge-fleet/reports/acme/migrate.html"}
	whole.Link = "acme/migrate.html"
	whole.Result = func() ([]byte, error) { return []byte(`{"schema_version":1,"command":"migrate"}`), nil }
	part := one("globex", reports.FleetNotWhole, status(3), 29)
	part.NotCarried, part.FriendlyName = 1, hostile
	part.Error, part.Hint, part.Next = "1 resource was not carried whole: "+hostile, "to see what and why: chatbridge status --all", "chatbridge status --accounts fleet.yaml --account globex --all"
	barred := one("initech", reports.FleetSuspended, nil, 0)
	barred.Error, barred.Hint = "the account is suspended, so it was not touched", "to pass over it: --exclude-account initech"
	empty := one("hooli", reports.FleetEmpty, status(2), 0)
	empty.FleetFigures = reports.FleetFigures{}
	denied := one("umbrella", reports.FleetNoAccess, status(4), 0)
	denied.FleetFigures = reports.FleetFigures{}
	denied.Error, denied.Hint, denied.Next = "Authenticate", "check account_sid and auth_token_env", "chatbridge migrate --accounts fleet.yaml --account umbrella"
	f := reports.NewFleet("migrate", []reports.FleetAccount{whole, part, barred, empty, denied}, false)
	f.Duration = 75.25
	return f
}

func TestFleet(t *testing.T) {
	for _, g := range []struct {
		file string
		form reports.Format
	}{{"fleet.txt", reports.Text}, {"fleet.json", reports.JSON}, {"fleet.md", reports.Markdown}, {"fleet.csv", reports.CSV}, {"fleet.html", reports.HTML}} {
		t.Run(g.file+" is as it was agreed on", func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, reports.WriteFleet(&b, g.form, sampleFleet(), reports.From(provenance())))
			path := filepath.Join("..", "testdata", "golden", g.file)
			if *update {
				require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(want), b.String())
		})
	}
	t.Run("is headed by what is done to channels that stay where they are", func(t *testing.T) {
		f := sampleFleet()
		f.InPlace = true
		for preview, title := range map[bool]string{true: "Channels to make visible in place, in many accounts", false: "Channels made visible in place, in many accounts"} {
			f.Preview = preview
			for _, form := range []reports.Format{reports.Text, reports.Markdown, reports.HTML} {
				var b bytes.Buffer
				require.NoError(t, reports.WriteFleet(&b, form, f))
				require.Contains(t, b.String(), title, form)
				require.NotContains(t, b.String(), "Migration of many accounts", form)
				require.Equal(t, preview, strings.Contains(strings.Join(strings.Fields(b.String()), " "), "nothing was changed"), form)
			}
		}
	})
	t.Run("is whole if every account is, or has no Chat", func(t *testing.T) {
		all := []reports.FleetAccount{{State: reports.FleetWhole}, {State: reports.FleetEmpty}}
		require.Equal(t, migrate.Complete, reports.NewFleet("audit", all, false).Status)
		require.Equal(t, migrate.InterruptedStatus, reports.NewFleet("audit", all, true).Status)
		require.Equal(t, migrate.Partial, reports.NewFleet("audit", append(all, reports.FleetAccount{State: reports.FleetClosed}), false).Status)
		require.Equal(t, migrate.FailedStatus, reports.NewFleet("audit", []reports.FleetAccount{{State: reports.FleetNoAccess}}, false).Status)
	})
	t.Run("a result that cannot be read is an error, and names its account", func(t *testing.T) {
		f := reports.NewFleet("audit", []reports.FleetAccount{{Name: "acme", Result: func() ([]byte, error) { return nil, errors.New("gone") }}}, false)
		require.ErrorContains(t, reports.WriteFleet(&bytes.Buffer{}, reports.JSON, f), "acme: gone")
	})
}

func TestReadFleetFigures(t *testing.T) {
	for _, c := range []struct {
		name, raw, state string
		want             reports.FleetFigures
	}{
		{
			"an audit says what there is, and what stops or is left out",
			`{"command":"audit","counts":{"channels":3,"messages":70},"findings":[{"severity":"stop","count":2},{"severity":"skip","count":1},{"severity":"loss","count":9}]}`, "",
			reports.FleetFigures{Channels: reports.Part{Total: 3}, Messages: reports.Part{Total: 70}, NotCarried: 3},
		},
		{
			"a migration says how much is in the target",
			`{"command":"migrate","status":"partial","counts":{"channels":{"source":3,"written":1,"existing":1},"messages":{"source":70,"existing":60}},"failures":[{}]}`, reports.FleetNotWhole,
			reports.FleetFigures{Channels: reports.Part{Done: 2, Total: 3}, Messages: reports.Part{Done: 60, Total: 70}, NotCarried: 1},
		},
		{
			"a comparison counts differences, and none by others",
			`{"command":"verify","counts":{"channels":{"source":3,"existing":3}},"differences":{"missing":2,"foreign":5}}`, "",
			reports.FleetFigures{Channels: reports.Part{Done: 3, Total: 3}, NotCarried: 2},
		},
		{
			"a status sums up services",
			`{"command":"status","run":{"status":"running","alive":false},"services":[{"channels":{"done":1,"total":2},"messages":{"done":3,"total":4}},{"channels":{"done":1,"total":1},"messages":{"done":1,"total":1}}],"failures":[]}`, reports.FleetInterrupted,
			reports.FleetFigures{Channels: reports.Part{Done: 2, Total: 3}, Messages: reports.Part{Done: 4, Total: 5}},
		},
		{"a run that lives is running", `{"command":"status","run":{"status":"running","alive":true}}`, reports.FleetRunning, reports.FleetFigures{}},
		{"a ledger without a run is not begun", `{"command":"status","run":null}`, reports.FleetNotBegun, reports.FleetFigures{}},
		{
			"channels that stay where they are count once they are visible",
			`{"command":"migrate --in-place","status":"complete","channels":5,"visible":2,"before":1,"promoted":2}`, reports.FleetWhole,
			reports.FleetFigures{Channels: reports.Part{Done: 5, Total: 5}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, state, err := reports.ReadFleetFigures([]byte(c.raw))
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Equal(t, c.state, state)
		})
	}
	t.Run("what is no result is an error", func(t *testing.T) {
		_, _, err := reports.ReadFleetFigures([]byte("["))
		require.Error(t, err)
	})
}
