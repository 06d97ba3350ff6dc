package bench_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"chatbridge/migrate/pgtest"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(serveVariable); text != "" {
		os.Exit(serve(text))
	}
	goleak.VerifyTestMain(pgtest.Stopping(m))
}
