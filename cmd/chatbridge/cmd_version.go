package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// ledgerSchema is the version of the ledger that this program writes.
const ledgerSchema = 5

// versionReport says what this program is.
type versionReport struct {
	SchemaVersion int    `json:"schema_version"`
	Command       string `json:"command"`
	Version       string `json:"version"`
	Revision      string `json:"revision,omitempty"`
	Modified      bool   `json:"modified"` // built from a tree with uncommitted changes
	Go            string `json:"go"`
	LedgerSchema  int    `json:"ledger_schema"`
}

func newVersion(c *console) *cobra.Command {
	var output outputOption
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Say which chatbridge this is",
		Long:    "Say which chatbridge this is. Opens nothing." + exitHelp(exitDone, exitUsage),
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
	info, _ := debug.ReadBuildInfo()
	return writeVersion(w, f, versionOf(info))
}

func versionOf(info *debug.BuildInfo) versionReport {
	v := versionReport{SchemaVersion: migrate.SchemaVersion, Command: "version", Version: "unknown", LedgerSchema: ledgerSchema}
	if info == nil {
		return v
	}
	v.Version, v.Go = info.Main.Version, info.GoVersion
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func writeVersion(w io.Writer, f reports.Format, v versionReport) error {
	if f == reports.JSON {
		return json.NewEncoder(w).Encode(v)
	}
	revision := ""
	if v.Revision != "" {
		revision = ", revision " + v.Revision
	}
	if v.Modified {
		revision += " with changes"
	}
	_, err := fmt.Fprintf(w, "chatbridge %s%s\nbuilt by %s\nledger schema %d\n", v.Version, revision, v.Go, v.LedgerSchema)
	return err
}
