package main

import (
	"bytes"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"chatbridge/reports"
)

// wrapHelp breaks the help texts of root between words, if they go to a terminal
// that is too narrow for them.
func wrapHelp(c *console, root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		var text bytes.Buffer
		cmd.SetOut(&text)
		help(cmd, args)
		cmd.SetOut(nil) // that of its parent again
		if cmd == root {
			cmd.SetOut(c.out)
		}
		if c.terminal(c.out) {
			_, _ = io.WriteString(c.out, fitting(c, flowing(text.String())))
			return
		}
		_, _ = text.WriteTo(c.out)
	})
}

// flowing is a text with its paragraphs on a line each, if it is for a terminal that
// breaks them anew. A line of a paragraph is known by its length.
func flowing(text string) string {
	const filled = 64
	lines := strings.Split(text, "\n")
	var b strings.Builder
	for i, line := range lines {
		b.WriteString(line)
		if i == len(lines)-1 {
			break
		}
		next := lines[i+1]
		if len(line) > filled && line[0] != ' ' && next != "" && next[0] != ' ' {
			b.WriteString(" ")
		} else {
			b.WriteString("\n")
		}
	}
	return b.String()
}

// fitting is a text for stdout, wrapped if that is a terminal.
func fitting(c *console, text string) string {
	if !c.terminal(c.out) {
		return text
	}
	return reports.Fill(text, columnsOf(c.out))
}

// checkHelpTopic has help refuse a topic that is not there, as a command is refused.
func checkHelpTopic(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	if err != nil || help == root {
		return
	}
	help.Args = func(_ *cobra.Command, topic []string) error {
		if found, _, err := root.Find(topic); err == nil && found != root {
			return nil
		}
		return knownCommand(root, topic)
	}
}
