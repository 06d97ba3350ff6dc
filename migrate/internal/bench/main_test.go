package bench_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(serveVariable); text != "" {
		os.Exit(serve(text))
	}
	goleak.VerifyTestMain(m)
}
