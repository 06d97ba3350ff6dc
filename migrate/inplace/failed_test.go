package inplace_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/emulator"
	"chatbridge/migrate/inplace"
	"chatbridge/migrate/internal/rig"
	"chatbridge/migrate/sqlite"
)

var errNotThisOne = errors.New("not this one")

// choosy is a Promoter that leaves some channels as they are.
type choosy struct {
	migrate.Promoter
	not []string
}

func (c choosy) Promote(ctx context.Context, serviceSID, channelSID, messagingServiceSID string) error {
	if slices.Contains(c.not, channelSID) {
		return &migrate.Error{Op: "promote channel", Kind: migrate.Refused, SID: channelSID, Err: errNotThisOne}
	}
	return c.Promoter.Promote(ctx, serviceSID, channelSID, messagingServiceSID)
}

// secondService is the SID of the copy that twice makes.
const secondService = "IS00000000000000000000000000000002"

// twice is a workspace with a copy of its service beside it.
func twice(in fs.FS) fs.FS {
	copied := strings.NewReplacer(rig.ScenarioService, secondService,
		"CH0000", "CH1000", "MB0000", "MB1000", "US0000", "US1000", "RL0000", "RL1000", "IM0000", "IM1000")
	out := fstest.MapFS{}
	for path, file := range in.(fstest.MapFS) {
		out[path] = file
		if strings.HasPrefix(path, "services/") {
			out[copied.Replace(path)] = &fstest.MapFile{Data: []byte(copied.Replace(string(file.Data))), Mode: 0o600}
		}
	}
	return out
}

func TestPromotionThatFails(t *testing.T) {
	t.Run("for one channel is not done for its service, and is for the others", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(t)
			a.Rig = rig.NewRig(t, emulator.Config{Archive: twice(mixed().Archive()), Shared: true})
			a.told = func(p *inplace.Promotion) { p.Promoter = choosy{p.Promoter, []string{rig.SidOf("CH", 0)}} }
			got, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			require.Equal(t, migrate.Partial, got.Status)
			require.EqualValues(t, 18, got.Channels)
			require.EqualValues(t, 9, got.Promoted)
			require.EqualValues(t, 1, got.Failed)
			l, err := sqlite.Open(t.Context(), a.Rig.Ledger)
			require.NoError(t, err)
			for sid, stage := range map[string]migrate.Stage{rig.ScenarioService: migrate.Open, secondService: migrate.Done} {
				s, ok, err := l.Service(t.Context(), sid)
				require.NoError(t, err)
				require.True(t, ok)
				require.Equal(t, stage, s.Stage, sid)
			}
			require.NoError(t, l.Close())
		})
	})

	t.Run("for several channels names each", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(t)
			not := []string{rig.SidOf("CH", 0), rig.SidOf("CH", 3)}
			a.told = func(p *inplace.Promotion) { p.Promoter = choosy{p.Promoter, not} }
			got, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			require.EqualValues(t, 2, got.Failed)
			var named []string
			for _, f := range got.Failures {
				require.Equal(t, f.SourceSID, f.TargetSID)
				require.Equal(t, migrate.KindChannels, f.Kind)
				named = append(named, f.SourceSID)
			}
			require.ElementsMatch(t, not, named)
			require.Equal(t, 2, a.public())
		})
	})

	t.Run("because the run is cut is no failure of the channel", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(t)
			ctx, cancel := context.WithCancel(t.Context())
			a.told = func(p *inplace.Promotion) { p.Promoter = cut{cancel} }
			got, err := a.promote(ctx, t, &rig.Torn{}, true)
			require.Equal(t, migrate.Interrupted, migrate.KindOf(err))
			require.ErrorIs(t, err, errNotThisOne)
			require.Zero(t, got.Failed)
			require.Empty(t, got.Failures)
			a.told = nil
			a.requireWhole(t, "cut")
		})
	})

	t.Run("is forgotten when somebody else has made the channel private", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a := newAccount(t)
			var promoter migrate.Promoter
			a.told = func(p *inplace.Promotion) {
				promoter = p.Promoter
				p.Promoter = choosy{p.Promoter, []string{rig.SidOf("CH", 0)}}
			}
			_, err := a.promote(t.Context(), t, &rig.Torn{}, true)
			require.NoError(t, err)
			l, err := sqlite.Open(t.Context(), a.Rig.Ledger)
			require.NoError(t, err)
			n := 0
			for f, err := range l.Failures(t.Context()) {
				require.NoError(t, err)
				require.Equal(t, rig.SidOf("CH", 0), f.SourceSID)
				require.Contains(t, f.Reason, errNotThisOne.Error())
				n++
			}
			require.Equal(t, 1, n)
			require.NoError(t, l.Close())
			require.NoError(t, promoter.Promote(t.Context(), rig.ScenarioService, rig.SidOf("CH", 0), ""))
			a.requireWhole(t, "made private by somebody else")
		})
	})
}

// cut is a Promoter that is cut off in its first request.
type cut struct{ cancel func() }

func (c cut) Promote(context.Context, string, string, string) error {
	c.cancel()
	return errNotThisOne
}

// cutting is a Ledger that cancels when it has noted that a service is done.
type cutting struct {
	migrate.Ledger
	cancel func()
}

func (c *cutting) PutService(ctx context.Context, rec migrate.ServiceRecord) error {
	err := c.Ledger.PutService(ctx, rec)
	if rec.Stage == migrate.Done {
		c.cancel()
	}
	return err
}

func TestPromotionThatIsCutWhenAllIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		a.told = func(p *inplace.Promotion) { p.Ledger = &cutting{p.Ledger, cancel} }
		got, err := a.promote(ctx, t, &rig.Torn{}, true)
		require.Error(t, ctx.Err())
		require.NoError(t, err)
		require.Equal(t, migrate.Complete, got.Status)
		require.EqualValues(t, 5, got.Promoted)
	})
}
