package schema_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// Every result that can say what it took from a rehearsal says it in fields that its
// schema has.
func TestRehearsal(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for what, taken := range map[string]migrate.Rehearsed{
		"none": {Reason: "there is no rehearsal.json in this folder"},
		"all": {
			Used: true, File: "rehearsal.json", Began: at, Version: "v1.2.3", Warnings: []string{"It is 40 days old."}, Experiments: 9, NotSeen: 2,
			Settle: 45, Write: 0.25, Stops: []migrate.Stop{{Name: "text", Seen: "cut", Reason: "it changes", Follows: "ask Twilio"}},
		},
	} {
		for golden, name := range map[string]string{
			"audit.json": "audit", "summary.json": "migrate", "verification.json": "verify", "repair.json": "repair",
		} {
			t.Run(what+" in "+name, func(t *testing.T) {
				raw, err := os.ReadFile(filepath.Join("..", "..", "testdata", "golden", golden))
				require.NoError(t, err)
				var fields map[string]any
				require.NoError(t, json.Unmarshal(raw, &fields))
				p := reports.Provenance{At: at, Settings: []reports.Setting{}, Rehearsal: &taken}
				fields["provenance"] = p
				raw, err = json.Marshal(fields)
				require.NoError(t, err)
				require.NoError(t, compile(t, name, true).Validate(instance(t, raw)))
			})
		}
	}
}
