package archive

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// Archive reads the raw resources of an archive. It is safe for concurrent use
// where its file system is.
type Archive struct {
	Manifest Manifest

	fsys     fs.FS
	services []string
	withheld map[string]bool // paths

	mu     sync.Mutex
	listed map[string]*listed // by service, read when the first file of a channel is missing
}

// Open reads the manifest of the archive at the root of fsys. An archive that
// cannot be read is refused with an error of Kind Usage.
func Open(fsys fs.FS) (*Archive, error) {
	m, err := readManifest(fsys)
	if err != nil {
		return nil, err
	}
	services, err := listServices(fsys)
	if err != nil {
		return nil, refuse(err, "")
	}
	a := &Archive{Manifest: m, fsys: fsys, services: services, withheld: map[string]bool{}, listed: map[string]*listed{}}
	for _, name := range m.Withheld {
		a.withheld[name] = true
	}
	return a, nil
}

// OpenPath opens the folder or zip file at path. The closer is to be closed
// after the last read.
func OpenPath(path string) (*Archive, io.Closer, error) {
	fsys, closer, err := OpenFS(path)
	if err != nil {
		return nil, nil, err
	}
	a, err := Open(fsys)
	if err != nil {
		return nil, nil, errors.Join(err, closer.Close())
	}
	return a, closer, nil
}

// OpenFS opens the files of the folder or zip file at path. In a zip the
// archive may be the root, or a single folder at the root. Symbolic links that
// lead out of a folder are not followed.
func OpenFS(path string) (fs.FS, io.Closer, error) {
	fsys, closer, err := openFS(path)
	if err != nil {
		return nil, nil, refuse(err, "name a folder or a .zip file that holds an archive")
	}
	return fsys, closer, nil
}

func openFS(path string) (fs.FS, io.Closer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		root, err := os.OpenRoot(path)
		if err != nil {
			return nil, nil, err
		}
		return root.FS(), root, nil
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, nil, fmt.Errorf("open zip: %w", err)
	}
	fsys, err := archiveRoot(z)
	if err != nil {
		return nil, nil, errors.Join(err, z.Close())
	}
	return fsys, z, nil
}

// archiveRoot looks for the manifest one folder down where the root has none:
// zipping a folder commonly puts that folder into the zip.
func archiveRoot(fsys fs.FS) (fs.FS, error) {
	if _, err := fs.Stat(fsys, ManifestPath); err == nil {
		return fsys, nil
	}
	found, err := fs.Glob(fsys, "*/"+ManifestPath)
	if err != nil || len(found) != 1 {
		return fsys, err
	}
	return fs.Sub(fsys, strings.TrimSuffix(found[0], "/"+ManifestPath))
}

func listServices(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, servicesFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	var sids []string
	for _, entry := range entries {
		switch {
		case strings.HasPrefix(entry.Name(), "."):
		case !isSID("IS", entry.Name()):
			return nil, fmt.Errorf("list services: %s is no service SID", chat.Excerpt(entry.Name()))
		default:
			sids = append(sids, entry.Name())
		}
	}
	return sids, nil
}

// Services lists the SIDs of the services, in alphabetical order.
func (a *Archive) Services() []string { return a.services }

// Service reads a service resource.
func (a *Archive) Service(sid string) (json.RawMessage, error) {
	name := ServicePath(sid)
	if _, err := parsePath(name); err != nil {
		return nil, err
	}
	if !a.has(sid) {
		return nil, a.unknownService(sid)
	}
	raw, err := readWhole(a.fsys, name)
	if err != nil {
		return nil, fmt.Errorf("read service: %w", err)
	}
	if err := checkObject(raw); err != nil {
		return nil, fmt.Errorf("read service: %s: %w", name, err)
	}
	return raw, nil
}

func (a *Archive) has(serviceSID string) bool { return slices.Contains(a.services, serviceSID) }

func (a *Archive) unknownService(sid string) error {
	return &migrate.Error{Op: "find service", Kind: migrate.NotFound, SID: sid, Err: errors.New("the archive does not hold it")}
}

// Lines yields the resources of one .jsonl file, in the order of the file; its
// path is one that this package's path functions return. Each is a copy and may
// be kept. An error names the file and the line, and is the last element. A
// file that may be missing and is yields nothing; nor does one that was withheld,
// which a Source refuses.
func (a *Archive) Lines(name string) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		for line, err := range a.lines(name) {
			if migrate.Withheld(err) {
				return
			}
			if !yield(line.raw, err) {
				return
			}
		}
	}
}

func (a *Archive) lines(name string) iter.Seq2[line, error] {
	return func(yield func(line, error) bool) {
		f, err := a.open(name)
		if err != nil {
			yield(line{}, err)
			return
		}
		if f == nil {
			return
		}
		defer f.Close()
		readLines(name, f)(yield)
	}
}

// open opens a .jsonl file, and returns nil for one that may be missing and is.
func (a *Archive) open(name string) (fs.File, error) {
	p, err := parsePath(name)
	if err != nil {
		return nil, err
	}
	f, err := a.fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, a.checkMayBeMissing(name, p)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return f, nil
}

func (a *Archive) checkMayBeMissing(name string, p place) error {
	missing := fmt.Errorf("%s is missing: %w", name, fs.ErrNotExist)
	if _, listed := a.Manifest.Files[name]; listed {
		return missing
	}
	if a.withheld[name] {
		return &migrate.Error{Op: "read archive", Kind: migrate.Credentials, Err: fmt.Errorf("%s: the key used for the export was not allowed to read it", name)}
	}
	if p.file == CredentialsPath {
		return nil
	}
	if !a.has(p.serviceSID) {
		return a.unknownService(p.serviceSID)
	}
	if p.file == userChannelsFile || p.file == bindingsFile || p.file == mediaFile {
		return nil
	}
	if p.channelSID == "" {
		return missing
	}
	channel, err := a.listedChannel(p.serviceSID, p.channelSID)
	if err != nil {
		return err
	}
	if p.file == messagesFile && channel.messages || p.file == membersFile && channel.members {
		return fmt.Errorf("%w, but %s says that it is not empty", missing, ChannelsPath(p.serviceSID))
	}
	return nil
}

// listed are the channels of a service, and what their files must hold.
type listed = migrate.SIDMap[notEmpty]

type notEmpty struct{ members, messages bool }

// listedChannel is what channels.jsonl says about a channel. Most channels lack a file, of
// invites or of webhooks: the list is read once for all of them.
func (a *Archive) listedChannel(serviceSID, channelSID string) (notEmpty, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := a.listed[serviceSID]
	if all == nil {
		all = &listed{}
		for line, err := range a.lines(ChannelsPath(serviceSID)) {
			if err != nil {
				return notEmpty{}, err
			}
			var h header
			if err := json.Unmarshal(line.raw, &h); err != nil {
				return notEmpty{}, line.failed(ChannelsPath(serviceSID), err)
			}
			all.Set(h.SID, notEmpty{members: h.MembersCount > 0, messages: h.MessagesCount > 0})
		}
		a.listed[serviceSID] = all
	}
	channel, ok := all.Value(channelSID)
	if !ok {
		return notEmpty{}, &migrate.Error{Op: "find channel", Kind: migrate.NotFound, SID: channelSID,
			Err: fmt.Errorf("%s does not list it", ChannelsPath(serviceSID))}
	}
	return channel, nil
}

// header is the part of a resource that reading an archive depends on.
type header struct {
	SID           string `json:"sid"`
	Index         *int64 `json:"index"`
	MembersCount  int64  `json:"members_count"`
	MessagesCount int64  `json:"messages_count"`
}
