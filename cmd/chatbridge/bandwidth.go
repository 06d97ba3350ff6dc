package main

import (
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// bandwidthOption says how fast files pass through this machine.
type bandwidthOption struct {
	Bandwidth string
}

func (o *bandwidthOption) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringVar(&o.Bandwidth, "bandwidth", "", "bytes per second at which files pass through this machine, such as 12.5MB, for the estimate; by default it is measured with some of them, if the source is no archive")
	})
}

var byteUnits = map[string]float64{"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9}

// perSecond is what was given; 0 if nothing was.
func (o *bandwidthOption) perSecond() (float64, bool) {
	given := strings.TrimSuffix(strings.ToUpper(strings.ReplaceAll(o.Bandwidth, " ", "")), "/S")
	if given == "" {
		return 0, true
	}
	number := strings.TrimRight(given, "BKMG")
	unit, known := byteUnits[given[len(number):]]
	n, err := strconv.ParseFloat(number, 64)
	return n * unit, known && err == nil && n*unit >= 1 && n*unit <= 1e12
}

func (o *bandwidthOption) check() error {
	if _, ok := o.perSecond(); !ok {
		return usageError("write bytes per second with a unit, such as 12.5MB for a line of 100 Mbit/s", "--bandwidth %q is no speed", o.Bandwidth)
	}
	return nil
}
