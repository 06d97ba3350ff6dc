package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
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
		Short: "Check a live account for behavior that Twilio does not document",
		Long: `Check how a live account behaves where Twilio's documents leave it open, and
compare that with what chatbridge assumes: whether Chat v1 still answers, what
its lists leave out, which page sizes it accepts, how it counts and orders
messages, what Chat v2 and Conversations show of the same data, whether timers
would close migrated conversations, and what the credentials may not read.

It never writes: both connections refuse everything but reads. It makes a few
dozen requests, to one or two services and a few channels, however large the
account is.` +
			exitHelp(exitDone, exitFailed, exitUsage, exitIncomplete, exitCredentials, exitService, exitInterrupted),
		Example: `  chatbridge doctor
  chatbridge doctor --service IS… --output markdown`,
		GroupID: groupStart,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	settings(cmd.Flags(), func(fs *pflag.FlagSet) {
		o.profileOptions.flags(fs)
		o.regionOptions.flags(fs)
		fs.StringVar(&o.ChatURL, "chat-url", "", "`URL` of Chat; plain http is accepted for this machine only (default "+twilio.ChatURL+", or that of the region)")
		fs.StringVar(&o.ConversationsURL, "conversations-url", "", "`URL` of Conversations; plain http is accepted for this machine only (default "+twilio.ConversationsURL+", or that of the region)")
		fs.StringVar(&o.CACert, caCertFlag, "", caCertUsage)
		fs.DurationVar(&o.Timeout, "timeout", defaultTimeout, "time limit for one attempt of a request")
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
		n := found.Verdicts[migrate.Dangerous]
		return &outcome{
			status:  exitIncomplete,
			message: plural(n, "thing differs", "things differ") + " dangerously from what chatbridge assumes",
			hint:    "the result says what to do about each",
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
	c := connector{connectionOptions: &o.connectionOptions, console: o.console, log: shown.log}
	if err := c.checkSurroundings(readTarget); err != nil {
		return doctor.Diagnosis{}, err
	}
	source, err := o.sourceCredentials(o.console)
	if err != nil {
		return doctor.Diagnosis{}, err
	}
	target, err := o.targetCredentials(o.console)
	if err != nil {
		return doctor.Diagnosis{}, err
	}
	from, to := o.hosts(o.console)
	o.console.note(&reports.Side{Account: source.account, Host: from}, &reports.Side{Account: target.account, Host: to}, "")
	sourcePlace, targetPlace := o.places(o.console)
	http := transport.ReadOnly(o.transport(&transport.Counter{}, shown.log, probePatience))
	asked, beside := source.config(sourcePlace, http), target.config(targetPlace, http)
	asked.BaseURL, beside.BaseURL, beside.ChatURL = o.ChatURL, o.ConversationsURL, o.ChatURL
	prober, err := twilio.NewProber(asked, beside)
	if err != nil {
		return doctor.Diagnosis{}, err
	}
	d := &doctor.Doctor{Prober: prober, Services: o.Services, SameAccount: source.account == target.account && !o.apart(o.console), Observer: shown}
	return d.Run(ctx)
}
