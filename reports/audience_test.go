package reports

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/mapping"
)

func TestAudiences(t *testing.T) {
	for _, r := range mapping.Codes() {
		require.Contains(t, audiences, r.Code, "who notices it?")
	}
	require.Len(t, audiences, len(mapping.Codes()))
}
