package rig_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping/conversations"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
)

var update = flag.Bool("update", false, "write testdata/results, of which the golden reports are made")

// hostile is what a stranger may call a channel, or a service.
const hostile = "=cmd|'/c calc'!A1\x1b[31m\n|<b>*x*</b>\u202eevil\u009b2J"

// compared is a comparison with what it reported.
type compared struct {
	Verification verify.Verification `json:"verification"`
	Items        []verify.Difference `json:"items"`
}

// repaired is likewise a repair.
type repaired struct {
	Repairs verify.Repairs  `json:"repairs"`
	Items   []verify.Repair `json:"items"`
}

// results are those of one workspace that is audited, migrated, damaged,
// compared and repaired.
func results(t *testing.T) map[string]any {
	t.Helper()
	s := rig.ManyChannels(3)
	s.Channels[0].Public, s.Channels[1].Unique = true, true
	s.Channels[2].Messages = append(s.Channels[2].Messages, rig.MsgPlan{Body: ""})
	name, err := json.Marshal(hostile)
	require.NoError(t, err)
	from := rig.WithFile(t, s.Archive(), "services/"+rig.ScenarioService+"/channels.jsonl", func(text string) string {
		return strings.Replace(text, strconv.Quote("Channel 1"), string(name), 1)
	})
	from = rig.WithFile(t, from, "services/"+rig.ScenarioService+"/service.json", func(text string) string {
		return strings.Replace(text, `"scenario"`, string(name), 1)
	})
	r := rig.NewRig(t, emulator.Config{Archive: from})
	r.Settings.Concurrency, r.InFlight.Most, r.Settings.Settle = 1, 1, time.Nanosecond // no wait in the timeline
	r.Settings.Latency, r.Settings.InFlight = 100*time.Millisecond, 2                  // the emulator answers at once
	var rows []audit.ChannelRow
	all := map[string]any{"audit": r.Audit(t, func(row audit.ChannelRow) { rows = append(rows, row) })}
	all["audit-channels"] = rows
	sum, err := r.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrate.Partial, sum.Status)
	all["summary"] = sum
	all["channels"] = channelsOf(t, r)

	m := &rig.Mutant{Rig: r, Target: r.Target(&transport.Counter{}), Service: sum.Services[0].TargetSID}
	m.Conversation = r.ConversationsOf(t, m.Service)[rig.SidOf("CH", 1)][0].SID
	messages := m.Messages(t)
	require.NoError(t, m.Target.DeleteMessage(t.Context(), m.Service, m.Conversation, messages[3].SID))
	changed := messages[1]
	changed.Body = "changed"
	require.NoError(t, m.Target.SetMessage(t.Context(), m.Service, m.Conversation, changed))
	m.Conversation = r.ConversationsOf(t, m.Service)[rig.SidOf("CH", 0)][0].SID
	m.Put(t, conversations.Message{Author: rig.IdentityOf(0), Body: "never said", DateCreated: rig.ScenarioStart})
	_, err = m.Emulator.PostAs(m.Conversation, rig.IdentityOf(0), "hello")
	require.NoError(t, err)

	v, differences := m.Verify(t.Context())
	all["verification"] = compared{v, differences}
	preview, listed := m.Repair(t, false)
	all["repair-preview"] = repaired{preview, listed}
	done, repairs := m.Repair(t, true)
	all["repair"] = repaired{done, repairs}
	diagnosis, err := rig.NewRig(t, emulator.Config{Archive: from}).Doctor(t, nil)
	require.NoError(t, err)
	all["doctor"] = diagnosis
	return all
}

// recorded is what a ledger has of the channels.
type recorded struct {
	Channels []migrate.ChannelRecord `json:"channels"`
	Failures map[string]string       `json:"failures"` // by source SID
}

func channelsOf(t *testing.T, r *rig.Rig) (all recorded) {
	t.Helper()
	l, err := sqlite.Open(t.Context(), r.Ledger)
	require.NoError(t, err)
	for c, err := range l.Channels(t.Context(), rig.ScenarioService) {
		require.NoError(t, err)
		all.Channels = append(all.Channels, c)
	}
	all.Failures = map[string]string{}
	for f, err := range l.Failures(t.Context()) {
		require.NoError(t, err)
		all.Failures[f.SourceSID] = f.Reason
	}
	require.NoError(t, l.Close())
	return all
}

// made are the SIDs that the emulator gave. They follow from the order of
// requests beside each other, so a result numbers them as they come.
var made = regexp.MustCompile(`[A-Z]{2}[0-9a-f]{32}`)

func numbered(raw []byte) []byte {
	seen := map[string]string{}
	return made.ReplaceAllFunc(raw, func(sid []byte) []byte {
		if bytes.HasPrefix(sid[2:], bytes.Repeat([]byte("0"), 24)) {
			return sid // of the source
		}
		if seen[string(sid)] == "" {
			seen[string(sid)] = fmt.Sprintf("%sf%031x", sid[:2], len(seen)+1)
		}
		return []byte(seen[string(sid)])
	})
}

// TestResults holds what the golden reports are made of to what the program does.
func TestResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, one := range results(t) {
			raw, err := json.MarshalIndent(one, "", "  ")
			require.NoError(t, err)
			raw = append(numbered(raw), '\n')
			path := filepath.Join("..", "..", "..", "testdata", "results", name+".json")
			if *update {
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
				require.NoError(t, os.WriteFile(path, raw, 0o644))
				continue
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "go test ./migrate/internal/rig -update writes it")
			require.Equal(t, string(want), string(raw), name)
		}
	})
}
