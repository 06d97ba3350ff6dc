package audit_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/migrate/audit"
)

// An audit of an archive needs no account and writes nothing.
func ExampleAuditor_Run() {
	a, err := archive.Open(os.DirFS(filepath.Join("..", "..", "testdata", "workspaces", "support-desk")))
	if err != nil {
		fmt.Println(err)
		return
	}
	source := archive.NewSource(a)
	defer source.Close()

	auditor := audit.Auditor{
		Source:   source,
		Settings: migrate.Settings{APS: migrate.DefaultAPS, Mapper: mapping.Mapper{Policy: mapping.Policy{mapping.Media: "placeholder"}}},
	}
	result, err := auditor.Run(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Counts.Channels, "channels,", result.Counts.Messages, "messages")
	for _, f := range result.Findings {
		if f.Severity == mapping.Skip {
			fmt.Println(f.Code, f.Count)
		}
	}
	// Output:
	// 30 channels, 1024 messages
	// credential-secret 2
	// invite 6
}
