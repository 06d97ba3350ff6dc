package archive_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/transport"
)

// small is a workspace with one of everything that an export reads.
func small() fs.FS {
	const channel = "CH00000000000000000000000000000001"
	out := fstest.MapFS{}
	for name, file := range rig.WholeScenario().Archive().(fstest.MapFS) {
		out[name] = file
	}
	put := func(name, line string) { out[name] = &fstest.MapFile{Data: []byte(line + "\n"), Mode: 0o600} }
	put(archive.InvitesPath(rig.ScenarioService, channel), `{"sid":"IN00000000000000000000000000000001","channel_sid":"`+channel+`","service_sid":"`+rig.ScenarioService+`","identity":"new","created_by":"user0@example.com","role_sid":"RL00000000000000000000000000000002","date_created":"1999-03-01T09:00:00Z","date_updated":"1999-03-01T10:00:00Z"}`)
	put(archive.CredentialsPath, `{"sid":"CR00000000000000000000000000000001","account_sid":"AC00000000000000000000000000000001","friendly_name":"push","type":"fcm","date_created":"1999-03-01T09:00:00Z","date_updated":"1999-03-01T10:00:00Z"}`)
	return out
}

// exported runs one export as a process would, and finishes the archive when it
// ended well.
func exported(ctx context.Context, t *testing.T, r *rig.Rig, dir string, services ...string) (archive.Exported, error) {
	t.Helper()
	w, err := archive.Continue(t.Context(), dir, manifest)
	require.NoError(t, err)
	x := archive.Exporter{Source: r.Source(&transport.Counter{}), Observer: r.Events, Concurrency: 1, Services: services}
	got, err := x.Run(ctx, w)
	if err != nil {
		require.NoError(t, w.Abandon())
		return got, err
	}
	return got, w.Close()
}

// withheldKinds are what a restricted key may be refused: each costs itself
// alone.
var withheldKinds = map[string]bool{migrate.KindCredentials: true, migrate.KindInvites: true, migrate.KindUserChannels: true}

// TestExportThatCannotRead has each request of an export fail, one after the
// other. No archive is finished that lacks what could not be read, unless it
// says so, and the next run goes on to what an export in one go has.
func TestExportThatCannotRead(t *testing.T) {
	for answer, c := range map[string]struct {
		trip rig.Trip
		kind migrate.Kind
	}{
		"may not be made": {rig.Trip{Reply: rig.Denied()}, migrate.Credentials},
		"is refused":      {rig.Trip{Reply: rig.Refused()}, migrate.Refused},
		"meets an outage": {rig.Trip{Reply: rig.Failing(), Outage: true}, migrate.Unavailable},
		"finds nothing":   {rig.Trip{Reply: emulator.Refusal(404, 20404, "not found")}, migrate.NotFound},
	} {
		t.Run("a request that "+answer, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wire := &rig.Tripwire{}
				r := rig.NewRig(t, emulator.Config{Archive: small(), Intercept: wire.Intercept})
				straight := filepath.Join(t.TempDir(), "straight")
				_, err := exported(t.Context(), t, r, straight)
				require.NoError(t, err)
				want := files(t, os.DirFS(straight))
				require.Len(t, want, 8)
				at, named := 1, map[string]bool{}
				for ; ; at++ {
					dir := filepath.Join(t.TempDir(), "made")
					trip := c.trip
					trip.At = at
					wire.Arm(trip)
					got, err := exported(t.Context(), t, r, dir)
					hit := wire.Disarm()
					if hit == "" {
						require.NoError(t, err)
						break
					}
					if err == nil && c.kind == migrate.NotFound && strings.Contains(hit, "/Messages/IM") {
						continue // a Source leaves out the message that is gone since it was listed
					}
					if err == nil {
						about := append(got.Withheld, got.Vanished...)
						require.NotEmpty(t, about, "%s: the archive was finished without a word", hit)
						for _, one := range about {
							named[one.Kind] = true
						}
						continue
					}
					require.Equal(t, c.kind, migrate.KindOf(err), "%s: %v", hit, err)
					require.NoFileExists(t, filepath.Join(dir, archive.ManifestPath), hit)
					_, err = exported(t.Context(), t, r, dir)
					require.NoError(t, err, hit)
					require.True(t, maps.Equal(want, files(t, os.DirFS(dir))), hit)
				}
				require.Greater(t, at, 10)
				switch c.kind {
				case migrate.Credentials:
					require.Equal(t, withheldKinds, named)
				case migrate.NotFound:
					require.Equal(t, map[string]bool{migrate.KindUsers: true, migrate.KindChannels: true}, named)
				default:
					require.Empty(t, named)
				}
				require.Zero(t, r.Emulator.Stats().Chat.Writes)
			})
		})
	}
}

func TestExportOfServices(t *testing.T) {
	t.Run("that the account does not have", func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: small()})
		_, err := exported(t.Context(), t, r, filepath.Join(t.TempDir(), "made"), "IS00000000000000000000000000000099")
		require.Equal(t, migrate.NotFound, migrate.KindOf(err))
		require.ErrorContains(t, err, "IS00000000000000000000000000000099")
		require.NotEmpty(t, migrate.HintOf(err))
	})
	t.Run("that it has, with no number of requests given", func(t *testing.T) {
		r := rig.NewRig(t, emulator.Config{Archive: small()})
		dir := filepath.Join(t.TempDir(), "made")
		w, err := archive.Continue(t.Context(), dir, manifest)
		require.NoError(t, err)
		x := archive.Exporter{Source: r.Source(&transport.Counter{}), Observer: r.Events, Services: []string{rig.ScenarioService}}
		_, err = x.Run(t.Context(), w)
		require.NoError(t, err)
		want := migrate.Counts{Services: 1, Roles: 3, Users: 2, Channels: 1, Members: 2, Messages: 6, Invites: 1, Credentials: 1}
		require.Equal(t, want, w.Counts())
		written, size := w.Size()
		require.NoError(t, w.Close())
		a, closer, err := archive.OpenPath(dir)
		require.NoError(t, err)
		require.Equal(t, want, a.Counts())
		require.Len(t, a.Manifest.Files, int(written))
		require.Equal(t, size, a.Size())
		require.NoError(t, os.Remove(filepath.Join(dir, archive.CredentialsPath)))
		require.Less(t, a.Size(), size, "what is missing has no size")
		require.NoError(t, closer.Close())
	})
}

// TestExportOfWhatChanges changes the source while it is read.
func TestExportOfWhatChanges(t *testing.T) {
	t.Run("names the channels that came after the others were listed", func(t *testing.T) {
		const channels = `CH00000000000000000000000000000002`
		lists := 0
		wire := func(out http.ResponseWriter, r *http.Request, x *emulator.Exchange, commit func() emulator.Reply) {
			reply := commit()
			if strings.HasSuffix(r.URL.Path, "/Services/"+rig.ScenarioService+"/Channels") {
				if lists++; lists == 1 { // the second channel is not there yet
					reply.Body = withoutSecond(t, reply.Body)
				}
			}
			reply.WriteTo(out)
		}
		r := rig.NewRig(t, emulator.Config{Archive: rig.ManyChannels(2).Archive(), Intercept: wire})
		dir := filepath.Join(t.TempDir(), "made")
		got, err := exported(t.Context(), t, r, dir)
		require.NoError(t, err)
		require.Equal(t, []archive.Resource{{Kind: migrate.KindChannels, SID: channels}}, got.Appeared)
		require.Contains(t, r.Events.Messages(), "made after the channels were listed, so not in the archive")
		for name := range files(t, os.DirFS(dir)) {
			require.NotContains(t, name, channels)
		}
	})
}

func withoutSecond(t *testing.T, body []byte) []byte {
	var page map[string]any
	require.NoError(t, json.Unmarshal(body, &page))
	page["channels"] = page["channels"].([]any)[:1]
	raw, err := json.Marshal(page)
	require.NoError(t, err)
	return raw
}
