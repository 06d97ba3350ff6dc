package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// complaint is an error for a program: one line on stderr, the last one.
type complaint struct {
	SchemaVersion int    `json:"schema_version"`
	Error         string `json:"error"`
	Hint          string `json:"hint"`
	ExitStatus    int    `json:"exit_status"`
}

// wantsJSON reports whether a program reads what a command says. A command line
// that could not be understood says so only as far as it was read.
func wantsJSON(cmd *cobra.Command) bool {
	f := cmd.Flags().Lookup("output")
	return f != nil && f.Value.String() == string(reports.JSON)
}

// complain writes an error as its two lines, or for a program as one object.
func complain(w io.Writer, asJSON bool, next *nextCommands, err error) {
	message, hint := reports.Plain(err.Error()), reports.Plain(next.complete(hintOf(err)))
	if asJSON {
		// Texts and numbers always encode.
		raw, _ := json.Marshal(complaint{migrate.SchemaVersion, message, hint, statusOf(err)})
		fmt.Fprintf(w, "%s\n", raw)
		return
	}
	fmt.Fprintf(w, "error: %s\nhint: %s\n", message, hint)
}
