package replay_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/replay"
	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/twilio"
)

// A migration from an archive into an emulated Twilio, and again: the second run
// finds nothing to write. For a real account, leave BaseURL and Settle out.
func ExampleMigration_Run() {
	if err := migrateTwice(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// complete: 1024 messages written
	// complete: 0 messages written
}

func migrateTwice(ctx context.Context) error {
	server, err := emulator.Serve(ctx, emulator.Config{})
	if err != nil {
		return err
	}
	defer server.Close()

	a, err := archive.Open(os.DirFS(filepath.Join("..", "..", "testdata", "workspaces", "support-desk")))
	if err != nil {
		return err
	}
	source := archive.NewSource(a)
	defer source.Close()

	target, err := twilio.NewTarget(twilio.Config{
		BaseURL: server.ConversationsURL, ChatURL: server.ChatURL,
		Username: emulator.DefaultAccountSID, Password: emulator.DefaultAuthToken,
		HTTP: transport.New(transport.Options{}), // with APS, it keeps to Twilio's limits
	})
	if err != nil {
		return err
	}

	folder, err := os.MkdirTemp("", "example-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	ledger, err := sqlite.Open(ctx, filepath.Join(folder, "chatbridge.db"))
	if err != nil {
		return err
	}
	defer ledger.Close()

	for range 2 {
		m := replay.Migration{
			Source: source, Target: target, Ledger: ledger,
			Settings: migrate.Settings{Settle: 100 * time.Millisecond},
		}
		done, err := m.Run(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d messages written\n", done.Status, done.Counts[migrate.KindMessages].Written)
	}
	return nil
}
