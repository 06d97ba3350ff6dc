package replay_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/twilio"
)

// withFiles is a channel in which the second and the fourth message have a file.
func withFiles() rig.Scenario {
	plan := oneChannel("before", "", "between", "look", "after")
	for i, size := range map[int]int{1: 3000, 3: 700} {
		plan.Channels[0].Messages[i].File = size
	}
	return plan
}

// filesIn are what the target has of each message of its one channel: the body, or
// the name and the size of its file.
func filesIn(t *testing.T, r *rig.Rig) (all []string) {
	for _, c := range r.Emulator.Truth().Conversations {
		if c.UniqueName == migrate.ClaimName || c.Gone != "" {
			continue
		}
		for _, m := range c.Messages {
			one := m.Body
			for _, f := range m.Files {
				one += fmt.Sprintf("[%s, %d]", f.Filename, f.Size)
			}
			all = append(all, one)
		}
	}
	return all
}

func TestFiles(t *testing.T) {
	whole := []string{"before", "[file 1.png, 3000]", "between", "look[file 3.png, 700]", "after"}

	t.Run("arrive with their messages, and are known to the ledger", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: withFiles().Archive()})
			r.API = twilio.APIv2
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, whole, filesIn(t, r))
			require.Equal(t, migrate.KindCount{Source: 2, Written: 2}, s.Counts[migrate.KindFiles])
			require.EqualValues(t, 3700, s.FileBytes)

			l, err := sqlite.Open(t.Context(), r.Ledger)
			require.NoError(t, err)
			source := r.Emulator.Truth().Channels[0].Files
			for f, err := range l.Files(t.Context(), rig.SidOf("CH", 0)) {
				require.NoError(t, err)
				want := source[rig.SidOf("IM", int(f.SourceIndex))]
				require.Equal(t, want.SHA256, f.SHA256, "the bytes as they passed")
				require.Equal(t, want.Size, f.Size)
			}
			require.NoError(t, l.Close())

			before := r.Emulator.Stats()
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.KindCount{Source: 2, Existing: 2}, s.Counts[migrate.KindFiles])
			require.Equal(t, before.Media, r.Emulator.Stats().Media, "a second pass asks nothing of files")

			v, differences := r.VerifyKnowing(t.Context())
			require.Empty(t, differences)
			require.EqualValues(t, 2, v.Compared[migrate.KindFiles])
			stats := r.Emulator.Stats()
			require.Zero(t, stats.CredentialsLeaked)
			require.Empty(t, r.Emulator.Truth().Orphans, "before anything is collected")
		})
	})
	t.Run("one that was added to the source later comes with the next pass", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: withFiles().Archive()})
			r.API = twilio.APIv2
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			_, _, err = r.Emulator.AppendFileToChannel(rig.SidOf("CH", 0), rig.IdentityOf(0), "", emulator.File{Size: 5, ContentType: "text/plain", Filename: "new.txt"})
			require.NoError(t, err)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, append(whole, "[new.txt, 5]"), filesIn(t, r))
			require.Equal(t, migrate.KindCount{Source: 3, Written: 1, Existing: 2}, s.Counts[migrate.KindFiles])
		})
	})
	t.Run("go with their messages when all is undone, and come again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: withFiles().Archive()})
			r.API = twilio.APIv2
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			_, removed, err := r.Undo(t.Context(), true)
			require.NoError(t, err)
			for _, one := range removed {
				if one.Kind == migrate.KindChannels {
					require.EqualValues(t, 2, one.Files)
					require.EqualValues(t, 3700, one.FileBytes)
				}
			}
			require.Empty(t, filesIn(t, r))
			l, err := sqlite.Open(t.Context(), r.Ledger)
			require.NoError(t, err)
			for range l.Files(t.Context(), rig.SidOf("CH", 0)) {
				t.Error("the ledger knows a file that is gone")
			}
			require.NoError(t, l.Close())
			_, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, whole, filesIn(t, r))
		})
	})
	t.Run("with a lost ledger none is uploaded again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := rig.NewRig(t, emulator.Config{Archive: withFiles().Archive()})
			r.API = twilio.APIv2
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			before := r.Emulator.Stats()
			r.Ledger += ".new"
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.Equal(t, whole, filesIn(t, r))
			require.Equal(t, before.Media, r.Emulator.Stats().Media)
			require.Equal(t, migrate.KindCount{Source: 2, Existing: 2}, s.Counts[migrate.KindFiles])
			require.EqualValues(t, 3700, s.FileBytes)
		})
	})
}

// A file that cannot be copied meets its policy, and the messages around it arrive in
// their order.
func TestFilesThatCannotBeCopied(t *testing.T) {
	lose := func(t *testing.T, r *rig.Rig) { require.NoError(t, r.Emulator.LoseFile(rig.SidOf("ME", 1))) }
	for name, c := range map[string]struct {
		config emulator.Config
		lose   func(*testing.T, *rig.Rig)
		policy string
		stays  []string
		stops  bool
	}{
		"gone": {lose: lose, stays: []string{"before"}, stops: true},
		"gone, a placeholder": {
			lose: lose, policy: "media-unavailable=placeholder",
			stays: []string{"before", "[file not copied, file 1.png, image/png, 3000 bytes]", "between", "look[file 3.png, 700]", "after"},
		},
		"gone, skipped": {lose: lose, policy: "media-unavailable=skip", stays: []string{"before", "between", "look[file 3.png, 700]", "after"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.config.Archive = withFiles().Archive()
				r := rig.NewRig(t, c.config)
				r.API = twilio.APIv2
				c.lose(t, r)
				if c.policy != "" {
					p, err := mapping.ParsePolicy([]string{c.policy})
					require.NoError(t, err)
					r.Settings.Mapper.Policy = p
				}
				for range 2 {
					s, err := r.Migrate(t.Context())
					require.NoError(t, err)
					require.Equal(t, c.stays, filesIn(t, r))
					if c.stops {
						require.Equal(t, migrate.Partial, s.Status)
						require.Contains(t, s.Failures[0].Hint, "--policy media-unavailable=")
						require.Contains(t, s.Failures[0].Reason, rig.SidOf("ME", 1))
						continue
					}
					require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
				}
				if !c.stops && c.policy == "media-unavailable=placeholder" {
					_, differences := r.VerifyKnowing(t.Context())
					require.Empty(t, differences)
					_, differences = r.Verify(t.Context())
					require.Len(t, differences, 1, "without the ledger nobody knows that it could not be copied")
				}
				require.Empty(t, r.Emulator.Truth().Orphans, "before anything is collected")
			})
		})
	}
}

// Chat shows one file of a message to which an app on the Conversations SDK attached
// several.
func TestMessagesWithSeveralFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: withFiles().Archive(), Shared: true, Unkind: emulator.Unkind{MediaMore: 1}})
		r.API = twilio.APIv2
		s, err := r.Migrate(t.Context())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
		require.EqualValues(t, 2, s.Counts[migrate.KindFiles].Written, "the first of each")
		found := map[mapping.Code]int64{}
		for _, f := range s.Findings {
			found[f.Code] = f.Count
		}
		require.EqualValues(t, 2, found[mapping.MediaMore])
	})
}
