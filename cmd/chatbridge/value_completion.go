package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/rehearse"
	"chatbridge/migrate/twilio"
	"chatbridge/migrate/versions"
	"chatbridge/reports"
)

// formsKey annotates a flag with the forms of a result that it takes.
const formsKey = "chatbridge_forms"

// takes notes the forms that --output takes.
func takes(fs *pflag.FlagSet, forms []reports.Format) {
	names := make([]string, len(forms))
	for i, f := range forms {
		names[i] = string(f)
	}
	f := fs.Lookup("output")
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[formsKey] = names
}

// completeValues completes the values of flags that take one of a few.
func completeValues(root *cobra.Command) {
	fixed := map[string][]string{
		"type":    {"public", "private"},
		"kind":    migrate.PairKinds,
		"invites": {"report\tlist them", "add\tmake the invited people participants"},
		"source-api": {
			twilio.APIv1, twilio.APIv2 + "\talso shows media, member attributes and notification levels",
			versions.API + "\tcompares both", autoAPI + "\tboth if the account answers v2",
		},
		logFormatFlag: {logText, logJSON},
		"to-service":  {newService + "\tcreate one for each of the source"},
		"fail-on":     failures(),
		"policy":      choices(),
		"skip":        rehearse.Names(),
		"only":        rehearse.Names(),
	}
	for _, cmd := range append(root.Commands(), root) {
		flags := cmd.Flags()
		if cmd == root {
			flags = root.PersistentFlags()
		}
		flags.VisitAll(func(f *pflag.Flag) {
			values := fixed[f.Name]
			if forms := f.Annotations[formsKey]; forms != nil {
				values = forms
			}
			if values == nil {
				return
			}
			// The flag is there and has no other completion, so this cannot fail.
			_ = cmd.RegisterFlagCompletionFunc(f.Name, func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
				return begins(values, begun), cobra.ShellCompDirectiveNoFileComp
			})
		})
	}
}

// begins are the values that begin as was typed.
func begins(values []string, begun string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !strings.HasPrefix(v, begun) })
}

// choices are what --policy takes, with what each does.
func choices() []string {
	var all []string
	for _, rule := range mapping.Codes() {
		if len(rule.Choices) == 0 {
			continue
		}
		for _, choice := range rule.Choices {
			all = append(all, string(rule.Code)+"="+string(choice.Choice)+"\t"+choice.Meaning)
		}
	}
	return all
}

// failures are what --fail-on takes.
func failures() []string {
	all := []string{"info", "loss", "skip", "stop"}
	for _, rule := range mapping.Codes() {
		all = append(all, string(rule.Code)+"\t"+rule.Meaning)
	}
	return all
}
