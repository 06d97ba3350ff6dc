package archive

import (
	"io/fs"
	"path"

	"chatbridge/migrate"
)

// Counts says how many resources there are, as the manifest tells.
func (a *Archive) Counts() migrate.Counts { return countFiles(a.Manifest.Files) }

// Size is how many bytes the files have together that the manifest names. One
// that is missing has none.
func (a *Archive) Size() int64 {
	var size int64
	for name := range a.Manifest.Files {
		if info, err := fs.Stat(a.fsys, name); err == nil {
			size += info.Size()
		}
	}
	return size
}

// Media says how many files of messages there are, as the manifest tells, and how
// many bytes they have.
func (a *Archive) Media() (files, bytes int64) { return countMedia(a.Manifest.Files) }

// Media says how many files of messages are complete, and how many bytes they
// have.
func (w *Writer) Media() (files, bytes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return countMedia(w.digests())
}

func countMedia(all map[string]File) (files, bytes int64) {
	for name, f := range all {
		if isMedia(name) {
			files, bytes = files+1, bytes+f.Bytes
		}
	}
	return files, bytes
}

func countFiles(files map[string]File) migrate.Counts {
	var c migrate.Counts
	by := map[string]*int64{
		CredentialsPath: &c.Credentials, serviceFile: &c.Services, "roles.jsonl": &c.Roles, "users.jsonl": &c.Users,
		"channels.jsonl": &c.Channels, membersFile: &c.Members, messagesFile: &c.Messages, invitesFile: &c.Invites,
		webhooksFile: &c.Webhooks, bindingsFile: &c.Bindings,
	}
	for name, file := range files {
		if n := by[path.Base(name)]; n != nil {
			*n += file.Lines
		}
	}
	return c
}
