package claim

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
)

func TestNobodyObserves(t *testing.T) {
	require.NotPanics(t, func() { New(Options{}).event(migrate.Notice, "told to nobody") })
}
