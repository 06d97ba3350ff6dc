package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"chatbridge/reports"
	"chatbridge/reports/schema"
)

func newSchema(c *console) *cobra.Command {
	return &cobra.Command{
		Use:   "schema [NAME]",
		Short: "Print the JSON Schema of a command's output",
		Long: `Print the JSON Schema of a command's output, with the meaning of each field.
Without a name, list the names. A schema holds for every chatbridge that prints
the same schema_version: fields may be added, but none is removed or changes its
meaning. Opens nothing.` + exitHelp(exitDone, exitUsage),
		Example: `  chatbridge schema
  chatbridge schema migrate > migrate.schema.json`,
		GroupID:   groupMore,
		ValidArgs: schema.Names(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError("name one, such as: chatbridge schema migrate", "expected one name, got %d", len(args))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, name := range schema.Names() {
					fmt.Fprintln(c.out, name)
				}
				return nil
			}
			raw, ok := schema.Lookup(args[0])
			if !ok {
				hint := "to list them: chatbridge schema"
				if n := suggest(args[0], schema.Names()); n != "" {
					hint = "did you mean: chatbridge schema " + n
				}
				return usageError(hint, "there is no schema %q", reports.Plain(args[0]))
			}
			_, err := c.out.Write(raw)
			return err
		},
	}
}
