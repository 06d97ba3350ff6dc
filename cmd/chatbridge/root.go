package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// run is the whole program: it runs the command that args name and returns the
// exit status.
func run(ctx context.Context, c *console, args []string) int {
	c.stderr().json = wantsJSONLog(c, args)
	ctx, c.waits = migrate.WithWaits(ctx)
	root := newRoot(c)
	checkHelpTopic(root)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil {
		complain(c.err, wantsJSON(cmd), c.stderr().json, c.next, err)
	}
	return statusOf(err)
}

func newRoot(c *console) *cobra.Command {
	root := wholeRoot(c, &commonOptions{})
	completeFromLedger(c, root)
	completeValues(root)
	wrapHelp(c, root)
	return root
}

// wholeRoot is the program with its commands.
func wholeRoot(c *console, common *commonOptions) *cobra.Command {
	root := bareRoot(c, common)
	root.AddCommand(
		newDemo(c, common, runDemo),
		withAccounts(c, common, newAudit(c, common, runAudit)),
		newDoctor(c, common, runDoctor),
		newRehearse(c, common, runRehearse),
		withAccounts(c, common, newMigrate(c, common, runMigrate)),
		withAccounts(c, common, newVerify(c, common, runVerify)),
		withAccounts(c, common, newStatus(c, runStatus)),
		withAccounts(c, common, newReport(c, runReport)),
		newSIDs(c, runSIDs),
		newExport(c, common, runExport),
		newUndo(c, common, runUndo),
		newPurge(c, runPurge),
		newLedger(c),
		newWorker(c, common),
		newEmulate(c, runEmulate),
		newSchema(c),
		newMan(c),
		newPolicies(c, runPolicies),
		newVersion(c),
		newCompletion(c),
		newExitTopic(),
		newPermissionsTopic(),
		newAccountsTopic(),
	)
	return root
}

// bareRoot is the program without its commands.
func bareRoot(c *console, common *commonOptions) *cobra.Command {
	var version bool
	var root *cobra.Command
	root = &cobra.Command{
		Use:   "chatbridge",
		Short: "Move Twilio Programmable Chat v1 into Twilio Conversations",
		Long: `chatbridge moves Twilio Programmable Chat v1 services into Twilio Conversations.
Every message arrives exactly once, in order, with its date and author. A copy
never writes to the source, and running it again resumes.

See it work without an account:  chatbridge demo
Before a real run, look first:   chatbridge audit

Every setting can be a flag (--to-service), a variable (CHATBRIDGE_TO_SERVICE)
or a key in the YAML file that --config names (to-service: new). A flag wins
over a variable, a variable over the file. A variable that is nearly a setting's
name is refused.

Credentials come from the environment, or from a profile that you name; never by
flag. The variables are TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN, or with
TWILIO_API_KEY and TWILIO_API_SECRET. For another target account, set
CHATBRIDGE_TARGET_ACCOUNT_SID and so on. --profile and --target-profile name
profiles of twilio-cli. TWILIO_REGION and TWILIO_EDGE choose the hosts of both
sides, unless a profile does.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				return tellVersion(c.out, reports.Text)
			}
			return cmd.Help()
		},
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			if err := refusePassword(cmd, args); err != nil {
				return err
			}
			c.next.remember(cmd)
			if err := applySettings(cmd, c.env, c.of.settings()); err != nil {
				return err
			}
			if err := nameLedger(cmd, c, func() *slog.Logger { return common.logger(c, c.err) }); err != nil {
				return err
			}
			c.given = notDefault(cmd)
			if err := common.check(); err != nil {
				return err
			}
			c.stderr().json = common.LogFormat == logJSON
			if cmd.Name() == cobra.ShellCompRequestCmd || cmd.Name() == cobra.ShellCompNoDescRequestCmd {
				return nil // nothing may come between a person and their command line
			}
			if c.of != nil {
				return nil // it was said once for all accounts
			}
			return checkEnvironment(root, c.env, common.tell(c))
		},
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetFlagErrorFunc(explainFlag)
	common.flags(root.PersistentFlags())
	root.Flags().BoolVar(&version, "version", false, "print the version, as chatbridge version does")
	root.AddGroup(
		&cobra.Group{ID: groupStart, Title: "Start here:"},
		&cobra.Group{ID: groupMigrate, Title: "Migrate:"},
		&cobra.Group{ID: groupMore, Title: "More:"},
	)
	root.SetHelpCommandGroupID(groupMore)
	return root
}

// Groups of commands in the help text.
const (
	groupStart   = "start"
	groupMigrate = "migrate"
	groupMore    = "more"
)

// newExitTopic is a help topic and no command: chatbridge help exit-status.
func newExitTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-status",
		Short: "What the exit statuses mean",
		Long:  "What the exit statuses of chatbridge mean." + exitHelp(),
	}
}

// knownCommand refuses words that name no command.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	hint := "to list the commands: chatbridge --help"
	if n := suggest(args[0], names); n != "" {
		hint = fmt.Sprintf("did you mean: chatbridge %s", n)
	}
	return usageError(hint, "there is no command %q", args[0])
}

// noArguments refuses words after a command that takes none.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError(fmt.Sprintf("see: %s --help", cmd.CommandPath()), "%s takes no arguments, got %q", cmd.CommandPath(), args[0])
}

// explainFlag turns an error of the flag parser into one with a hint.
func explainFlag(cmd *cobra.Command, err error) error {
	if words := cmd.Flags().Args(); !cmd.HasParent() && len(words) > 0 {
		return knownCommand(cmd, words)
	}
	hint := fmt.Sprintf("see: %s --help", cmd.CommandPath())
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		how, problem := unfit(wrong.GetFlag(), wrong.GetValue(), wrong.Unwrap())
		return usageError(cmp.Or(how, hint), "--%s %w", wrong.GetFlag().Name, problem)
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		hint = cmp.Or(explainUnknown(cmd, unknown), hint)
	}
	return usageError(hint, "%s", strings.TrimSpace(err.Error()))
}

// explainUnknown says what a flag that does not exist can have been meant for, empty
// if nothing is near.
func explainUnknown(cmd *cobra.Command, unknown *pflag.NotExistError) string {
	word := "-" + unknown.GetSpecifiedShortnames()
	if word == "-" {
		word = "--" + unknown.GetSpecifiedName()
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if n := suggest(unknown.GetSpecifiedName(), names); n != "" {
			return fmt.Sprintf("did you mean: %s --%s", cmd.CommandPath(), n)
		}
	}
	if _, err := os.Lstat(word); err == nil {
		return fmt.Sprintf("for the file of that name: %s %s", cmd.CommandPath(), pathWord(word))
	}
	return ""
}

// pathWord is a path as a shell and the flag parser take it.
func pathWord(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	return quoted(path)
}
