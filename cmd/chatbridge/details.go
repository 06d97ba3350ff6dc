package main

import (
	"github.com/spf13/pflag"

	"chatbridge/reports"
)

// detailsOption says how much a text has; other formats always have all.
type detailsOption struct {
	Details bool
	// told says that an audit named the losses just before.
	told bool
}

func (o *detailsOption) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.Details, "details", false, "print the whole report, not just one screen of it")
	})
}

// rendering is how a report is rendered for this console.
func (o *detailsOption) rendering(c *console) []reports.Option {
	options := c.about()
	if !o.Details {
		options = append(options, reports.Brief())
	}
	if o.told {
		options = append(options, reports.WithoutLosses())
	}
	return options
}
