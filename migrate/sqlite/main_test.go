package sqlite_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also serves as the other process: the tests run their own binary
// with childVariable or readerVariable set.
func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		os.Exit(child(path))
	}
	if path := os.Getenv(readerVariable); path != "" {
		os.Exit(reader(path))
	}
	goleak.VerifyTestMain(m)
}
