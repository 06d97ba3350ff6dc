package sidecar_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/sidecar"
)

func collect(t *testing.T, all iter.Seq2[migrate.Dropped, error]) (got []migrate.Dropped) {
	t.Helper()
	for d, err := range all {
		require.NoError(t, err)
		got = append(got, d)
	}
	return got
}

// lost are findings, the originals that they have, and what keeps nothing.
var (
	lost = []mapping.Finding{
		{Code: mapping.BodyTooLong, SID: "IM1", ChannelSID: "CH1", Field: "body", Original: "{\"code\":\"\n", Severity: mapping.Loss},
		{Code: mapping.BodyTooLong, SID: "IM2", Original: "no body", Severity: mapping.Stop},
		{Code: mapping.NameTooLong, SID: "IM3", Severity: mapping.Loss},
		{Code: mapping.TextInvalid, SID: "IM4", Original: "a\xff\x00", Severity: mapping.Loss},
	}
	originals = []migrate.Dropped{
		{Code: mapping.BodyTooLong, SID: "IM1", ChannelSID: "CH1", Field: "body", Original: "{\"code\":\"\n"},
		{Code: mapping.TextInvalid, SID: "IM4", Original: "a\xff\x00"},
	}
)

func TestReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db.originals.jsonl")
	r := &sidecar.Reader{Path: path}
	t.Run("reads nothing where no file is", func(t *testing.T) {
		require.Empty(t, collect(t, r.Dropped(t.Context())))
	})
	f := sidecar.New(path)
	require.NoError(t, f.Keep(t.Context(), lost))
	require.NoError(t, f.Close())
	raw, err := os.ReadFile(path)
	require.NoError(t, err)

	t.Run("reads what a File kept, and writes it as it was", func(t *testing.T) {
		require.Equal(t, originals, collect(t, r.Dropped(t.Context())))
		var out bytes.Buffer
		lines, err := sidecar.Write(&out, r.Dropped(t.Context()))
		require.NoError(t, err)
		require.EqualValues(t, 2, lines)
		require.Equal(t, string(raw), out.String())
		n, size, err := r.CountDropped(t.Context())
		require.NoError(t, err)
		require.Equal(t, []int64{2, int64(len(originals[0].Original) + len(originals[1].Original))}, []int64{n, size})
	})

	t.Run("passes over what a crash tore, wherever, and says how much", func(t *testing.T) {
		first := bytes.IndexByte(raw, '\n') + 1
		for at := range first - 1 {
			for name, c := range map[string]struct {
				text []byte
				want []migrate.Dropped
				torn int64
			}{
				"at the end":             {append(bytes.Clone(raw), raw[:at]...), originals, 1},
				"with a run behind it":   {append(bytes.Clone(raw[:at]), raw...), originals, 1},
				"twice, with runs":       {bytes.Join([][]byte{raw[:at], raw[:first], raw[:at], raw[first:]}, nil), originals, 2},
				"and nothing else there": {bytes.Clone(raw[:at]), nil, 1},
			} {
				if at == 0 {
					c.torn = 0
				}
				require.NoError(t, os.WriteFile(path, c.text, 0o600))
				require.Equal(t, c.want, collect(t, r.Dropped(t.Context())), "%s at %d", name, at)
				require.Equal(t, c.torn, r.Torn, "%s at %d", name, at)
			}
		}
	})

	t.Run("refuses a line that is something else, and a link", func(t *testing.T) {
		for _, other := range []string{"hello\n", "\n", "{}\n", "{\"code\":\"a\",\"more\":1}\n", "hello" + string(raw)} {
			require.NoError(t, os.WriteFile(path, append(bytes.Clone(raw), other...), 0o600))
			_, _, err := r.CountDropped(t.Context())
			require.ErrorIs(t, err, sidecar.ErrOther, other)
			require.ErrorContains(t, err, "line 3")
		}
		link := path + ".link"
		if err := os.Symlink(path, link); err != nil {
			t.Skip("this system makes no links")
		}
		_, _, err := (&sidecar.Reader{Path: link}).CountDropped(t.Context())
		require.ErrorIs(t, err, migrate.ErrSymlink)
	})

	t.Run("ends when it is told to", func(t *testing.T) {
		require.NoError(t, os.WriteFile(path, raw, 0o600))
		for range r.Dropped(t.Context()) {
			break
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		_, _, err := r.CountDropped(ctx)
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestGrowing(t *testing.T) {
	names := func(t *testing.T, dir string) (all []string) {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			all = append(all, e.Name())
		}
		return all
	}
	t.Run("takes its place whole, for one user, over what a killed copy left", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "o")
		require.NoError(t, os.WriteFile(path+sidecar.UnfinishedSuffix, []byte("left by another copy, and longer than what comes now is, by far, and then some more of it, until it is long enough\n\n\n"), 0o600))
		g, err := sidecar.Grow(path)
		require.NoError(t, err)
		require.NoError(t, g.Put(nil))
		require.NoError(t, g.Put(originals[:1]))
		require.NoError(t, g.Put(originals[1:]))
		require.Equal(t, originals, collect(t, g.Dropped(t.Context())))
		require.NoFileExists(t, path)
		require.NoError(t, g.Keep())
		require.NoError(t, g.Close())
		require.Equal(t, []string{"o"}, names(t, dir))
		require.Equal(t, originals, collect(t, (&sidecar.Reader{Path: path}).Dropped(t.Context())))
		info, err := os.Stat(path)
		require.NoError(t, err)
		if runtime.GOOS != "windows" {
			require.EqualValues(t, 0o600, info.Mode().Perm())
		}
		require.NoError(t, g.Withdraw())
		require.Empty(t, names(t, dir))
	})
	t.Run("leaves nothing if it is not kept, and makes nothing of nothing", func(t *testing.T) {
		dir := t.TempDir()
		path := filepath.Join(dir, "o")
		g, err := sidecar.Grow(path)
		require.NoError(t, err)
		require.NoError(t, g.Put(originals))
		require.NoError(t, g.Close())
		require.NoError(t, g.Withdraw())
		require.Empty(t, names(t, dir))
		g, err = sidecar.Grow(path)
		require.NoError(t, err)
		require.Empty(t, collect(t, g.Dropped(t.Context())))
		require.NoError(t, g.Keep())
		require.NoError(t, g.Close())
		require.Empty(t, names(t, dir))
	})
	t.Run("takes nobody's place", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "o")
		g, err := sidecar.Grow(path)
		require.NoError(t, err)
		require.NoError(t, g.Put(originals))
		require.NoError(t, os.WriteFile(path, []byte("somebody's"), 0o600))
		require.Equal(t, migrate.Conflict, migrate.KindOf(g.Keep()))
		require.NoError(t, g.Close())
		require.NoError(t, g.Withdraw())
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "somebody's", string(raw))
		require.NoError(t, os.Remove(path))
		require.NoError(t, os.Mkdir(path, 0o700))
		_, err = sidecar.Grow(path)
		require.Equal(t, migrate.Conflict, migrate.KindOf(err), "what is no file")
	})
}

// TestGrowingOverAnother is about a file that is there already, as a copy leaves it that
// was killed before its ledger was there.
func TestGrowingOverAnother(t *testing.T) {
	originals := []migrate.Dropped{{Code: "a", SID: "IM1", Original: "one"}, {Code: "a", SID: "IM2", Original: "two"}, {Code: "a", SID: "IM3", Original: "three"}}
	grow := func(t *testing.T, path string, all []migrate.Dropped, then func()) (err error) {
		g, err := sidecar.Grow(path)
		require.NoError(t, err)
		defer func() { require.NoError(t, g.Close()) }()
		for _, one := range all {
			if err := g.Put([]migrate.Dropped{one}); err != nil {
				return err
			}
		}
		if then != nil {
			then()
		}
		if err := g.Keep(); err != nil {
			return err
		}
		return g.Withdraw() // as if the ledger could not be kept
	}
	path := filepath.Join(t.TempDir(), "whole")
	g, err := sidecar.Grow(path)
	require.NoError(t, err)
	require.NoError(t, g.Put(originals))
	require.NoError(t, g.Keep())
	require.NoError(t, g.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	first := bytes.Index(whole, []byte("\n")) + 1

	for name, there := range map[string][]byte{
		"the same":                 whole,
		"the first of them":        whole[:first],
		"the beginning of a line":  whole[:first+5],
		"nothing, in a file":       {},
		"all but the last newline": whole[:len(whole)-1],
	} {
		t.Run("takes the place of "+name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "o")
			require.NoError(t, os.WriteFile(path, there, 0o600))
			require.NoError(t, grow(t, path, originals, nil))
			now, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(whole), string(now))
			require.NoFileExists(t, path+sidecar.UnfinishedSuffix)
		})
	}
	changed := bytes.Clone(whole)
	changed[first+20] ^= 1
	for name, c := range map[string]struct {
		there []byte
		put   []migrate.Dropped
		then  func(path string)
	}{
		"that differs in a byte":      {there: changed, put: originals},
		"that has more":               {there: append(bytes.Clone(whole), whole[:first]...), put: originals},
		"that has some, if none come": {there: whole},
		"that grows meanwhile": {there: whole, put: originals, then: func(path string) {
			f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteString("more")
			require.NoError(t, errors.Join(err, f.Close()))
		}},
		"that another one takes the place of": {there: whole, put: originals, then: func(path string) {
			require.NoError(t, os.WriteFile(path+".new", whole, 0o600))
			require.NoError(t, os.Rename(path+".new", path))
		}},
	} {
		t.Run("leaves a file "+name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "o")
			require.NoError(t, os.WriteFile(path, c.there, 0o600))
			before := c.there
			err := grow(t, path, c.put, func() {
				if c.then != nil {
					c.then(path)
					before, _ = os.ReadFile(path)
				}
			})
			require.Equal(t, migrate.Conflict, migrate.KindOf(err))
			now, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(before), string(now))
			require.NoFileExists(t, path+sidecar.UnfinishedSuffix)
		})
	}
}

// table is a ledger that has nothing but originals.
type table struct {
	migrate.Ledger
	migrate.DroppedReader
	kept []migrate.Dropped
	err  error
}

func (l *table) PutDropped(_ context.Context, all []migrate.Dropped) error {
	if l.err == nil {
		l.kept = append(l.kept, all...)
	}
	return l.err
}

func TestInLedger(t *testing.T) {
	l := &table{}
	s := sidecar.In(l, "postgres://host/db#a")
	require.Nil(t, s.Kept())
	require.NoError(t, s.Keep(t.Context(), lost[1:3]))
	require.Nil(t, s.Kept())
	require.NoError(t, s.Keep(t.Context(), lost))
	require.Equal(t, originals, l.kept)
	want := &migrate.Kept{Path: "postgres://host/db#a", Lines: 2, Bytes: int64(len(originals[0].Original) + len(originals[1].Original)), InLedger: true}
	require.Equal(t, want, s.Kept())
	l.err = errors.New("another process has the lease")
	err := s.Keep(t.Context(), lost)
	require.ErrorIs(t, err, l.err)
	require.True(t, migrate.EndsRun(t.Context(), err))
	require.Equal(t, want, s.Kept(), "what was refused does not count")
	require.NoError(t, s.Close())
}
