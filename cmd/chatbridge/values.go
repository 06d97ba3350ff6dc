package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// unfit says in plain words that a flag cannot have a value, and how to write one
// that it can have. The errors of the parsers speak of their own functions.
func unfit(f *pflag.Flag, value string, cause error) (hint string, problem error) {
	kind := ""
	switch f.Value.Type() {
	case "duration":
		kind, hint = "not a duration", "write a number with its unit, such as 500ms, 10s, 5m or 2h"
	case "int":
		kind, hint = "not a whole number that fits", "write digits only, such as 16"
	case "float64":
		kind, hint = "not a number", "write a number, such as 30 or 0.5"
	case "bool":
		kind, hint = "neither true nor false", fmt.Sprintf("write --%s, or --%[1]s=false", f.Name)
	case "stringSlice":
		return "separate values with commas; put a value that contains a quote in quotes", fmt.Errorf("%q is not a list", value)
	default:
		return "", cause
	}
	return hint, fmt.Errorf("%q is %s", value, kind)
}

// plainly is err in plain words, if a parser of numbers or durations is its cause.
func plainly(err error) error {
	text := err.Error()
	if n, ok := errors.AsType[*strconv.NumError](err); ok {
		text = strings.ReplaceAll(text, n.Error(), fmt.Sprintf("%q is not a number that fits", n.Num))
	}
	text = strings.ReplaceAll(text, "time: missing unit in duration", "a unit, such as s or m, is missing in")
	text = strings.TrimPrefix(strings.ReplaceAll(text, "time: ", ""), "listen tcp: ")
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}
