package replay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sidecar"
)

// emptied are two channels, in each of which a message has no body.
func emptied(t *testing.T) fs.FS {
	in := rig.ManyChannels(2).Archive()
	for i := range 2 {
		in = rig.WithFile(t, in, rig.MessagesPath(i), func(s string) string { return strings.Replace(s, `"body":"three"`, `"body":""`, 1) })
	}
	return in
}

// awaySidecar is one whose database is away for a long time, each time.
type awaySidecar struct {
	migrate.Sidecar
	seen []migrate.Wait
}

func (s *awaySidecar) Keep(ctx context.Context, found []mapping.Finding) error {
	if len(migrate.DroppedOf(found)) > 0 {
		over := migrate.Held(ctx, migrate.Unreachable, "the database")
		time.Sleep(20 * time.Minute)
		for _, w := range migrate.WaitsOf(ctx).Now(0) {
			if w.Reason == "the database" {
				s.seen = append(s.seen, w)
			}
		}
		over()
	}
	return s.Sidecar.Keep(ctx, found)
}

func TestSidecar(t *testing.T) {
	skipping := func(t *testing.T, path string) *rig.Rig {
		r := rig.NewRig(t, emulator.Config{Archive: emptied(t)})
		r.Settings.Concurrency = 1
		r.Settings.Mapper.Policy = mapping.Policy{mapping.BodyEmpty: "skip"}
		r.Sidecar = sidecar.New(path)
		return r
	}

	t.Run("keeps a line of each, says how many, and a later run adds to them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "originals.jsonl")
			r := skipping(t, path)
			require.Nil(t, r.Sidecar.Kept())
			require.NoFileExists(t, path)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.NoError(t, r.Sidecar.Close())
			require.NoError(t, r.Sidecar.Close(), "what is closed stays closed")
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, &migrate.Kept{Path: path, Lines: 2, Bytes: int64(len(raw))}, s.Originals)
			require.Equal(t, s.Originals, r.Sidecar.Kept())
			lines := bytes.Split(bytes.TrimSuffix(raw, []byte("\n")), []byte("\n"))
			require.Len(t, lines, 2)
			for i, line := range lines {
				var one sidecar.Entry
				require.NoError(t, json.Unmarshal(line, &one))
				require.Equal(t, mapping.BodyEmpty, one.Code)
				require.Equal(t, rig.SidOf("IM", i*1000+2), one.SID)
				require.Equal(t, rig.SidOf("CH", i), one.ChannelSID)
				require.Contains(t, one.Original, one.SID)
				require.Empty(t, one.Bytes)
			}

			r.Ledger = filepath.Join(t.TempDir(), "new.db")
			r.Sidecar = sidecar.New(path)
			s, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.NoError(t, r.Sidecar.Close())
			twice, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, append(bytes.Clone(raw), raw...), twice)
			require.EqualValues(t, 2, s.Originals.Lines, "of this run")
		})
	})

	t.Run("that was closed lets go of its file", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "originals.jsonl")
			r := skipping(t, path)
			_, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.NoError(t, r.Sidecar.Close())
			open, _ := os.ReadDir("/proc/self/fd") // on Linux
			for _, fd := range open {
				to, _ := os.Readlink("/proc/self/fd/" + fd.Name())
				require.NotEqual(t, path, to)
			}
			require.NoError(t, os.Rename(path, path+".old"))
			r.Ledger = filepath.Join(t.TempDir(), "new.db")
			_, err = r.Migrate(t.Context())
			require.NoError(t, err)
			require.NoError(t, r.Sidecar.Close())
			old, err := os.ReadFile(path + ".old")
			require.NoError(t, err)
			again, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, old, again)
		})
	})

	t.Run("that waits for its database stalls no channel", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := skipping(t, filepath.Join(t.TempDir(), "originals.jsonl"))
			r.Settings.Watchdog = time.Minute
			away := &awaySidecar{Sidecar: r.Sidecar}
			r.Sidecar = away
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.EqualValues(t, 2, s.Originals.Lines)
			require.Len(t, away.seen, 2)
			for _, w := range away.seen {
				require.Equal(t, migrate.Unreachable, w.Cause)
				require.Equal(t, 1, w.Channels, "the channel that waits is known")
			}
			require.NoError(t, r.Sidecar.Close())
		})
	})

	t.Run("is no file where nothing is lost", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "originals.jsonl")
			r := rig.NewRig(t, emulator.Config{Archive: emptied(t)})
			r.Sidecar = sidecar.New(path)
			s, err := r.Migrate(t.Context())
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, s.Status, "what stops a lane is not lost")
			require.Nil(t, s.Originals)
			require.NoFileExists(t, path)
			require.NoError(t, r.Sidecar.Close())
		})
	})

	t.Run("keeps what is no text byte for byte", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "originals.jsonl")
			large := strings.Repeat("x", 100_000) + "\xff"
			in := rig.WithFile(t, rig.Scenario{Users: 1, Channels: []rig.ChannelPlan{{}}}.Archive(), archive.UsersPath(rig.ScenarioService), func(s string) string {
				return strings.Replace(s, `{\"n\":0}`, `{\"n\":\"`+large+`\"}`, 1)
			})
			r := rig.NewRig(t, emulator.Config{})
			r.Settings.Mapper.Policy = mapping.Policy{mapping.AttributesTooLarge: "drop", mapping.TextInvalid: "replace"}
			r.Sidecar = sidecar.New(path)
			s, err := (&calls{}).run(t.Context(), t, r, from(t, in))
			require.NoError(t, err)
			require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
			require.NoError(t, r.Sidecar.Close())
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			kept := map[mapping.Code]sidecar.Entry{}
			for line := range bytes.Lines(raw) {
				var one sidecar.Entry
				require.NoError(t, json.Unmarshal(line, &one))
				kept[one.Code] = one
			}
			one := kept[mapping.AttributesTooLarge]
			require.Equal(t, rig.SidOf("US", 0), one.SID)
			require.Equal(t, "attributes", one.Field)
			require.Empty(t, one.Original)
			require.True(t, string(one.Bytes) == `{"n":"`+large+`"}`)
			require.NotEmpty(t, kept[mapping.TextInvalid].Original)
			require.Empty(t, kept[mapping.TextInvalid].Bytes)
		})
	})

	t.Run("whose file cannot be made says why", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := skipping(t, filepath.Join(t.TempDir(), "none", "originals.jsonl"))
			_, err := r.Migrate(t.Context())
			require.ErrorIs(t, err, fs.ErrNotExist)
		})
	})

	for name, path := range map[string]string{"cannot be written": "/dev/full", "cannot be made to survive a crash": "/dev/null"} {
		t.Run("that "+name+" ends the run before anything is lost", func(t *testing.T) {
			if runtime.GOOS != "linux" {
				t.Skip("needs the devices of Linux")
			}
			synctest.Test(t, func(t *testing.T) {
				r := skipping(t, path)
				s, err := r.Migrate(t.Context())
				require.ErrorContains(t, err, "keep originals: write "+path)
				require.Equal(t, migrate.Failed, migrate.KindOf(err))
				require.Equal(t, migrate.FailedStatus, s.Status)
				require.NotContains(t, r.BodiesIn(t, s.Services[0].TargetSID, rig.SidOf("CH", 0)), "four")
				require.NoError(t, r.Sidecar.Close())
			})
		})
	}
}
