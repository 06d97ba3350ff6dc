package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/transport"
	"chatbridge/reports"
)

// demoOptions are those of demo.
type demoOptions struct {
	*commonOptions
	console *console
	serve   func(context.Context, emulator.Config) (*emulator.Server, error)
}

func newDemo(c *console, common *commonOptions, run func(context.Context, *demoOptions) error) *cobra.Command {
	o := &demoOptions{commonOptions: common, console: c, serve: emulator.Serve}
	return &cobra.Command{
		Use:   "demo",
		Short: "Migrate a small sample workspace on this machine, without an account",
		Long: `Start a local Twilio with the workspace of a small invented company, and run
audit, migrate and verify against it, over HTTP on this machine.

It needs no account, asks nothing, and ignores the credentials, settings and
proxies of the environment. It sends nothing to any network, and leaves nothing
behind.` +
			exitHelp(exitDone, exitFailed, exitIncomplete, exitInterrupted),
		Example: `  chatbridge demo`,
		GroupID: groupStart,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
}

func runDemo(ctx context.Context, o *demoOptions) (err error) {
	workspace, err := sample()
	if err != nil {
		return err
	}
	server, err := o.serve(ctx, emulator.Config{Archive: workspace})
	if err != nil {
		return fmt.Errorf("start emulator: %w", err)
	}
	defer server.Close()
	dir, err := os.MkdirTemp("", "chatbridge-demo-")
	if err != nil {
		return fmt.Errorf("make folder for the ledger: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	base := loopbackOnly()
	defer base.CloseIdleConnections()
	d := &demonstration{
		console: demoConsole(o.console),
		audit: auditOptions{
			commonOptions: o.commonOptions,
			connectionOptions: connectionOptions{
				ChatURL: server.ChatURL, ConversationsURL: server.ConversationsURL, MediaURL: server.MediaURL,
				widthOptions: widthOptions{Concurrency: migrate.DefaultConcurrency}, APS: migrate.DefaultAPS, Timeout: defaultTimeout, base: base,
			},
			mappingOptions: mappingOptions{ToService: newService, Stamp: true},
			outputOption:   outputOption{Output: string(reports.Text)},
			Replay:         true,
			connect:        dial,
			// One that lies in the folder of whoever tries the demo is of another account.
			rehearsalOption: rehearsalOption{Rehearsal: noRehearsal},
		},
		ledger: ledgerOption{Ledger: filepath.Join(dir, defaultLedger)},
	}
	d.audit.console = d.console
	return d.run(ctx)
}

// demonstration is the script of the demo.
type demonstration struct {
	console *console
	audit   auditOptions
	ledger  ledgerOption
}

func (d *demonstration) run(ctx context.Context) error {
	d.say("A local Twilio was started: its Chat v1 holds the workspace of a small company,",
		"its Conversations is empty. Everything goes over HTTP and stays on this machine.")

	d.step("1. Look before anything is written", "chatbridge audit --replay",
		"Without --replay it would first list the channels that need no copying at all.")
	if err := runAudit(ctx, &d.audit); err != nil {
		return err
	}

	d.step("2. Migrate", "chatbridge migrate --replay",
		"The local Twilio does not limit writes, so this is faster than estimated.")
	if err := d.migrate(ctx, false); err != nil {
		return err
	}

	d.step("3. Run it again: everything is there", "chatbridge migrate --replay")
	if err := d.migrate(ctx, true); err != nil {
		return err
	}

	d.step("4. Compare both sides, message by message", "chatbridge verify")
	if err := d.verify(ctx); err != nil {
		return err
	}

	d.say("", "That was the whole demo. To do it for real:",
		"    export TWILIO_ACCOUNT_SID=AC… TWILIO_AUTH_TOKEN=…",
		"    chatbridge audit",
		"    chatbridge migrate",
		"    chatbridge verify",
		"To rehearse with the local Twilio from another shell: chatbridge emulate")
	return nil
}

// demoSettle is short, since nothing is late between two parts of one process.
const demoSettle = 100 * time.Millisecond

func (d *demonstration) migrate(ctx context.Context, again bool) error {
	o := &migrateOptions{
		auditOptions: d.audit, ledgerOption: d.ledger,
		Settle: demoSettle, Watchdog: migrate.DefaultWatchdog, Yes: true,
		openLedger: openLedger,
	}
	o.APS, o.told = 0, true
	if again { // the plan is the same
		quiet := *o.commonOptions
		quiet.Quiet = true
		o.commonOptions = &quiet
	}
	return runMigrate(ctx, o)
}

func (d *demonstration) verify(ctx context.Context) error {
	return runVerify(ctx, &verifyOptions{
		commonOptions: d.audit.commonOptions, connectionOptions: d.audit.connectionOptions,
		mappingOptions: d.audit.mappingOptions, outputOption: d.audit.outputOption, ledgerOption: d.ledger,
		rehearsalOption: d.audit.rehearsalOption,
		Settle:          demoSettle,
		console:         d.console, connect: d.audit.connect, openLedger: readLedger,
	})
}

func (d *demonstration) say(lines ...string) {
	fmt.Fprint(d.console.out, fitting(d.console, strings.Join(lines, "\n")+"\n"))
}

func (d *demonstration) step(title, command string, lines ...string) {
	d.say(slices.Concat([]string{"", "== " + title + " =="}, lines, []string{"$ " + command})...)
}

// demoConsole is c with the environment of the demo: nothing of the real one but
// what says how the terminal looks.
func demoConsole(c *console) *console {
	own := *c
	own.next = nil
	own.env = []string{
		sourcePrefix + accountVariable + "=" + emulator.DefaultAccountSID,
		sourcePrefix + tokenVariable + "=" + emulator.DefaultAuthToken,
		"NO_COLOR=" + c.getenv("NO_COLOR"),
		"TERM=" + c.getenv("TERM"),
	}
	own.in = strings.NewReader("")
	return &own
}

// loopbackOnly makes connections to this machine, and none to a proxy or to
// anywhere else.
func loopbackOnly() *http.Transport {
	base := transport.NewBase(requestsALane * migrate.DefaultConcurrency)
	base.Proxy = nil
	dial := base.DialContext
	base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, err := net.SplitHostPort(address); err != nil || !net.ParseIP(host).IsLoopback() {
			return nil, fmt.Errorf("dial %s: the demo stays on this machine", address)
		}
		return dial(ctx, network, address)
	}
	return base
}
