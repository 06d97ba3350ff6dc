package emulator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/emulator"
)

// unkind is the bench of an emulator that a specification describes.
func unkind(t *testing.T, spec string) *bench {
	t.Helper()
	return newBench(t, emulator.Config{Archive: workspace(t), Seed: 7, Unkind: parsed(t, spec)})
}

func parsed(t *testing.T, spec string) emulator.Unkind {
	t.Helper()
	u, err := emulator.ParseUnkind(spec)
	require.NoError(t, err)
	return u
}
