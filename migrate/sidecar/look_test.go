package sidecar_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/sidecar"
)

func TestLook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l.db.originals.jsonl")
	write := func(t *testing.T, text string) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	const line = `{"code":"body-too-long","sid":"IM1","original":"a"}` + "\n"

	t.Run("counts what a File kept", func(t *testing.T) {
		f := sidecar.New(path)
		require.NoError(t, f.Keep(t.Context(), []mapping.Finding{
			{Code: mapping.BodyTooLong, SID: "IM1", Original: "long", Severity: mapping.Loss},
			{Code: mapping.BodyTooLong, SID: "IM2", Original: "\xff", Severity: mapping.Loss},
		}))
		require.NoError(t, f.Close())
		kept, err := sidecar.Look(path)
		require.NoError(t, err)
		require.Equal(t, *withPath(f.Kept(), path), kept)
	})
	t.Run("knows what a crash tore, and what a later run wrote behind it", func(t *testing.T) {
		for text, lines := range map[string]int64{
			"": 0, line[:20]: 1, line + line[:20]: 2, line[:20] + line: 1, line[:20] + line + line: 2,
		} {
			write(t, text)
			kept, err := sidecar.Look(path)
			require.NoError(t, err, text)
			require.Equal(t, lines, kept.Lines)
		}
	})
	t.Run("refuses what holds anything else", func(t *testing.T) {
		for _, text := range []string{"hello", "{}\n", line + "hello\n", "\n" + line, `{"code":"a"}` + "\n" + `{"code":"b"}` + "\n"} {
			write(t, text)
			_, err := sidecar.Look(path)
			require.ErrorIs(t, err, sidecar.ErrOther, text)
		}
	})
	t.Run("follows no link, and refuses a folder", func(t *testing.T) {
		write(t, line)
		_, err := sidecar.Look(filepath.Dir(path))
		require.Error(t, err)
		link := path + ".link"
		if err := os.Symlink(path, link); err != nil {
			t.Skip("this system makes no links")
		}
		_, err = sidecar.Look(link)
		require.ErrorIs(t, err, migrate.ErrSymlink)
	})
}

func withPath(k *migrate.Kept, path string) *migrate.Kept {
	k.Path = path
	return k
}
