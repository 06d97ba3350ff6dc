package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func newMan(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages",
		Long: `Write a manual page for chatbridge and for each of its commands into DIR, which
is made if it does not exist. Opens nothing else.` + exitHelp(exitDone, exitFailed, exitUsage),
		Example: `  chatbridge man /usr/local/share/man/man1
  chatbridge man . && man ./chatbridge-migrate.1`,
		GroupID: groupMore,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError("name one folder, such as: chatbridge man /usr/local/share/man/man1", "expected one folder, got %d", len(args))
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(_ *cobra.Command, args []string) error { return writeManual(c, args[0]) },
	}
}

// writeManual writes the pages of all commands.
func writeManual(c *console, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder for the manual: %w", err)
	}
	root := newRoot(c)
	root.InitDefaultHelpCmd()
	prepareManual(root)
	header := &doc.GenManHeader{Section: "1", Source: "chatbridge", Manual: "chatbridge"}
	if at, ok := thisVersion().committed(); ok {
		header.Date = &at // not today's: the same program writes the same pages
	}
	if err := doc.GenManTree(root, header, dir); err != nil {
		return fmt.Errorf("write manual: %w", err)
	}
	return nil
}

// prepareManual turns the help of a command and of those below it into what the
// generator expects.
func prepareManual(cmd *cobra.Command) {
	cmd.DisableAutoGenTag = true
	cmd.Long = manualText(cmd.Long)
	for _, sub := range cmd.Commands() {
		prepareManual(sub)
	}
}

// manualText is help text as Markdown. The generator reads Markdown, in which
// the lines of a table that is set in spaces would run together: they become a
// block that is shown as it is. What Markdown would obey is escaped.
func manualText(help string) string {
	var b strings.Builder
	table := false
	for line := range strings.Lines(help) {
		indented := strings.HasPrefix(line, "  ")
		if indented != table && strings.TrimSpace(line) != "" {
			b.WriteString("\n")
			table = indented
		}
		if indented {
			b.WriteString("    " + strings.TrimPrefix(line, "  "))
			continue
		}
		b.WriteString(markdownEscaper.Replace(line))
	}
	return b.String()
}

var markdownEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `_`, `\_`, "`", "\\`", `<`, `\<`, `>`, `\>`, `[`, `\[`)
