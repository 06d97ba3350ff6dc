package queue

import (
	"testing"

	"go.uber.org/goleak"

	"chatbridge/migrate/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Stopping(m)) }
