package rig

import (
	"context"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/sqlite"
	"chatbridge/migrate/transport"
	"chatbridge/migrate/verify"
)

// OtherService is the service that Beside adds.
const OtherService = "IS0f000000000000000000000000000001"

var sids = regexp.MustCompile(`\b(IS|RL|US|CH|MB|IM)00`)

// Beside is an archive of one service with a second one in it: another archive of
// one service, under SIDs of its own.
func Beside(t *testing.T, first, second fs.FS) fs.FS {
	t.Helper()
	out := fstest.MapFS{}
	for path, file := range first.(fstest.MapFS) {
		out[path] = file
	}
	for path, file := range second.(fstest.MapFS) {
		if strings.HasPrefix(path, "services/") {
			out[sids.ReplaceAllString(path, "${1}0f")] = &fstest.MapFile{Data: sids.ReplaceAll(file.Data, []byte("${1}0f")), Mode: 0o600}
		}
	}
	require.Contains(t, out, "services/"+OtherService+"/service.json")
	return out
}

// VerifyKnowing compares both sides with the ledger at hand.
func (r *Rig) VerifyKnowing(ctx context.Context) (verify.Verification, []verify.Difference) {
	r.t.Helper()
	l, err := sqlite.OpenReader(ctx, r.Ledger)
	require.NoError(r.t, err)
	defer func() { require.NoError(r.t, l.Close()) }()
	counter := &transport.Counter{}
	var all []verify.Difference
	v := verify.Verifier{Source: r.Source(counter), Target: r.Target(counter), Ledger: l, Observer: r.Events, Settings: r.Settings}
	got, err := v.Run(ctx, func(d verify.Difference) { all = append(all, d) })
	require.NoError(r.t, err)
	return got, all
}
