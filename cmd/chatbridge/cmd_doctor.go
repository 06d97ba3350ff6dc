package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate/doctor"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
	"chatbridge/reports"
)

// doctorOptions are those of doctor.
type doctorOptions struct {
	*commonOptions
	connectionOptions
	outputOption
	Services []string

	console *console
}

var doctorForms = []reports.Format{reports.Text, reports.JSON, reports.Markdown}

func newDoctor(c *console, common *commonOptions, run func(context.Context, *doctorOptions) error) *cobra.Command {
	o := &doctorOptions{commonOptions: common, console: c}
	o.Concurrency = 1
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Ask a live account what no document settles, and say what is dangerous",
		Long: `Ask a live account what Twilio's documents leave open, and print what it says
beside what chatbridge assumes: whether Chat v1 still answers, what its lists leave
out, which page sizes are taken, how messages are counted and ordered, what Chat v2
and Conversations show of the same, whether timers would close what is migrated,
and what the credentials may not read.

It never writes: both connections refuse everything but reads. It makes some tens
of them, in one or two services and a few channels, whatever the account holds.` +
			exitHelp(exitDone, exitFailed, exitUsage, exitIncomplete, exitCredentials, exitService, exitInterrupted),
		Example: `  chatbridge doctor
  chatbridge doctor --service IS… --output markdown`,
		GroupID: groupStart,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	settings(cmd.Flags(), func(fs *pflag.FlagSet) {
		fs.StringVar(&o.ChatURL, "chat-url", twilio.ChatURL, "`URL` of Chat; plain http only to this machine")
		fs.StringVar(&o.ConversationsURL, "conversations-url", twilio.ConversationsURL, "`URL` of Conversations; plain http only to this machine")
		fs.DurationVar(&o.Timeout, "timeout", defaultTimeout, "time that one attempt of a request has")
		fs.StringSliceVar(&o.Services, "service", nil, "`SID` of a service to look at (repeatable; default the first two)")
	})
	o.outputOption.flags(cmd.Flags(), doctorForms...)
	return cmd
}

func runDoctor(ctx context.Context, o *doctorOptions) error {
	form, err := o.check()
	if err != nil {
		return err
	}
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	shown := o.progress(o.console, "asked")
	found, err := o.examine(ctx, shown)
	shown.Close()
	if err != nil {
		return interrupted(ctx, err)
	}
	if err := reports.Doctor(o.console.out, form, found, o.console.about()...); err != nil {
		return err
	}
	if !found.Sound {
		n := found.Verdicts[doctor.Dangerous]
		return &outcome{
			status:  exitIncomplete,
			message: plural(n, "thing differs", "things differ") + " dangerously from what chatbridge assumes",
			hint:    "what to do about each is in the result",
		}
	}
	return nil
}

func (o *doctorOptions) check() (reports.Format, error) {
	if err := o.connectionOptions.check(); err != nil {
		return "", err
	}
	if err := (&mappingOptions{Services: o.Services, ToService: newService}).check(); err != nil {
		return "", err
	}
	return o.format(doctorForms...)
}

func (o *doctorOptions) examine(ctx context.Context, shown *progress) (doctor.Diagnosis, error) {
	source, err := o.console.sourceCredentials()
	if err != nil {
		return doctor.Diagnosis{}, err
	}
	target, err := o.console.targetCredentials()
	if err != nil {
		return doctor.Diagnosis{}, err
	}
	o.console.note(&reports.Side{Account: source.account, Host: hostOf(o.ChatURL)}, &reports.Side{Account: target.account, Host: hostOf(o.ConversationsURL)}, "")
	http := transport.ReadOnly(o.transport(&transport.Counter{}, shown.log, probePatience))
	prober, err := twilio.NewProber(
		twilio.Config{BaseURL: o.ChatURL, Username: source.username, Password: source.password, AccountSID: source.account, CredentialHint: source.hint, HTTP: http},
		twilio.Config{BaseURL: o.ConversationsURL, ChatURL: o.ChatURL, Username: target.username, Password: target.password, AccountSID: target.account, CredentialHint: target.hint, HTTP: http},
	)
	if err != nil {
		return doctor.Diagnosis{}, err
	}
	d := &doctor.Doctor{Prober: prober, Services: o.Services, SameAccount: source.account == target.account, Observer: shown}
	return d.Run(ctx)
}
