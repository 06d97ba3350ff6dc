package rehearse_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
	"chatbridge/migrate/internal/oai"
	"chatbridge/migrate/rehearse"
)

// TestContract holds what a rehearsal sends to Conversations, but for what it sends
// to be refused, to Twilio's OpenAPI documents.
func TestContract(t *testing.T) {
	checker := oai.Conversations(t)
	inBubble(t, func(t *testing.T) {
		s := newStage(t, emulator.Config{})
		s.wrap = checker.Wrap
		_, left, err := s.run(t, func(r *rehearse.Rehearser) { r.Skip = []string{"chat-page-size"} })
		require.NoError(t, err)
		require.NoError(t, left)
	})
}
