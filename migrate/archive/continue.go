package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"chatbridge/migrate"
)

// Continue goes on with the archive that an earlier Writer left unfinished in
// dir, and starts one where there is none. Every file that is complete, and
// still has the digest that was noted for it, is kept: see Writer.Kept. The rest
// is as if it had never been begun. The archive keeps the date on which it was
// first begun.
//
// It is refused, with Kind Usage, where dir holds something else: a finished
// archive (ErrExists is in the chain), one of another account or scope, or files
// that are no archive.
func Continue(ctx context.Context, dir string, manifest Manifest) (*Writer, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return Create(dir, manifest)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, refuseFolder(dir, err)
	}
	w, err := resume(ctx, root, manifest)
	if err != nil {
		return nil, errors.Join(refuseFolder(dir, err), root.Close())
	}
	return w, nil
}

// Begun is the manifest of the archive that a Writer left unfinished in dir. If there
// is none, fs.ErrNotExist is in the chain of the error.
func Begun(dir string) (Manifest, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Manifest{}, err
	}
	begun, _, err := readJournal(root)
	return begun, errors.Join(err, root.Close())
}

var (
	errNotEmpty = errors.New("the folder holds files that are not an archive")
	errOther    = errors.New("the folder holds the beginning of another archive")
)

func resume(ctx context.Context, root *os.Root, manifest Manifest) (*Writer, error) {
	if _, err := root.Stat(ManifestPath); !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(err, ErrExists)
	}
	begun, files, err := readJournal(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := requireEmpty(root); err != nil {
			return nil, err
		}
		return newWriter(root, manifest, nil)
	case err != nil:
		return nil, err
	case begun.SchemaVersion != SchemaVersion:
		return nil, fmt.Errorf("%w: of schema version %d", errOther, begun.SchemaVersion)
	case begun.AccountSID != manifest.AccountSID:
		return nil, fmt.Errorf("%w: of account %s, not %s", errOther, begun.AccountSID, manifest.AccountSID)
	case begun.SourceAPI != manifest.SourceAPI || begun.Scope != manifest.Scope:
		return nil, fmt.Errorf("%w: of %s %q, not %s %q", errOther, begun.SourceAPI, begun.Scope, manifest.SourceAPI, manifest.Scope)
	case begun.Media != manifest.Media:
		return nil, fmt.Errorf("%w: %s, not %s", errOther, mediaOf(begun), mediaOf(manifest))
	}
	manifest.CreatedAt = begun.CreatedAt
	for name, file := range files {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		size, ok, err := intact(root.FS(), name, file.File)
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", name, err)
		}
		if !ok {
			delete(files, name)
			continue
		}
		file.size = size
		files[name] = file
	}
	return newWriter(root, manifest, files)
}

func mediaOf(m Manifest) string {
	if m.Media == MediaLeftOut {
		return "without files of messages"
	}
	return "with files of messages"
}

// requireEmpty keeps an archive from being mixed with whatever a folder that was
// named by mistake holds.
func requireEmpty(root *os.Root) error {
	f, err := root.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Readdirnames(1); err != io.EOF {
		return errors.Join(err, errNotEmpty)
	}
	return nil
}

func refuseFolder(dir string, err error) error {
	e := &migrate.Error{Op: "continue archive", Err: fmt.Errorf("%s: %w", dir, err)}
	switch {
	case errors.Is(err, ErrExists), errors.Is(err, errNotEmpty), errors.Is(err, errOther):
		e.Kind, e.Hint = migrate.Usage, "name another folder, or remove this one if nobody needs it"
	case errors.Is(err, errBusy):
		e.Kind, e.Hint = migrate.Conflict, "wait for it to end, or stop it"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		e.Kind = migrate.Interrupted
	case errors.Is(err, fs.ErrPermission):
		e.Kind, e.Hint = migrate.Usage, "name a folder that can be written to"
	}
	return e
}
