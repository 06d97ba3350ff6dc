package archive_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Of a message with several files Chat shows one. The source adds the others.
func TestExportOfSeveralFiles(t *testing.T) {
	a := albumOf(t, []string{mediaOf(1) + `,"more_media":[` + mediaOf(2) + `,` + mediaOf(3) + `]`, mediaOf(4)})
	got, made, err := a.saved(t.Context(), t, filepath.Join(t.TempDir(), "made"), nil, "")
	require.NoError(t, err)
	require.Empty(t, got.MediaMissing)
	requireFiles(t, made, 1, 2, 3, 4)
}
