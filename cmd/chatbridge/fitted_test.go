package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFitted(t *testing.T) {
	require.Equal(t, "Help & community", fitted("Help & community", 16))
	require.Equal(t, "Help &…", fitted("Help & community", 12))
	require.Equal(t, "Communi…", fitted("Communication", 8))
	require.Equal(t, "日本…", fitted("日本語", 5))
	require.Equal(t, "", fitted("anything", 0))
}
