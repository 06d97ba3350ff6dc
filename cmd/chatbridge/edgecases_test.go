package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/audit"
)

const edgeCases = "../../testdata/workspaces/edge-cases"

// auditEdgeCases audits the archive, one channel after the other, so that the
// samples are always the same.
func auditEdgeCases(t *testing.T, output string) string {
	t.Helper()
	s := newScreen("", false)
	args := []string{"audit", "--from-archive", edgeCases, "--concurrency", "1", "-q", "--output", output}
	require.Equal(t, exitDone, run(t.Context(), s.console, args), s.stderr.String())
	return s.stdout.String()
}

func TestEdgeCasesAudit(t *testing.T) {
	t.Parallel()
	for form, name := range map[string]string{"text": "edge-cases.audit.txt", "json": "edge-cases.audit.json", "html": "edge-cases.audit.html"} {
		t.Run("is as it was agreed on, as "+form, func(t *testing.T) {
			path := filepath.Join("..", "..", "testdata", "golden", name)
			got := auditEdgeCases(t, form)
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
				return
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "go test ./cmd/chatbridge -run TestEdgeCasesAudit -update writes it")
			require.Equal(t, string(want), got)
		})
	}
}

// inexpressible are the codes that no workspace on disk can show, and why.
var inexpressible = map[mapping.Code]string{
	mapping.IdentityEmpty:     "Chat gives nobody an empty identity, and the emulator, which is seeded from this workspace, finds people by theirs",
	mapping.ChannelType:       "channels are listed by type, public and private: one of a third type is never listed",
	mapping.SightLost:         "channels of an archive are copied, and not made private",
	mapping.MemberWasThere:    "it takes a target that was there",
	mapping.MemberRefused:     "Chat has the limits of Conversations: it takes a target that has less room",
	mapping.MemberDormant:     "it takes --active-since",
	mapping.IdentityTaken:     "it takes a file of --identities",
	mapping.UniqueNameTaken:   "names collide in the target, or where two services become one",
	mapping.NotShown:          "it takes a key that may not read everything",
	mapping.Unreadable:        "there is no policy for it, and this workspace is migrated whole with one for each code",
	mapping.UserTwice:         "the emulator, which is seeded from this workspace, finds people by their identity",
	mapping.UserWasThere:      "it takes a target that was there",
	mapping.UserShared:        "it takes two services that go into one target",
	mapping.RoleWasThere:      "it takes a target that was there",
	mapping.RoleShared:        "it takes two services that go into one target",
	mapping.RoleRenamed:       "it takes a target that refuses the second role of a name",
	mapping.RoleLate:          "it takes a create without an answer",
	mapping.ServiceLate:       "it takes a create without an answer",
	mapping.HorizonKept:       "it takes people who read on in the target",
	mapping.StoredOtherwise:   "it takes a target that alters what it stores",
	mapping.MessageThere:      "it takes somebody else who writes into the target",
	mapping.MessageDeleted:    "it takes somebody who deletes in the target",
	mapping.MessageAltered:    "it takes a target that was written before",
	mapping.MessageCopy:       "it takes a target that was written before",
	mapping.Media:             "a file is copied, of which there is nothing to say",
	mapping.MediaMore:         "it takes a message to which an app on the Conversations SDK attached several files",
	mapping.MediaLikely:       "it takes Chat v1, and this workspace was read through v2",
	mapping.MessageRefused:    "it takes a target that refuses more than is documented",
	mapping.MessageLeftOut:    "it takes a list of messages",
	mapping.MessageStays:      "it takes a list of messages that were written before",
	mapping.VersionOnly:       "it takes two versions of Chat",
	mapping.VersionsDiffer:    "it takes two versions of Chat that show other values",
	mapping.FlexService:       "it takes a service that Twilio Flex made",
	mapping.FlexSign:          "it takes a service that Twilio Flex may have made",
	mapping.ChannelWebhook:    "its cases are in testdata/vectors/channel-webhook",
	mapping.WebhookEventScope: "its cases are in testdata/vectors/channel-webhook",
	mapping.WebhookUnfit:      "its cases are in testdata/vectors/channel-webhook",
	mapping.BindingLost:       "its cases are in testdata/vectors/binding",
	mapping.UserChannelStatus: "who a membership notifies is read from the API alone: an archive holds no user channels",
}

// TestEdgeCasesCodes holds the workspace to the table of codes: a new code needs
// a case there, or a reason here.
func TestEdgeCasesCodes(t *testing.T) {
	t.Parallel()
	var got audit.Audit
	require.NoError(t, json.Unmarshal([]byte(auditEdgeCases(t, "json")), &got))
	met := map[mapping.Code]migrate.FindingCount{}
	for _, f := range got.Findings {
		met[f.Code] = f
	}
	for _, r := range mapping.Codes() {
		if _, none := inexpressible[r.Code]; none {
			require.NotContains(t, met, r.Code, "it can be expressed after all")
			continue
		}
		t.Run(string(r.Code)+" has a resource of its own", func(t *testing.T) {
			require.Contains(t, met, r.Code)
			require.Positive(t, met[r.Code].Count)
			if r.Code != mapping.UserMissing { // what is not there has no SID
				require.NotEmpty(t, met[r.Code].Samples)
			}
		})
	}
}
