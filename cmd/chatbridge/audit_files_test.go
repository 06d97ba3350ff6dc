package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/audit"
	"chatbridge/migrate/ledgertest"
)

// How fast files are read from an archive is the speed of a disk. The estimate must
// not take it for that of the line they are uploaded over.
func TestAuditOfAnArchiveMeasuresNoLine(t *testing.T) {
	const size = 1 << 20
	sid := func(prefix string) string { return prefix + strings.Repeat("0", 31) + "1" }
	dir := ledgertest.Dir(t)
	in := filepath.Join(dir, "services", sid("IS"))
	for name, text := range map[string]string{
		filepath.Join(dir, "manifest.json"): fmt.Sprintf(`{"schema_version":1,"created_at":"2021-06-01T12:00:00Z","tool":"test","account_sid":%q,"source_api":"v2"}`, sid("AC")),
		filepath.Join(in, "service.json"):   fmt.Sprintf(`{"sid":%q,"friendly_name":"a"}`, sid("IS")),
		filepath.Join(in, "roles.jsonl"):    "",
		filepath.Join(in, "users.jsonl"):    "",
		filepath.Join(in, "channels.jsonl"): fmt.Sprintf(`{"sid":%q,"friendly_name":"a","type":"private","attributes":"{}","members_count":0,"messages_count":1}`, sid("CH")) + "\n",
		filepath.Join(in, "channels", sid("CH"), "messages.jsonl"): fmt.Sprintf(
			`{"sid":%q,"index":0,"from":"ann","type":"media","attributes":"{}","media":{"sid":%q,"size":%d,"content_type":"image/png"}}`, sid("IM"), sid("ME"), size) + "\n",
		filepath.Join(in, "files.jsonl"):      fmt.Sprintf(`{"sid":%q,"size":%d,"content_type":"image/png"}`, sid("ME"), size) + "\n",
		filepath.Join(in, "files", sid("ME")): strings.Repeat("x", size),
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	for given, want := range map[string]float64{"": 0, "2MB": 2e6} {
		s := newScreen("", false)
		require.Equal(t, exitDone, run(t.Context(), s.console, []string{"audit", "--from-archive", dir, "-q", "--output", "json", "--bandwidth", given}), s.stderr.String())
		var got audit.Audit
		require.NoError(t, json.Unmarshal(s.stdout.Bytes(), &got))
		require.EqualValues(t, size, got.Estimate.FileBytes)
		require.Equal(t, want, got.Estimate.Bandwidth)
		require.False(t, got.Estimate.Measured)
	}
}
