package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/emulator/faults"
)

// mostSubaccounts is what an upgraded account may have by default, closed ones left out
// (Twilio Support 223136587).
const mostSubaccounts = 1000

// emulateOptions are those of emulate.
type emulateOptions struct {
	Archive           string
	Generate          string
	Faults            string
	Unkind            string
	Shared            bool
	APS               float64
	Concurrency       int
	ChatAddr          string
	ConversationsAddr string
	MediaAddr         string
	EventsAddr        string
	APIAddr           string
	Subaccounts       int

	console *console
	serve   func(context.Context, emulator.Config) (*emulator.Server, error)
	open    func(path string) (fs.FS, io.Closer, error)
}

func newEmulate(c *console, run func(context.Context, *emulateOptions) error) *cobra.Command {
	o := &emulateOptions{console: c, serve: emulator.Serve, open: archive.OpenFS}
	cmd := &cobra.Command{
		Use:   "emulate",
		Short: "Run a local Twilio to rehearse against",
		Long: `Serve the hosts of Twilio on this machine: Chat, filled from an archive or with
generated data, an empty Conversations, the media service that keeps the files of
both, Event Streams without a subscription, and the API host that lists accounts.
It prints lines to paste into another shell, and serves until it is interrupted.
Everything is in memory, but for uploaded files: they are in a temporary folder,
which is removed at the end.

--subaccounts N makes the account the parent of N active subaccounts, of one that is
suspended and of one that is closed. Each has its own credentials, limits and
Conversations, and a Chat workspace like that of the parent under other SIDs. The
API host shows their tokens to the parent.

--shared makes both hosts one account, as they are at Twilio: Conversations
shows the private channels of Chat from the start. Use it to rehearse chatbridge
migrate --in-place.

--faults makes requests fail as they do on real networks. The same seed gives
the same faults. SPEC is a list of settings, separated by commas:

  rate=0.02                  share of requests that are hit, by any fault
  before.429=0.01            the same for one fault, or a group: before (the
                             request has no effect), after (its answer is lost),
                             late (it takes effect seconds later), read (a reply
                             is broken), media (a file is). The longest name set
                             decides; 0: never
  lie.404=0.01               share of files said to be gone; not part of rate
  nth(POST messages,3)=late  hit the third such request; 3-5: the third to the
                             fifth; 3-: all from the third on. A plural is a list,
                             or what is created in it, a singular one that exists
                             (DELETE conversation), * anything. Of the media host,
                             POST media is an upload, file its record, content its
                             bytes. The host may be named before the method, as in
                             nth(conversations DELETE conversation,8)=after.stall:
                             chat, conversations, media or api
  seed=7                     start of the random sequence
  limit=3                    most random faults in a row for one request
  late-within=5s late-after=0s stall-for=2m slow-for=1s retry-after=1s
  script=@FILE               more settings, one per line; # begins a comment

An unknown fault is refused, with a list of all names.

--unkind makes it behave badly in ways that no document rules out. SPEC is a
list of settings, separated by commas; a share is from 0 to 1:

  list-lags=5s               lists do not show anything younger; 3: nothing from
                             the last three requests
  list-stale=0.1             share of pages as they were stale-for=30s earlier
  list-ends-early=0.1        share of lists that end as if there were no more
  list-ignores-order=0.1     share of lists in the opposite order
  list-of-another=0.1        share of lists that are of another conversation
  lists=messages+users       lists that do any of this (default all)
  text=trim+crlf+nfc+doubles how text is stored: trimmed, CRLF as LF, Unicode
                             characters composed, numbers as doubles; reformat:
                             attributes with their fields sorted
  reply-202=0.1              share of creates answered with 202
  reply-404=0.1              share of participants created but answered with 404
  reply-of-another=0.1       share of replies with another SID, or none, or the
                             SID of another conversation
  body-max=1000              most bytes that a body may have
  refuse=escapes+blank       refuse attributes with escapes, and blank bodies;
                             second-role: a second role of one type and name
  firewall=0.01              share of bodies always refused, with HTML
  media-name=0.1             share of files stored under another name
  media-type=0.1             share of files stored with another content type
  media-gone=0.1             share of Chat's files that are gone
  media-more=0.1             share of messages that have a second file in
                             Conversations; needs --shared
  collect=0.1                share of messages whose file is gone just before
                             they are created
  taken-as-gone=0.1          share of files that are called not found if a
                             second message is to have them
  in-place=no-media+no-member+no-message+horizon+attributes+push
                             what Conversations has otherwise than Chat of each
                             channel; push: settings of its own; needs --shared
  late-show=2                requests to Conversations that do not find a channel
                             yet that was made private; needs --shared
  second-writer=0.1          share of dated messages that a rival writes too
  mirror=0.1                 share of messages after which an application writes
                             into both sides
  people=0.1                 share of writes after which somebody does one of
                             people-do=write+edit+react+delete+join+leave
  forged-stamp=0.1           share of new conversations with a copied stamp
  key-account=AC…            account that the API key opens
  account-sid=null           no account_sid in services; nowhere: in anything
  index-gaps=0.1             share of messages before which indexes skip some;
                             the default skips a few, 0 none
  counts-adrift=0.1          share of channels with wrong counts
  v1-hides=0.1               share of records that v1 does not show; v2-hides:
                             that v2 does not show
  v2-unlisted=0.1            share of records missing from the lists of v2
  v2-dates=0.1               share of records that v2 dates a minute later
  v2-bare=0.1                share of records without attributes in lists of v2
  no-version=v2              version of Chat that does not answer
  seed=7                     start of the random sequence

More settings of --unkind make it answer as an account may, one way or the other.
They are what chatbridge rehearse tells apart:

  late=2m                    a POST whose connection was cut takes effect up to
                             that much later, or never. Give write-takes too
  write-takes=messages:80ms  time that each write of a kind takes; + adds kinds
  names=race                 two conversations may take one unique name at once
  name-held=30s              a unique name is refused after its deletion
  clock-skew=90s             dates are ahead of the Date header
  accept=empty               empty bodies are accepted
  lengths=name:64            lower limits; also identity, message-attributes and
                             conversation-attributes; + adds more
  replace=date-created       date of the request instead of the one sent; also
                             date-updated, and author: system
  date-updated=unmoved       a change of attributes leaves it; as-created: that of
                             a new message is date_created
  participant-sid=never      messages have none; later: of who joins later too
  media=twice+stays          a second message may take a file; files that no
                             message has are kept
  horizon=refused+null-refused
                             read horizons beyond the last message, and null;
                             also clamped and null-ignored
  mutation-id=honoured       X-Twilio-Mutation-Id is an idempotency key
  rejoin=404                 somebody added again is answered with 404
  target-chat=shown          Chat shows the services of the target; forbidden: 403,
                             gone: 410
  chat=attributes+counts-deleted+no-compatibility+all-types
                             v1 lists have attributes, messages_count has deleted
                             messages, files have no text in v1, private channels
                             are listed without Type
  page-size=clamped          larger pages are cut; small: 50 at most
  page-most=7                records on a page, whatever is asked for
  token-lasts=9m             page tokens expire
  token-moves=9m             page tokens older than that show the page behind
  token=breaks               page tokens end with any deletion

These need --subaccounts:

  accounts=order+repeat+of-another
                             each page of accounts is in another order, begins with
                             the last account of the page before, and one account
                             is of another parent
  accounts-end-early=0.1     share of lists of accounts that end as if there were
                             no more
  accounts-without-token=0.1 share of subaccounts whose token is not shown
  accounts-rotate=0.1        share that gets another token when it is first used
  accounts-suspend=0.1       share that is suspended when it is first used
  accounts-refused=403       how suspended and closed accounts are refused: 401 with
                             error 20003 (the default), or 403 with 20403
  main-key=tokens            a main API key sees tokens

At the end it lists the faults that struck and what was unkind, with counts.

It never reaches Twilio, and listens only on this machine unless told otherwise.` +
			exitHelp(exitDone, exitFailed, exitUsage),
		Example: `  chatbridge emulate
  chatbridge emulate --generate channels=1000,messages=200000,seed=1 --aps 0
  chatbridge emulate --generate channels=20,messages=2000,files=0.1,file-bytes=100000
  chatbridge emulate --aps 0 --faults rate=0.02,seed=7
  chatbridge emulate --unkind list-ends-early=0.1,text=trim,people=0.2
  chatbridge emulate --subaccounts 3`,
		GroupID: groupStart,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	fs := cmd.Flags()
	fs.StringVar(&o.Archive, "archive", "", "fill Chat from this folder or zip `path` (default the sample of chatbridge demo)")
	fs.BoolVar(&o.Shared, "shared", false, "show the private channels of Chat in Conversations too")
	fs.StringVar(&o.Generate, "generate", "", "fill Chat with generated data, such as `channels=1000,messages=200000,seed=1`")
	fs.IntVar(&o.Subaccounts, "subaccounts", 0, "serve a parent of this many active subaccounts, and of two that are not active")
	fs.StringVar(&o.Faults, "faults", "", "fail on purpose, as `SPEC` says (see above)")
	fs.StringVar(&o.Unkind, "unkind", "", "behave badly in undocumented ways, as `SPEC` says (see above)")
	fs.Float64Var(&o.APS, "aps", emulator.DefaultAPS, "writes per second that each conversation and each service accepts; 0 sets no limit")
	fs.IntVar(&o.Concurrency, "concurrency", 0, "requests accepted at once; 0 sets no limit")
	fs.StringVar(&o.ChatAddr, "chat-addr", "127.0.0.1:0", "where to serve Chat v1, as `host:port`; port 0 picks one")
	fs.StringVar(&o.ConversationsAddr, "conversations-addr", "127.0.0.1:0", "where to serve Conversations, as `host:port`; port 0 picks one")
	fs.StringVar(&o.MediaAddr, "media-addr", "127.0.0.1:0", "where to serve the files of both, as `host:port`; port 0 picks one")
	fs.StringVar(&o.EventsAddr, "events-addr", "127.0.0.1:0", "where to serve the subscriptions of Event Streams, as `host:port`; port 0 picks one")
	fs.StringVar(&o.APIAddr, "api-addr", "127.0.0.1:0", "where to serve the list of accounts, as `host:port`; port 0 picks one")
	return cmd
}

// config is what the emulator is made of. The closer is to be closed when
// nothing is served any more.
func (o *emulateOptions) config() (emulator.Config, io.Closer, error) {
	c, closer, err := o.account()
	if err == nil {
		c.Subaccounts = subaccounts(c, o.Subaccounts)
	}
	return c, closer, err
}

// subaccounts are that many active ones, one that is suspended and one that is
// closed, each with the workspace and the limits of their parent; none for 0.
func subaccounts(parent emulator.Config, active int) []emulator.Config {
	if active == 0 {
		return nil
	}
	all := make([]emulator.Config, active+2)
	for i := range all {
		all[i] = emulator.Config{
			Archive: parent.Archive, Generate: parent.Generate, Shared: parent.Shared, APS: parent.APS, Concurrency: parent.Concurrency, Unkind: parent.Unkind,
		}
		if parent.Generate.Channels > 0 { // the same seed gives the same SIDs
			all[i].Generate.Seed += uint64(i) + 1
		}
	}
	all[active].Status, all[active+1].Status = emulator.Suspended, emulator.Closed
	return all
}

// account is the one account that there is without --subaccounts.
func (o *emulateOptions) account() (emulator.Config, io.Closer, error) {
	c := emulator.Config{APS: o.APS, Shared: o.Shared, Concurrency: o.Concurrency, ChatAddr: o.ChatAddr, ConversationsAddr: o.ConversationsAddr, MediaAddr: o.MediaAddr, EventsAddr: o.EventsAddr, APIAddr: o.APIAddr}
	if o.Unkind != "" {
		var err error
		if c.Unkind, err = emulator.ParseUnkind(o.Unkind); err != nil {
			return c, nil, usageError("such as --unkind list-ends-early=0.1,text=trim; see chatbridge emulate --help", "--unkind: %w", plainly(err))
		}
		if c.Unkind.KeyAccountSID != "" {
			c.APIKey, c.APISecret = emulator.DefaultAPIKey, emulator.DefaultAPISecret
		}
	}
	switch {
	case !(o.APS >= 0):
		return c, nil, usageError("Twilio documents 30; 0 sets no limit", "--aps %v is below 0", o.APS)
	case o.Concurrency < 0:
		return c, nil, usageError("0 sets no limit", "--concurrency %d is below 0", o.Concurrency)
	case o.Subaccounts < 0 || o.Subaccounts > mostSubaccounts:
		return c, nil, usageError(fmt.Sprintf("give a number up to %d; 0 serves one account", mostSubaccounts), "--subaccounts %d is not between 0 and %d", o.Subaccounts, mostSubaccounts)
	case o.Archive != "" && o.Generate != "":
		return c, nil, usageError("give one of them", "--archive and --generate cannot be used together")
	case o.Generate != "":
		generate, err := emulator.ParseGenerate(o.Generate)
		if err != nil {
			return c, nil, usageError("such as --generate channels=1000,messages=200000,seed=1", "--generate: %w", plainly(err))
		}
		c.Generate = generate
		return c, io.NopCloser(nil), nil
	case o.Archive != "":
		fsys, closer, err := o.open(o.Archive)
		if err != nil {
			return c, nil, usageError("name a folder or a .zip file that holds an archive", "--archive: %w", err)
		}
		c.Archive = fsys
		return c, closer, nil
	}
	fsys, err := sample()
	c.Archive = fsys
	return c, io.NopCloser(nil), err
}

func runEmulate(ctx context.Context, o *emulateOptions) error {
	config, closer, err := o.config()
	if err != nil {
		return err
	}
	defer closer.Close()
	plan, err := o.plan()
	if err != nil {
		return err
	}
	if plan != nil {
		config.Intercept = plan.Intercept
		defer plan.Close()
	}
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	server, err := o.serve(ctx, config)
	if err != nil {
		return &migrate.Error{Op: "serve", Kind: migrate.Usage, Err: err, Hint: "choose other addresses with --chat-addr, --conversations-addr, --media-addr, --events-addr and --api-addr"}
	}
	printExports(o.console.out, server, config)
	<-ctx.Done()
	err = server.Close()
	if plan != nil {
		printFaults(o.console.err, plan.Counts())
	}
	if o.Unkind != "" {
		printCounts(o.console.err, "nothing unkind was done", "what was unkind:", server.Mischief())
	}
	return err
}

// plan is what --faults describes, and nil without it.
func (o *emulateOptions) plan() (*faults.Plan, error) {
	if o.Faults == "" {
		return nil, nil
	}
	plan, err := faults.Parse(o.Faults)
	if err != nil {
		return nil, usageError("such as --faults rate=0.02,seed=7; see chatbridge emulate --help", "--faults: %w", plainly(err))
	}
	return plan, nil
}
