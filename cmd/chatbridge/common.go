package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"chatbridge/reports"
)

// commonOptions are what every command takes.
type commonOptions struct {
	Config    string
	LogFormat string
	Verbose   bool
	Quiet     bool
	NoColor   bool
}

// Forms of log lines.
const (
	logText = "text"
	logJSON = "json"

	logFormatFlag = "log-format"
)

func (o *commonOptions) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringVar(&o.Config, configFlag, "", "read settings from this YAML `file`")
		fs.StringVar(&o.LogFormat, logFormatFlag, logText, "form of the log lines: text or json; json makes every line on stderr an object")
		fs.BoolVarP(&o.Verbose, "verbose", "v", false, "log details, one line per request")
		fs.BoolVarP(&o.Quiet, "quiet", "q", false, "log errors only, and show no progress")
		fs.BoolVar(&o.NoColor, "no-color", false, "use no colors (NO_COLOR does the same)")
	})
}

func (o *commonOptions) check() error {
	switch {
	case o.LogFormat != logText && o.LogFormat != logJSON:
		return usageError("choose text or json", "--log-format %q is not known", o.LogFormat)
	case o.Verbose && o.Quiet:
		return usageError("give one of them", "--verbose and --quiet cannot be used together")
	}
	return nil
}

// tell says something beside the result, unless nobody wants to hear it.
func (o *commonOptions) tell(c *console) func(string) {
	return func(text string) {
		if !o.Quiet {
			fmt.Fprintln(c.err, text)
		}
	}
}

// outputOption is the form of a result.
type outputOption struct{ Output string }

func (o *outputOption) flags(fs *pflag.FlagSet, forms ...reports.Format) {
	usage := "form of the result: " + reports.List(forms)
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringVarP(&o.Output, "output", "o", string(reports.Text), usage)
	})
	takes(fs, forms)
}

func (o *outputOption) format(forms ...reports.Format) (reports.Format, error) {
	for _, f := range forms {
		if string(f) == o.Output {
			return f, nil
		}
	}
	return "", usageError("choose "+reports.List(forms), "--output %q is not among the forms of this result", o.Output)
}
