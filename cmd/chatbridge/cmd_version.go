package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// ledgerSchema is the version of the ledger that this program writes.
const ledgerSchema = 9

// What the linker writes into a release (LDFLAGS in the Makefile), all empty in
// any other build. Go stamps a build with the same only if it finds the
// repository: not in a second worktree of it, nor in a source archive.
var (
	linkedVersion  string // the tag, or v0.0.0-pre and the time of the commit
	linkedRevision string
	linkedDate     string // of the commit, RFC 3339
	linkedModified string // "true" if there were changes that were not committed
)

// versionReport says what this program is.
type versionReport struct {
	SchemaVersion int    `json:"schema_version"`
	Command       string `json:"command"`
	Version       string `json:"version"`
	Revision      string `json:"revision,omitempty"`
	Date          string `json:"date,omitempty"` // of the revision, RFC 3339
	Modified      bool   `json:"modified"`       // built from a tree with uncommitted changes
	Go            string `json:"go"`
	Platform      string `json:"platform"`
	LedgerSchema  int    `json:"ledger_schema"`
}

func newVersion(c *console) *cobra.Command {
	var output outputOption
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Long:    "Print the version, commit and date, as far as the build knows them. Opens nothing." + exitHelp(exitDone, exitUsage),
		GroupID: groupMore,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			f, err := output.format(reports.Text, reports.JSON)
			if err != nil {
				return err
			}
			return tellVersion(c.out, f)
		},
	}
	output.flags(cmd.Flags(), reports.Text, reports.JSON)
	return cmd
}

// tellVersion says which chatbridge this is.
func tellVersion(w io.Writer, f reports.Format) error {
	return writeVersion(w, f, thisVersion())
}

// thisVersion is what this program knows of itself: what the linker was told,
// and for the rest what Go knows of the build.
func thisVersion() versionReport {
	info, _ := debug.ReadBuildInfo()
	v := versionOf(info)
	if linkedVersion != "" {
		v.Version = linkedVersion
	}
	if linkedRevision != "" {
		v.Revision, v.Date, v.Modified = linkedRevision, linkedDate, linkedModified == "true"
	}
	return v
}

func versionOf(info *debug.BuildInfo) versionReport {
	v := versionReport{
		SchemaVersion: migrate.SchemaVersion, Command: "version", Version: "unknown", LedgerSchema: ledgerSchema,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	if info == nil {
		return v
	}
	v.Version, v.Go = info.Main.Version, info.GoVersion
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.time":
			v.Date = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

// committed is when the revision was made; false if that is not known.
func (v versionReport) committed() (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, v.Date)
	return at, err == nil
}

func writeVersion(w io.Writer, f reports.Format, v versionReport) error {
	if f == reports.JSON {
		return json.NewEncoder(w).Encode(v)
	}
	line := "chatbridge " + v.Version
	if v.Revision != "" {
		line += ", revision " + v.Revision
	}
	if at, ok := v.committed(); ok {
		line += at.UTC().Format(" of 2006-01-02 15:04:05 UTC")
	}
	if v.Modified {
		line += " with changes"
	}
	_, err := fmt.Fprintf(w, "%s\nbuilt by %s for %s\nledger schema %d\n", line, v.Go, v.Platform, v.LedgerSchema)
	return err
}
