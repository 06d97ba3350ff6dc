package reports

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// startRead is how much of a file tells whether it is a page or a table of ours.
const startRead = 4096

// generator is in the head of every page.
const generator = `<meta name="generator" content="chatbridge">`

// Recognize says which form of report r has, if it is one that can be told from
// the file of another program: a page, a JSON object, or a table. Text and
// Markdown cannot.
func Recognize(r io.Reader) (form Format, ok bool) {
	in := bufio.NewReaderSize(r, startRead)
	start, err := in.Peek(startRead)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false
	}
	text := bytes.TrimSpace(start)
	switch {
	case bytes.HasPrefix(bytes.ToLower(text), []byte("<!doctype html>")):
		return HTML, bytes.Contains(text, []byte(generator))
	case bytes.HasPrefix(text, []byte("{")):
		return JSON, areResults(in)
	}
	header, _, _ := strings.Cut(string(text), "\n")
	header = strings.TrimRight(header, "\r")
	return CSV, slices.ContainsFunc(tables, func(columns []string) bool { return header == strings.Join(columns, ",") })
}

// tables are the columns of everything that is written as CSV.
var tables = [][]string{{"section", "name", "measure", "value"}, channelColumns, differenceColumns, repairColumns, removalColumns, pairColumns, fleetColumns}

// commandsOfResults are the values of the field command.
var commandsOfResults = []string{
	"audit", "doctor", "export", "fleet", "ledger copy", "migrate", "migrate --in-place", "purge", "rehearse", "rehearse-clean", "status", "undo", "verify", "verify --in-place", "verify --repair",
}

// areResults reports whether r is objects of which each says that a command of ours
// printed it, or is a row about a channel or a pair of SIDs. It is read from end to end, because a
// report that is written while the work goes on says so last.
func areResults(r io.Reader) bool {
	d := json.NewDecoder(r)
	for n := 0; ; n++ {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return n > 0
		}
		if err != nil || t != json.Delim('{') || !isResult(d) {
			return false
		}
	}
}

// isResult reads the rest of an object.
func isResult(d *json.Decoder) bool {
	versioned, command := false, ""
	var names []string
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return false
		}
		switch key, _ := name.(string); key {
		case "schema_version":
			var n int
			err = d.Decode(&n)
			versioned = n > 0
		case "command":
			err = d.Decode(&command)
		default:
			err = skip(d)
			names = append(names, key)
		}
		if err != nil {
			return false
		}
	}
	_, err := d.Token()
	return err == nil && (versioned && (slices.Contains(commandsOfResults, command) || isPair(names)) || slices.Equal(names, channelColumns))
}

// isPair reports whether names are those of a pairLine: some of pairColumns, in order.
func isPair(names []string) bool {
	const always = 4 // the first, which every line has
	if len(names) < always || !slices.Equal(names[:always], pairColumns[:always]) {
		return false
	}
	at := always
	for _, name := range names[always:] {
		i := slices.Index(pairColumns[at:], name)
		if i < 0 {
			return false
		}
		at += i + 1
	}
	return true
}

// skip reads past a value without holding it.
func skip(d *json.Decoder) error {
	depth := 0
	for {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}
