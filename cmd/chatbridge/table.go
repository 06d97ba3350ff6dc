package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
)

// eachLine reads a table as spreadsheets save it: CSV in UTF-8, with or without a
// byte-order mark, of at most so many bytes. do is told in which line a row begins; its
// error reads on from there: "names nobody".
func eachLine(path string, most int64, do func(line int, row []string) error) error {
	raw, err := readBounded(path, most)
	if err != nil {
		return err
	}
	if bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")) || bytes.IndexByte(raw, 0) >= 0 {
		return fmt.Errorf(`read %s: it is UTF-16, or not text: save it as "CSV UTF-8"`, path)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\ufeff"))))
	r.FieldsPerRecord = -1
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		line, _ := r.FieldPos(0)
		if err := do(line, row); err != nil {
			return fmt.Errorf("read %s: line %d %w", path, line, err)
		}
	}
}
