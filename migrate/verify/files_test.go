package verify_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
	"chatbridge/migrate/verify"
)

// album is the files of a side, of which a test gives some otherwise.
type album struct {
	side  migrate.MediaReader
	other func() (io.Reader, error) // in place of the first file; nil for none

	mu     sync.Mutex
	opened []string
	open   int
}

type closing struct {
	io.Reader
	album *album
}

func (c closing) Close() error {
	c.album.mu.Lock()
	defer c.album.mu.Unlock()
	c.album.open--
	return nil
}

func (a *album) OpenMedia(ctx context.Context, service, sid string) (m migrate.Media, body io.ReadCloser, err error) {
	a.mu.Lock()
	a.opened = append(a.opened, sid)
	first := sid == a.opened[0]
	a.mu.Unlock()
	if m, body, err = a.side.OpenMedia(ctx, service, sid); err != nil {
		return m, nil, err
	}
	var read io.Reader = body
	if first && a.other != nil {
		_ = body.Close()
		if read, err = a.other(); err != nil {
			return m, nil, err
		}
	}
	a.mu.Lock()
	a.open++
	a.mu.Unlock()
	return m, closing{read, a}, nil
}

type albumSource struct {
	migrate.Source
	*album
	shows func(*chat.Message) // changes what the source shows of a message; may be nil
}

func (a albumSource) OpenMedia(ctx context.Context, service, sid string) (migrate.Media, io.ReadCloser, error) {
	return a.album.OpenMedia(ctx, service, sid)
}

func (a albumSource) Messages(ctx context.Context, service, channel string, span migrate.Span) iter.Seq2[chat.Message, error] {
	return func(yield func(chat.Message, error) bool) {
		for m, err := range a.Source.Messages(ctx, service, channel, span) {
			if err == nil && m.Media != nil && a.shows != nil {
				a.shows(&m)
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

type albumTarget struct {
	migrate.TargetReader
	*album
}

func (a albumTarget) OpenMedia(ctx context.Context, service, sid string) (migrate.Media, io.ReadCloser, error) {
	return a.album.OpenMedia(ctx, service, sid)
}

// withFiles is a migrated channel of which two of the messages have files.
func withFiles(t *testing.T, set func(*rig.Rig)) *rig.Rig {
	t.Helper()
	plan := rig.ChannelPlan{Members: []int{0}, Read: []int{-1}, Messages: []rig.MsgPlan{{Body: "before"}, {File: 3000}, {Body: "look", File: 700}}}
	r := rig.NewRig(t, emulator.Config{Archive: rig.Scenario{Users: 1, Channels: []rig.ChannelPlan{plan}}.Archive()})
	r.API = twilio.APIv2
	if set != nil {
		set(r)
	}
	s, err := r.Migrate(t.Context())
	require.NoError(t, err)
	require.Equal(t, migrate.Complete, s.Status, "%+v", s.Failures)
	return r
}

// filesCompared compares both sides of a rig, with what a test gives of each.
func filesCompared(t *testing.T, r *rig.Rig, files bool, source, target *album, shows func(*chat.Message)) (verify.Verification, []verify.Difference, error) {
	t.Helper()
	l, err := sqlite.OpenReader(t.Context(), r.Ledger)
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	from, to := r.Source(&transport.Counter{}), r.Target(&transport.Counter{})
	source.side, target.side = from, to
	v := verify.Verifier{
		Source: albumSource{from, source, shows}, Target: albumTarget{to, target}, Ledger: l,
		Observer: r.Events, Settings: r.Settings, Files: files,
	}
	var all []verify.Difference
	got, err := v.Run(t.Context(), func(d verify.Difference) { all = append(all, d) })
	require.Zero(t, source.open+target.open, "files that are not closed")
	return got, all, err
}

func TestFilesAreCompared(t *testing.T) {
	bubble := func(name string, test func(t *testing.T)) {
		t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
	}
	failing := func(kind migrate.Kind) error {
		return &migrate.Error{Op: "read file", Kind: kind, Err: errors.New("no such luck")}
	}

	bubble("by what the lists show, unless their bytes are asked for", func(t *testing.T) {
		r, source, target := withFiles(t, nil), &album{}, &album{}
		got, differences, err := filesCompared(t, r, false, source, target, nil)
		require.NoError(t, err)
		require.Empty(t, differences)
		require.EqualValues(t, 2, got.Compared[migrate.KindFiles])
		require.Zero(t, got.FileBytes)
		require.Empty(t, source.opened)
		require.Empty(t, target.opened)
	})
	bubble("byte by byte", func(t *testing.T) {
		r, source, target := withFiles(t, nil), &album{}, &album{}
		got, differences, err := filesCompared(t, r, true, source, target, nil)
		require.NoError(t, err)
		require.Empty(t, differences)
		require.EqualValues(t, 2, got.Compared[migrate.KindFiles])
		require.EqualValues(t, 3700, got.FileBytes)
		require.Equal(t, []string{rig.SidOf("ME", 1), rig.SidOf("ME", 2)}, source.opened)
		require.Len(t, target.opened, 2)
	})
	for name, shows := range map[string]func(*chat.Message){
		"name":                    func(m *chat.Message) { m.Media.Filename += "?" },
		"type":                    func(m *chat.Message) { m.Media.ContentType = "image/gif" },
		"size":                    func(m *chat.Message) { m.Media.Size++ },
		"size, and is shown none": func(m *chat.Message) { m.Media.Size = 0 },
	} {
		bubble("one of another "+name+" is another", func(t *testing.T) {
			_, differences, err := filesCompared(t, withFiles(t, nil), false, &album{}, &album{}, shows)
			require.NoError(t, err)
			require.Len(t, differences, 2)
			for _, d := range differences {
				require.Equal(t, verify.Altered, d.Class)
				require.Equal(t, "media", d.Field)
			}
		})
	}

	other := bytes.Repeat([]byte("x"), 2999)
	short := func(sum [sha256.Size]byte) string { return fmt.Sprintf("%x…", sum[:8]) }
	for name, c := range map[string]struct {
		source, target func() (io.Reader, error)
		says           func(source, target string, was [sha256.Size]byte) string
		bytes          int64
	}{
		"of other bytes": {
			target: func() (io.Reader, error) { return bytes.NewReader(other), nil },
			says: func(source, target string, was [sha256.Size]byte) string {
				return "its file is " + source + " with SHA-256 " + short(was) + " in the source and " + target + " with " + short(sha256.Sum256(other)) + " in the target"
			},
			bytes: 3699,
		},
		"that is gone from the source": {
			source: func() (io.Reader, error) { return nil, failing(migrate.NotFound) },
			says: func(source, target string, _ [sha256.Size]byte) string {
				return "nothing tells whether file " + target + " of the target is " + source + " of the source, which cannot be read: read file: no such luck"
			},
			bytes: 3700,
		},
		"that the target refuses": {
			target: func() (io.Reader, error) { return nil, failing(migrate.Refused) },
			says: func(_, target string, _ [sha256.Size]byte) string {
				return "the target shows file " + target + ", which cannot be read: read file: no such luck"
			},
			bytes: 700,
		},
		"that turns out not to be whole": {
			target: func() (io.Reader, error) {
				return io.MultiReader(bytes.NewReader(other), iotest.ErrReader(failing(migrate.Refused))), nil
			},
			says: func(_, target string, _ [sha256.Size]byte) string {
				return "the target shows file " + target + ", which cannot be read: read file: no such luck"
			},
			bytes: 700,
		},
	} {
		bubble("one "+name+" differs, and the others are compared", func(t *testing.T) {
			r := withFiles(t, nil)
			source, target := &album{other: c.source}, &album{other: c.target}
			got, differences, err := filesCompared(t, r, true, source, target, nil)
			require.NoError(t, err)
			require.Len(t, differences, 1)
			d := differences[0]
			truth := r.Emulator.Truth().Channels[0].Files[rig.SidOf("IM", 1)]
			require.Equal(t, verify.Altered, d.Class)
			require.Equal(t, migrate.KindMessages, d.Kind)
			require.Equal(t, rig.SidOf("CH", 0), d.Channel)
			require.Equal(t, rig.SidOf("IM", 1), d.SourceSID)
			require.NotEmpty(t, d.TargetSID)
			require.Equal(t, "media", d.Field)
			require.Equal(t, c.says(rig.SidOf("ME", 1), target.opened[0], truth.SHA256), d.Detail)
			require.Equal(t, c.bytes, got.FileBytes)
		})
	}
	for _, side := range []string{"source", "target"} {
		bubble("a "+side+" that cannot be read tells nothing", func(t *testing.T) {
			r := withFiles(t, nil)
			albums := map[string]*album{"source": {}, "target": {}}
			albums[side].other = func() (io.Reader, error) { return nil, failing(migrate.Unavailable) }
			_, differences, err := filesCompared(t, r, true, albums["source"], albums["target"], nil)
			require.ErrorContains(t, err, "no such luck")
			require.Equal(t, migrate.Unavailable, migrate.KindOf(err))
			require.Empty(t, differences)
		})
	}
	bubble("one that a policy leaves out is compared with nothing", func(t *testing.T) {
		r := withFiles(t, func(r *rig.Rig) {
			require.NoError(t, r.Emulator.LoseFile(rig.SidOf("ME", 1)))
			policy, err := mapping.ParsePolicy([]string{"media-unavailable=placeholder"})
			require.NoError(t, err)
			r.Settings.Mapper.Policy = policy
		})
		source := &album{}
		got, differences, err := filesCompared(t, r, true, source, &album{}, nil)
		require.NoError(t, err)
		require.Empty(t, differences)
		require.EqualValues(t, 1, got.Compared[migrate.KindFiles])
		require.EqualValues(t, 700, got.FileBytes)
		require.Equal(t, []string{rig.SidOf("ME", 2)}, source.opened)
	})
}
