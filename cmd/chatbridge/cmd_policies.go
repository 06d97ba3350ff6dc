package main

import (
	"github.com/spf13/cobra"

	"chatbridge/reports"
)

// policiesOptions are those of policies.
type policiesOptions struct {
	outputOption
	console *console
}

var policyForms = []reports.Format{reports.Text, reports.JSON, reports.Markdown, reports.CSV, reports.HTML}

func newPolicies(c *console, run func(*policiesOptions) error) *cobra.Command {
	o := &policiesOptions{console: c}
	cmd := &cobra.Command{
		Use:   "policies",
		Short: "List what cannot be carried unchanged, and the choices for each case",
		Long: `List every code that an audit can report: what it means, how severe it is if you
choose nothing, and the choices that --policy code=choice takes, the default
first. A configuration file can hold them as a table:

  policy:
    media: placeholder
    empty-body: space

It never opens a connection and needs no credentials.` +
			exitHelp(exitDone, exitUsage),
		Example: `  chatbridge policies
  chatbridge policies --output html > policies.html`,
		GroupID: groupMore,
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return run(o) },
	}
	o.outputOption.flags(cmd.Flags(), policyForms...)
	return cmd
}

func runPolicies(o *policiesOptions) error {
	form, err := o.format(policyForms...)
	if err != nil {
		return err
	}
	return reports.Policies(o.console.out, form)
}
