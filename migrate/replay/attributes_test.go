package replay_test

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sidecar"
)

// refuseAttributes refuses what the target does not like, as if a limit or a
// parser were stricter than documented.
func refuseAttributes(code int, odd func(string) bool) emulator.Interceptor {
	return func(w http.ResponseWriter, _ *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
		if x.Host == emulator.ConversationsHost && x.Write() && odd(x.Form.Get("Attributes")) {
			emulator.Refusal(http.StatusBadRequest, code, "Attributes are refused").WriteTo(w)
			return
		}
		commit().WriteTo(w)
	}
}

// oddAttributes gives a user, a channel and a member the same attributes.
func oddAttributes(t *testing.T, attributes string) fs.FS {
	raw := strings.ReplaceAll(strings.ReplaceAll(attributes, `\`, `\\`), `"`, `\"`)
	dir := "services/" + rig.ScenarioService + "/"
	in := rig.WithFile(t, rig.ManyChannels(1).Archive(), dir+"users.jsonl", func(s string) string {
		return strings.Replace(s, `{\"n\":0}`, raw, 1)
	})
	in = rig.WithFile(t, in, dir+"channels.jsonl", func(s string) string {
		return strings.Replace(s, `{\"big\":9007199254740993}`, raw, 1)
	})
	return rig.WithFile(t, in, dir+"channels/"+rig.SidOf("CH", 0)+"/members.jsonl", func(s string) string {
		return strings.Replace(s, `{"`, `{"attributes":"`+raw+`","`, 1)
	})
}

// attributesOf are those of the user, the conversation, without its stamp, and the
// participant.
func attributesOf(t *testing.T, m *rig.Mutant) (all []string) {
	t.Helper()
	all = append(all, m.User(t, rig.IdentityOf(0)).Attributes)
	there := m.ConversationsOf(t, m.Service)[rig.SidOf("CH", 0)]
	require.Len(t, there, 1)
	all = append(all, mapping.Unstamped(there[0].Attributes))
	m.Conversation = there[0].SID
	for _, p := range m.Participants(t) {
		if p.Identity == rig.IdentityOf(0) {
			all = append(all, p.Attributes)
		}
	}
	return all
}

func times3(s string) []string { return []string{s, s, s} }

func TestAttributesThatTheTargetRefuses(t *testing.T) {
	escaped := func(s string) bool { return strings.Contains(s, `\/`) || strings.Contains(s, `\u`) }
	long := func(s string) bool { return strings.Contains(s, "xxxxxxxx") }
	odd := func(s string) bool { return strings.Contains(s, `"odd"`) }
	for name, c := range map[string]struct {
		attributes string
		code       int
		refuses    func(string) bool
		policy     mapping.Policy
		want       string
	}{
		"go in plain form": {`{"url": "https:\/\/x.example", "n": "l\u00e9a"}`, migrate.CodeAttributesNotJSON, escaped, nil, `{"url":"https://x.example","n":"léa"}`},
		"that are no JSON to it go as a string, where the policy says so": {`{"odd":1}`, migrate.CodeAttributesNotJSON, odd,
			mapping.Policy{mapping.AttributesNotJSON: "wrap"}, `{"chatbridge_original":"{\"odd\":1}"}`},
		"that are no JSON to it are left out, where the policy says so": {`{"odd":1}`, migrate.CodeAttributesNotJSON, odd,
			mapping.Policy{mapping.AttributesNotJSON: "drop"}, `{}`},
		"that are too long for it are left out, where the policy says so": {`{"a":"xxxxxxxx"}`, migrate.CodeAttributesTooLong, long,
			mapping.Policy{mapping.AttributesTooLarge: "drop"}, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rig.NewRig(t, emulator.Config{Intercept: refuseAttributes(c.code, c.refuses)})
				r.Settings.Mapper.Policy = c.policy
				s := r.PassFrom(t, oddAttributes(t, c.attributes))
				m := rig.In(r, s.Services[0].TargetSID)
				require.Equal(t, times3(c.want), attributesOf(t, m))
				for code := range c.policy {
					require.EqualValues(t, 3, rig.TimesFound(s.ThisRun)[code])
				}
				s = r.PassFrom(t, oddAttributes(t, c.attributes))
				require.EqualValues(t, rig.ClaimWrites, s.Requests.Writes)
				r.Ledger += ".new"
				s = r.PassFrom(t, oddAttributes(t, c.attributes))
				require.Equal(t, m.Service, s.Services[0].TargetSID)
				require.Equal(t, times3(c.want), attributesOf(t, m))
			})
		})
	}

	t.Run("stop what they are of and nothing else, if no policy says more, and say which policy would", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive(), Intercept: refuseAttributes(migrate.CodeAttributesNotJSON, func(s string) bool {
				return strings.Contains(s, `{"n":2}`)
			})})
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Len(t, s.Failures, 1)
			require.Equal(t, rig.SidOf("US", 2), s.Failures[0].SourceSID)
			require.Contains(t, s.Failures[0].Reason, "50304")
			require.Contains(t, s.Failures[0].Hint, "--policy "+string(mapping.AttributesNotJSON))
			require.EqualValues(t, 1, rig.TimesFound(s.ThisRun)[mapping.AttributesNotJSON])
		})
	})

	t.Run("whatever they are end the lane, and what was left out is kept whole", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(1).Archive(), Intercept: refuseAttributes(migrate.CodeAttributesNotJSON, func(s string) bool {
				return strings.Contains(s, mapping.StampKey) && !strings.Contains(s, `"run"`)
			})})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.AttributesNotJSON: "drop"}
			side := filepath.Join(t.TempDir(), "originals.jsonl")
			r.Sidecar = sidecar.New(side)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Contains(t, s.Failures[0].Reason, "50304")
			require.Contains(t, s.Failures[0].Hint, "every form of these attributes")
			require.NoError(t, r.Sidecar.Close())
			raw, err := os.ReadFile(side)
			require.NoError(t, err)
			require.Contains(t, string(raw), `9007199254740993`)
		})
	})

	t.Run("and the string that they are put into, end it too", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: oddAttributes(t, `{"odd":1}`), Intercept: refuseAttributes(migrate.CodeAttributesNotJSON, func(s string) bool {
				return strings.Contains(s, "odd")
			})})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.AttributesNotJSON: "wrap"}
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status)
			require.Contains(t, s.Failures[0].Hint, "every form of these attributes")
		})
	})

	t.Run("of a change, meet the same policy", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Intercept: refuseAttributes(migrate.CodeAttributesNotJSON, odd)})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.AttributesNotJSON: "drop"}
			s := r.PassFrom(t, oddAttributes(t, `{"a":1}`))
			m := rig.In(r, s.Services[0].TargetSID)
			require.Equal(t, times3(`{"a":1}`), attributesOf(t, m))
			later := oddAttributes(t, `{"odd":1}`)
			dir := "services/" + rig.ScenarioService + "/"
			for _, name := range []string{dir + "users.jsonl", dir + "channels.jsonl", dir + "channels/" + rig.SidOf("CH", 0) + "/members.jsonl"} {
				later = rig.WithFile(t, later, name, func(s string) string {
					return strings.Replace(s, `"date_updated":"1999-03`, `"date_updated":"1999-04`, 1)
				})
			}
			s = r.PassFrom(t, later)
			require.EqualValues(t, 3, rig.TimesFound(s.ThisRun)[mapping.AttributesNotJSON])
			require.Equal(t, times3(`{}`), attributesOf(t, m))
		})
	})
}
