package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// injected are the variables that Kubernetes gives every container of a namespace
// with a service named chatbridge, or chatbridge-something: nobody set them.
var injected = regexp.MustCompile(`^CHATBRIDGE_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// slip is how many letters a variable may differ in from one that is read, and be
// taken for it.
const slip = 2

// checkEnvironment refuses a variable that is nearly one of ours: what it says would
// silently not happen. warn is told of one that is not near any. Values are not
// repeated: they may be secrets.
func checkEnvironment(root *cobra.Command, environ []string, warn func(string)) error {
	known := variables(root)
	flags := flagNames(root)
	for _, pair := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) || value == "" || slices.Contains(known, name) || injected.MatchString(name) {
			continue
		}
		flag := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, envPrefix)), "_", "-")
		if slices.Contains(flags, flag) {
			warn(fmt.Sprintf("warning: %s is set, but nothing reads it: --%s works on the command line only", name, flag))
			continue
		}
		if near := nearest(name, known, slip); near != "" {
			return usageError(fmt.Sprintf("did you mean: %s; if not, unset it", near), "%s is set, but nothing reads it", name)
		}
		warn(fmt.Sprintf("warning: %s is set, but nothing reads it; variables are named after the flags: %s", name, variable("to-service")))
	}
	return nil
}

// variables are those that are read.
func variables(root *cobra.Command) []string {
	var all []string
	for _, name := range settingNames(root) {
		all = append(all, variable(name))
	}
	for _, name := range credentialVariables {
		all = append(all, targetPrefix+name)
	}
	return all
}

// flagNames are those of every flag of every command.
func flagNames(root *cobra.Command) []string {
	var all []string
	note := func(f *pflag.Flag) { all = append(all, f.Name) }
	root.PersistentFlags().VisitAll(note)
	for _, c := range root.Commands() {
		c.Flags().VisitAll(note)
	}
	return all
}
