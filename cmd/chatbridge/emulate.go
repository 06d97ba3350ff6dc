package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
)

// emulateOptions are those of emulate.
type emulateOptions struct {
	Archive           string
	Generate          string
	APS               float64
	Concurrency       int
	ChatAddr          string
	ConversationsAddr string

	console *console
	serve   func(context.Context, emulator.Config) (*emulator.Server, error)
	open    func(path string) (fs.FS, io.Closer, error)
}

func newEmulate(c *console, run func(context.Context, *emulateOptions) error) *cobra.Command {
	o := &emulateOptions{console: c, serve: emulator.Serve, open: openWorkspace}
	cmd := &cobra.Command{
		Use:   "emulate",
		Short: "Serve a local Twilio to rehearse against",
		Long: `Serve both hosts of Twilio on this machine: Chat v1, seeded from an archive or
generated, and an empty Conversations. Prints the lines to paste into another
shell, and serves until it is interrupted. Everything is in memory.

It never reaches Twilio, and listens on this machine only unless told otherwise.` +
			exitHelp(exitDone, exitFailed, exitUsage),
		Example: `  chatbridge emulate
  chatbridge emulate --generate channels=1000,messages=200000,seed=1 --aps 0`,
		GroupID: groupStart,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o) },
	}
	fs := cmd.Flags()
	fs.StringVar(&o.Archive, "archive", "", "seed from this folder or zip `path` (default the sample of chatbridge demo)")
	fs.StringVar(&o.Generate, "generate", "", "invent a workspace, such as `channels=1000,messages=200000,seed=1`")
	fs.Float64Var(&o.APS, "aps", emulator.DefaultAPS, "writes a second that each conversation and each service admits; 0 for no limit")
	fs.IntVar(&o.Concurrency, "concurrency", 0, "requests that may be in flight; 0 for no limit")
	fs.StringVar(&o.ChatAddr, "chat-addr", "127.0.0.1:0", "where to serve Chat v1, as `host:port`; port 0 picks one")
	fs.StringVar(&o.ConversationsAddr, "conversations-addr", "127.0.0.1:0", "where to serve Conversations, as `host:port`; port 0 picks one")
	return cmd
}

// config is what the emulator is made of. The closer is to be closed when
// nothing is served any more.
func (o *emulateOptions) config() (emulator.Config, io.Closer, error) {
	c := emulator.Config{APS: o.APS, Concurrency: o.Concurrency, ChatAddr: o.ChatAddr, ConversationsAddr: o.ConversationsAddr}
	switch {
	case !(o.APS >= 0):
		return c, nil, misuse("Twilio documents 30; 0 sets no limit", "--aps %v is below 0", o.APS)
	case o.Concurrency < 0:
		return c, nil, misuse("0 sets no limit", "--concurrency %d is below 0", o.Concurrency)
	case o.Archive != "" && o.Generate != "":
		return c, nil, misuse("give one of them", "--archive and --generate exclude each other")
	case o.Generate != "":
		generate, err := emulator.ParseGenerate(o.Generate)
		if err != nil {
			return c, nil, misuse("such as --generate channels=1000,messages=200000,seed=1", "--generate: %w", err)
		}
		c.Generate = generate
		return c, io.NopCloser(nil), nil
	case o.Archive != "":
		fsys, closer, err := o.open(o.Archive)
		if err != nil {
			return c, nil, misuse("name a folder or a .zip file that holds an archive", "--archive: %w", err)
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
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	server, err := o.serve(ctx, config)
	if err != nil {
		return &migrate.Error{Op: "serve", Kind: migrate.Usage, Err: err, Hint: "choose other addresses with --chat-addr and --conversations-addr"}
	}
	printExports(o.console.out, server, config)
	<-ctx.Done()
	return server.Close()
}

// printExports writes shell lines that make chatbridge use the emulator.
func printExports(w io.Writer, s *emulator.Server, c emulator.Config) {
	fmt.Fprintf(w, "# Chat v1 is at %s, Conversations at %s. Paste into another shell:\n", s.ChatURL, s.ConversationsURL)
	for _, v := range [][2]string{
		{"TWILIO_ACCOUNT_SID", cmp.Or(c.AccountSID, emulator.DefaultAccountSID)},
		{"TWILIO_AUTH_TOKEN", cmp.Or(c.AuthToken, emulator.DefaultAuthToken)},
		{"CHATBRIDGE_CHAT_URL", s.ChatURL},
		{"CHATBRIDGE_CONVERSATIONS_URL", s.ConversationsURL},
	} {
		fmt.Fprintf(w, "export %s=%s\n", v[0], v[1])
	}
}
