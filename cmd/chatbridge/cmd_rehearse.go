package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/migrate/rehearse"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
	"chatbridge/reports"
)

// rehearseOptions are those of rehearse.
type rehearseOptions struct {
	*commonOptions
	connectionOptions
	outputOption
	contentOption
	EventsURL string
	Out       string
	Skip      []string
	Only      []string
	Keep      bool
	Clean     bool
	Yes       bool
	// ProbeLimits is asked for by itself: live traffic shares the limit.
	ProbeLimits bool

	console *console
}

var rehearseForms = []reports.Format{reports.Text, reports.JSON, reports.Markdown, reports.HTML}

func newRehearse(c *console, common *commonOptions, run func(context.Context, *rehearseOptions) error) *cobra.Command {
	o := &rehearseOptions{commonOptions: common, console: c}
	o.Concurrency, o.APS = 2, migrate.DefaultAPS
	cmd := &cobra.Command{
		Use:   "rehearse",
		Short: "Try in a service of its own what only the target account can tell",
		Long: `Make experiments in the target account, in a service of its own that is deleted
at the end, and compare what is seen with what chatbridge assumes: how late a
message lands whose connection was cut, whether a name can be taken twice, how
long lists lag, whether text, attributes, dates and authors are stored as they
were sent, and more. It writes invented texts of invented people, unless
--with-content names real channels.

It says first what it will make, who might hear of it and how long it takes, and
asks; if there is no terminal, give --yes. The result goes to --out, which
migrate and audit read: what was measured may make a run wait longer, or keep it
from beginning, and never permits anything.

It touches nothing that it did not make. No write asks for webhooks, and push
notifications of the service are off before the first message. The service is
recorded next to --out, in FILE.service, before it is created. It is deleted
only if its name is the recorded one and everything in it is of the rehearsal.
It is deleted also after an error and after the first interrupt (Ctrl-C, SIGTERM
or SIGHUP). After a kill, --clean finds and deletes it; so does the next
rehearsal.

--with-content CHANNEL also copies real messages: after the experiments it
migrates the named channels of one source service into the service of the
rehearsal, with their roles, members and users, and compares both sides as verify
does. It says first how many messages of which channels these are, and of how
many people: their text gets into the target account, and they count as active
users on its bill. Nobody else is copied, and no webhook. The source is only
read. If something does not arrive equal, migrate does not begin. Anything that
needs a decision is refused before; --policy decides. Before the copy begins,
FILE.service gets digests of what it will make, by which --clean knows it.

The experiments, for --skip and --only:
` + wrappedNames(rehearse.Names()) +
			exitHelp(exitDone, exitFailed, exitUsage, exitIncomplete, exitCredentials, exitService, exitLedger, exitInterrupted),
		Example: `  chatbridge rehearse
  chatbridge rehearse --yes --skip media-late --skip chat-token-age --output json
  chatbridge rehearse --with-content support-1 --source-api v2
  chatbridge rehearse --clean`,
		GroupID: groupStart,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	settings(cmd.Flags(), func(fs *pflag.FlagSet) {
		o.profileOptions.flags(fs)
		o.regionOptions.flags(fs)
		fs.StringVar(&o.ChatURL, "chat-url", "", "`URL` of Chat; plain http is accepted for this machine only (default "+twilio.ChatURL+", or that of the region)")
		fs.StringVar(&o.ConversationsURL, "conversations-url", "", "`URL` of Conversations; plain http is accepted for this machine only (default "+twilio.ConversationsURL+", or that of the region)")
		fs.StringVar(&o.MediaURL, "media-url", "", "`URL` of the media service; plain http is accepted for this machine only (default "+twilio.MediaURL+", or that of the region)")
		fs.StringVar(&o.EventsURL, "events-url", "", "`URL` of Event Streams; plain http is accepted for this machine only (default "+twilio.Place{}.EventsURL()+", or that of the region)")
		fs.StringVar(&o.SourceAPI, "source-api", twilio.APIv1, "with --with-content: `version` of Chat to read through: v1, v2, v1+v2 or auto")
		fs.StringVar(&o.CACert, caCertFlag, "", caCertUsage)
		fs.DurationVar(&o.Timeout, "timeout", defaultTimeout, "time limit for one attempt of a request")
		fs.StringVar(&o.Out, "out", defaultRehearsal, "write the rehearsal to this `file`; an earlier one is replaced")
		fs.StringSliceVar(&o.Skip, "skip", nil, "leave out the experiment of this `name` (repeatable)")
		fs.StringSliceVar(&o.Only, "only", nil, "make the experiment of this `name` and no other (repeatable)")
		fs.BoolVar(&o.ProbeLimits, "probe-limits", false, "find out, too, how many requests the account may have in flight; live traffic shares that limit")
		fs.BoolVar(&o.Keep, "keep", false, "leave the service, to look at it; --clean deletes it")
		fs.BoolVarP(&o.Yes, "yes", "y", false, "begin without asking")
	})
	o.contentOption.flags(cmd.Flags())
	cmd.Flags().BoolVar(&o.Clean, "clean", false, "only delete the service that an earlier rehearsal left")
	o.outputOption.flags(cmd.Flags(), rehearseForms...)
	return cmd
}

// wrappedNames are names in lines of a help text.
func wrappedNames(names []string) string {
	const width = 78
	var b strings.Builder
	line := " "
	for i, n := range names {
		if i < len(names)-1 {
			n += ","
		}
		if len(line)+1+len(n) > width {
			b.WriteString(line + "\n")
			line = " "
		}
		line += " " + n
	}
	return b.String() + line
}

func (o *rehearseOptions) check() (reports.Format, error) {
	form, err := o.format(rehearseForms...)
	if err != nil {
		return "", err
	}
	if err := o.connectionOptions.check(); err != nil {
		return "", err
	}
	if err := o.contentOption.read(); err != nil {
		return "", err
	}
	names := rehearse.Names()
	for _, list := range []struct {
		flag  string
		given []string
	}{{"skip", o.Skip}, {"only", o.Only}} {
		for _, name := range list.given {
			if !slices.Contains(names, name) {
				hint := "to list the experiments: chatbridge rehearse --help"
				if n := suggest(name, names); n != "" {
					hint = fmt.Sprintf("did you mean: --%s %s", list.flag, n)
				}
				return "", usageError(hint, "there is no experiment %q", name)
			}
		}
	}
	r := rehearse.Rehearser{Skip: o.Skip, Only: o.Only}
	switch {
	case o.Out == "":
		return "", usageError("the default is "+defaultRehearsal, "--out is empty")
	case o.Clean && (o.Keep || o.ProbeLimits || len(o.Skip) > 0 || len(o.Only) > 0 || o.wanted()):
		return "", usageError("give --clean alone", "--clean makes no experiments, so it takes no --keep, --skip, --only, --probe-limits or --with-content")
	case r.Empty():
		return "", usageError("leave out fewer experiments", "--skip and --only leave no experiment")
	}
	return form, nil
}

func runRehearse(ctx context.Context, o *rehearseOptions) error {
	form, err := o.check()
	if err != nil {
		return err
	}
	if !o.Clean {
		if err := rehearse.Replaceable(o.Out); err != nil {
			return err
		}
		if !o.Yes && !o.console.terminal(o.console.in) {
			return usageError("it makes a service in the target account and deletes it again; to begin: chatbridge rehearse --yes", "there is no terminal to ask on")
		}
	}
	shown := o.progress(o.console, "tried")
	defer shown.Close()
	defer o.part()
	r, err := o.rehearser(ctx, shown)
	if err != nil {
		return err
	}
	record, made, recorded, err := rehearse.OpenRecord(o.Out)
	if err != nil {
		return err
	}
	r.Record = record
	if o.Clean {
		err = o.clean(ctx, form, r, made, recorded, shown)
	} else {
		err = o.rehearse(ctx, form, r, made, recorded, shown)
	}
	return errors.Join(err, record.Close())
}

// rehearser connects the target. It asks nothing unless real channels are to be
// copied.
func (o *rehearseOptions) rehearser(ctx context.Context, shown *progress) (*rehearse.Rehearser, error) {
	c := connector{connectionOptions: &o.connectionOptions, console: o.console, log: shown.log, notice: shown.Event}
	o.settle = migrate.DefaultSettle // what our own machine holds back must not land later
	if err := o.meet(ctx, c); err != nil {
		return nil, err
	}
	at, err := o.target(o.transport(&transport.Counter{}, shown.log, transport.Patience{}))
	if err != nil {
		return nil, err
	}
	_, host := o.hosts(o.console)
	o.console.note(nil, &reports.Side{Account: at.AccountSID, Host: host}, "")
	if o.sides != nil {
		o.console.met(o.sides, &o.connectionOptions, "")
	}
	x, err := twilio.NewExperimenter(at)
	if err != nil {
		return nil, err
	}
	return &rehearse.Rehearser{
		Experimenter: x, Account: at.AccountSID, Region: at.Place.Home(), Host: host, Version: o.console.here.version,
		Skip: o.Skip, Only: o.Only, Keep: o.Keep, CredentialHint: at.CredentialHint, Observer: shown,
	}, nil
}

// target is what opens the account of the target.
func (o *rehearseOptions) target(http http.RoundTripper) (twilio.Config, error) {
	cred, err := o.targetCredentials(o.console)
	if err != nil {
		return twilio.Config{}, err
	}
	_, place := o.places(o.console)
	at := cred.config(place, http)
	at.BaseURL, at.ChatURL, at.MediaURL, at.EventsURL = o.ConversationsURL, o.ChatURL, o.MediaURL, o.EventsURL
	return at, nil
}

func (o *rehearseOptions) rehearse(ctx context.Context, form reports.Format, r *rehearse.Rehearser, made rehearse.Made, recorded bool, shown *progress) error {
	if err := o.choose(ctx, r, shown.Event); err != nil {
		return err
	}
	if err := o.agree(ctx, r, made, recorded); err != nil {
		return err
	}
	ctx, drain, stop := interruptible(ctx, o.console)
	defer stop()
	if recorded {
		if _, err := r.Clean(ctx, made); err != nil {
			return interrupted(ctx, err)
		}
	}
	r.Drain = drain
	got, left, err := r.Run(ctx)
	if err == nil && o.ProbeLimits {
		err = o.probeLimits(ctx, &got, shown)
	}
	shown.Close()
	if err != nil {
		return o.failed(ctx, got, left, err)
	}
	if err := rehearse.Save(o.Out, got); err != nil {
		return errors.Join(err, left)
	}
	if err := reports.Rehearse(o.console.out, form, got, o.console.about()...); err != nil {
		return errors.Join(err, left)
	}
	n := got.Verdicts[migrate.Dangerous]
	switch {
	case left != nil:
		return &outcome{status: exitIncomplete, message: "the service of the rehearsal was not removed: " + left.Error(), hint: cmp.Or(migrate.HintOf(left), "to look for it again and remove it: chatbridge rehearse --clean")}
	case n > 0:
		return &outcome{status: exitIncomplete, message: plural(n, "thing differs", "things differ") + " dangerously from what chatbridge assumes", hint: "the result says what follows from each"}
	case !o.compared(got):
		return &outcome{status: exitIncomplete, message: "the real messages were not compared", hint: "the result says why; to try again, run the same command"}
	case r.Keep:
		fmt.Fprintf(o.console.err, "The service %s was kept. To delete it: %s\n", got.ServiceSID, o.console.next.complete("chatbridge rehearse --clean"))
	}
	return nil
}

// probeLimits finds out how many requests the account may have in flight, after the
// service was removed. Whoever gave --probe-limits was warned of it before they agreed.
func (o *rehearseOptions) probeLimits(ctx context.Context, got *migrate.Rehearsal, shown *progress) error {
	wide := o.connectionOptions
	wide.Concurrency = rehearse.MostInFlight // nothing is held back on this side
	at, err := o.target(wide.transport(&transport.Counter{}, shown.log, transport.Patience{Attempts: 1}))
	if err != nil {
		return err
	}
	prober, err := twilio.NewProber(at, at)
	if err != nil {
		return err
	}
	p := rehearse.LimitsProbe{Prober: prober, Agree: func(string) error { return nil }}
	return p.Add(ctx, got, autoInFlight)
}

// failed says what became of the service of a rehearsal that did not come to its
// end. Nothing is written to --out.
func (o *rehearseOptions) failed(ctx context.Context, got migrate.Rehearsal, left, err error) error {
	switch {
	case left != nil:
		fmt.Fprintf(o.console.err, "The service of the rehearsal may still be there (%s). To look for it and delete it: %s\n", reports.Plain(left.Error()), o.console.next.complete("chatbridge rehearse --clean"))
	case got.Removed:
		o.tell(o.console)(fmt.Sprintf("The service %s of the rehearsal was deleted, and is gone.", got.ServiceSID))
	}
	return interrupted(ctx, err)
}

// agree says what a rehearsal takes, and asks.
func (o *rehearseOptions) agree(ctx context.Context, r *rehearse.Rehearser, made rehearse.Made, recorded bool) error {
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	cost, err := r.Cost(ctx)
	if err != nil {
		return interrupted(ctx, err)
	}
	if !o.Quiet || !o.Yes {
		o.say(r, cost, made, recorded)
	}
	if o.Yes {
		return nil
	}
	return o.console.confirm(ctx)
}

func (o *rehearseOptions) say(r *rehearse.Rehearser, cost rehearse.Cost, made rehearse.Made, recorded bool) {
	w := o.console.err
	fmt.Fprintf(w, "Rehearse in account %s, region %s, at %s:\n", r.Account, r.Region, r.Host)
	if recorded {
		fmt.Fprintf(w, "  First delete %s, which an earlier rehearsal left.\n", cmp.Or(made.ServiceSID, "the service named "+made.Name))
	}
	fmt.Fprintf(w, "  Make one service%s. The account has %s now. Twilio limits their number, and publishes no figure.\n",
		map[bool]string{true: " and leave it", false: " and delete it at the end"}[r.Keep], plural(cost.Services, "service", "services"))
	fmt.Fprintf(w, "  Write as %d invented people; up to %d more invented names appear. Twilio bills users that are active in a month.\n", rehearse.People, rehearse.Extras)
	if o.content != nil {
		o.content.say(w, r.Account, o.takes(), r.Keep)
	}
	for _, one := range cost.Listeners {
		fmt.Fprintf(w, "  Might be told of it: %s.\n", reports.Plain(one))
	}
	for _, one := range cost.Unread {
		fmt.Fprintf(w, "  Cannot be read, and might be told of it: %s.\n", reports.Plain(one))
	}
	if len(cost.Listeners)+len(cost.Unread) == 0 {
		fmt.Fprintln(w, "  Nobody is told of it: the account has no webhooks and no Event Streams subscription to conversations.")
	}
	waits := ""
	if cost.Waits > 0 {
		waits = ", and " + reports.Duration(cost.Waits.Seconds()) + " of waiting"
	}
	fmt.Fprintf(w, "  Make %s: at most about 500 requests%s.\n", plural(len(cost.Names), "experiment", "experiments"), waits)
	if o.ProbeLimits {
		fmt.Fprintln(w, "  "+strings.ReplaceAll(rehearse.LimitsProbe{}.Warning(), "\n", "\n  "))
	}
	fmt.Fprintf(w, "Result: %s\n", o.Out)
}

func (o *rehearseOptions) clean(ctx context.Context, form reports.Format, r *rehearse.Rehearser, made rehearse.Made, recorded bool, shown *progress) error {
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	got := rehearse.Nothing()
	var err error
	if recorded {
		got, err = r.Clean(ctx, made)
	}
	if err == nil {
		got.Others, err = r.Others(ctx, made.ServiceSID)
	}
	shown.Close()
	if err != nil {
		return interrupted(ctx, err)
	}
	return reports.RehearseClean(o.console.out, form, got, o.console.about()...)
}
