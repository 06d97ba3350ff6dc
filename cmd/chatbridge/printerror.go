package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// complaint is an error for a program: one line on stderr, the last one.
type complaint struct {
	*heading
	SchemaVersion int    `json:"schema_version"`
	Error         string `json:"error"`
	Hint          string `json:"hint"`
	ExitStatus    int    `json:"exit_status"`
}

// heading is what every line of a log in JSON begins with.
type heading struct {
	Time  time.Time `json:"time"`
	Level string    `json:"level"`
	Msg   string    `json:"msg"`
}

// wantsJSONLog reports whether every line on stderr is to be JSON. It is asked
// before the command line is read, because that may fail.
func wantsJSONLog(c *console, args []string) bool {
	form := c.getenv(variable(logFormatFlag))
	for i, a := range args {
		if a == "--" {
			break
		}
		if a == "--"+logFormatFlag && i+1 < len(args) {
			form = args[i+1]
		}
		if value, ok := strings.CutPrefix(a, "--"+logFormatFlag+"="); ok {
			form = value
		}
	}
	return form == logJSON
}

// wantsJSON reports whether a program reads what a command says. A command line
// that could not be understood says so only as far as it was read.
func wantsJSON(cmd *cobra.Command) bool {
	f := cmd.Flags().Lookup("output")
	return f != nil && f.Value.String() == string(reports.JSON)
}

// complain writes an error as its two lines, or for a program as one object, which
// is a line of a log in JSON as well.
func complain(w io.Writer, asJSON, logged bool, next *nextCommands, err error) {
	message, hint := reports.Plain(err.Error()), reports.Plain(next.after(err).complete(hintOf(err)))
	if asJSON || logged {
		one := complaint{SchemaVersion: migrate.SchemaVersion, Error: message, Hint: hint, ExitStatus: statusOf(err)}
		if logged {
			one.heading = &heading{time.Now(), slog.LevelError.String(), message}
		}
		raw, _ := json.Marshal(one) // texts and numbers always encode
		fmt.Fprintf(w, "%s\n", raw)
		return
	}
	fmt.Fprintf(w, "error: %s\nhint: %s\n", message, hint)
}
