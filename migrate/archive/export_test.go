package archive

import (
	"bytes"
	"iter"
	"testing/fstest"
)

// SingleLine is what LineWriter.Write makes of a resource.
var SingleLine = singleLine

// LinesForward and LinesBackward read a whole file either way.
func LinesForward(content []byte) ([]string, error) {
	return texts(readLines("file", bytes.NewReader(content)))
}

func LinesBackward(content []byte) ([]string, error) {
	f, err := fstest.MapFS{"file": {Data: content}}.Open("file")
	if err != nil {
		return nil, err
	}
	return texts(linesBackwards("file", f))
}

func texts(lines iter.Seq2[line, error]) ([]string, error) {
	var all []string
	for line, err := range lines {
		if err != nil {
			return all, err
		}
		all = append(all, string(line.raw))
	}
	return all, nil
}
