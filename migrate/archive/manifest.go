package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"chatbridge/migrate"
)

// SchemaVersion is the version of the format that this package writes, and the
// newest that it reads.
const SchemaVersion = 1

// Manifest says what an archive is and, where Files is there, what is in it.
type Manifest struct {
	SchemaVersion int             `json:"schema_version"`
	CreatedAt     time.Time       `json:"created_at"`
	Tool          string          `json:"tool"`
	AccountSID    string          `json:"account_sid"`
	SourceAPI     string          `json:"source_api"`         // v1, v2, or v1+v2, which is both
	Scope         string          `json:"scope,omitempty"`    // what of the account was selected; empty where all of it was
	Withheld      []string        `json:"withheld,omitempty"` // paths of files that are missing because the key might not read what belongs there
	Media         string          `json:"media,omitempty"`    // MediaRead, MediaLeftOut, or empty where nobody looked
	MediaMissing  []MissingMedia  `json:"media_missing,omitempty"`
	Files         map[string]File `json:"files,omitempty"` // by path; every file but the manifest, or none
}

// Values of Manifest.Media.
const (
	MediaRead    = "read"     // every file that a message names is there, or in MediaMissing
	MediaLeftOut = "left out" // nobody asked for any
)

// MissingMedia is a file that a message names and that could not be read.
type MissingMedia struct {
	ServiceSID string `json:"service_sid"`
	SID        string `json:"sid"` // as the message gives it; of a very long one the beginning
	Reason     string `json:"reason"`
}

// File is what the manifest records of one file.
type File struct {
	SHA256 string `json:"sha256"`          // lower-case hexadecimal
	Lines  int64  `json:"lines"`           // 0 of a file of a message
	Bytes  int64  `json:"bytes,omitempty"` // of a file of a message
}

func readManifest(fsys fs.FS) (Manifest, error) {
	raw, err := readWhole(fsys, ManifestPath)
	if errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, refuse(fmt.Errorf("%s is missing", ManifestPath),
			"name the folder or zip that holds it; an export that was not finished has none")
	}
	if err != nil {
		return Manifest{}, refuse(err, "")
	}
	// The version is read before the rest, whose shape it decides.
	var version struct {
		SchemaVersion int `json:"schema_version"`
	}
	if err := json.Unmarshal(raw, &version); err != nil {
		return Manifest{}, refuse(fmt.Errorf("read %s: %w", ManifestPath, err), "")
	}
	switch {
	case version.SchemaVersion > SchemaVersion:
		return Manifest{}, refuse(
			fmt.Errorf("schema version %d is newer than %d, the newest that this chatbridge reads", version.SchemaVersion, SchemaVersion),
			"use a newer chatbridge")
	case version.SchemaVersion < 1:
		return Manifest{}, refuse(fmt.Errorf("%s has no schema_version", ManifestPath), "")
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return Manifest{}, refuse(fmt.Errorf("read %s: %w", ManifestPath, err), "")
	}
	for name := range m.Files {
		if _, err := parsePath(name); err != nil {
			return Manifest{}, refuse(fmt.Errorf("read %s: %w", ManifestPath, err), "")
		}
	}
	return m, nil
}

func refuse(err error, hint string) error {
	return &migrate.Error{Op: "open archive", Kind: migrate.Usage, Hint: hint, Err: err}
}
