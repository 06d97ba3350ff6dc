package main

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"chatbridge/migrate/metrics"
)

// pprofOption says where a command that takes long shows what it is busy with.
type pprofOption struct{ PprofAddr string }

func (o *pprofOption) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringVar(&o.PprofAddr, "pprof-addr", "", "serve profiles of this program for go tool pprof on this `host:port`, of this machine only; without a host, 127.0.0.1")
	})
}

// profiled runs a command, and serves its profiles meanwhile if somebody asked for
// them.
func (o *pprofOption) profiled(on *console, run func() error) error {
	if o.PprofAddr == "" {
		return run()
	}
	s, err := metrics.ServeProfiles(o.PprofAddr)
	if errors.Is(err, metrics.ErrNotLoopback) {
		return usageError("choose an address that no other machine reaches; --pprof-addr :0 takes a free port of this one and prints it", "--pprof-addr: %w", err)
	}
	if err != nil {
		return usageError("choose another address; --pprof-addr :0 takes a free port and prints it", "--pprof-addr: %w", plainly(err))
	}
	fmt.Fprintf(on.err, "Profiles: %s\n", s.URL)
	return errors.Join(run(), s.Close())
}
