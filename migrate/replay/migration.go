package replay

import (
	"context"

	"chatbridge/migrate"
	"chatbridge/migrate/sidecar"
)

// Migration is one run of the engine over a source, a target and a ledger.
type Migration struct {
	Source   migrate.Source
	Target   migrate.Target
	Ledger   migrate.Ledger
	Observer migrate.Observer
	Settings migrate.Settings

	// Sidecar keeps what policies drop or shorten; nil keeps nothing.
	Sidecar *sidecar.File

	// Traffic reads the request counters of the transport; nil counts nothing.
	Traffic func() migrate.Traffic

	// Began, where it is not nil, is called when the run begins, with a function
	// that says at any time, also after the end, how far the run is.
	Began func(progress func() Progress)

	// Drain, when closed, makes the run finish what is in flight, save and
	// return with status interrupted. Cancelling the context stops it at once;
	// either way running again resumes.
	Drain <-chan struct{}
}

// Run migrates what the settings select and resumes what an earlier run left.
// The summary is true also where the error is not nil. A lane that cannot go on
// stops alone and makes the status partial; an error is returned only for what
// ends the run as a whole.
func (m *Migration) Run(ctx context.Context) (Summary, error) {
	r := newRun(m)
	if m.Began != nil {
		m.Began(r.live)
	}
	ctx, r.cut = context.WithCancelCause(ctx)
	defer r.cut(nil)
	if err := r.open(ctx); err != nil {
		return r.summary(err), err
	}
	ctx = migrate.Noting(ctx, m.Observer, r.findings.Add)
	err := r.why(r.whole(ctx))
	r.claims.Release(ctx)
	s := r.summary(err)
	if end := r.close(ctx, s); err == nil {
		err = end
	}
	return s, err
}
