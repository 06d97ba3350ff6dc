package archive_test

import (
	"bytes"
	"testing"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/sourcetest"
)

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Suite{
		Open: func(t *testing.T, w sourcetest.World) migrate.Source { return source(t, w.Files()) },
		Broken: func(t *testing.T, w sourcetest.World) migrate.Source {
			files := w.Files()
			file := files[archive.MessagesPath(w.Long())]
			file.Data = bytes.Replace(file.Data, []byte(`"index":150`), []byte(`"index":"150"`), 1)
			return source(t, files)
		},
		Kind:  migrate.Failed,
		Media: true,
		BrokenMedia: func(t *testing.T, w sourcetest.World) migrate.Source {
			files := w.Files()
			file := files[archive.MediaPath(w.LongFile())]
			file.Data = file.Data[:len(file.Data)-1]
			return source(t, files)
		},
	})
}
