package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

const skipMessagesFlag = "skip-messages"

// skipMessagesSetting is the name of the list in a fingerprint. It is there only if
// there is a list.
const skipMessagesSetting = "--" + skipMessagesFlag

var messageSID = regexp.MustCompile(`^IM[0-9a-fA-F]{32}$`)

const skipMessagesHint = "the file has one SID of a message per line, IM and 32 hexadecimal digits; lines that begin with # say nothing"

// readSkipped reads a list of messages to leave out: the line of each SID. Blank
// lines, and those that begin with #, say nothing.
func readSkipped(path string) (map[string]int, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := readBounded(path, maxSelection)
	if err != nil {
		return nil, skipMessagesError(err)
	}
	lines := map[string]int{}
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(string(raw), "\ufeff")) {
		n++
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case !messageSID.MatchString(line):
			return nil, skipMessagesError(fmt.Errorf("read %s: line %d is no SID of a message: %s", path, n, chat.Excerpt(line)))
		}
		if lines[line] == 0 {
			lines[line] = n
		}
	}
	if len(lines) == 0 {
		return nil, skipMessagesError(fmt.Errorf("read %s: it names no message", path))
	}
	return lines, nil
}

func skipMessagesError(err error) error {
	return &migrate.Error{Op: "read list of messages", Kind: migrate.Usage, Err: err, Hint: skipMessagesHint}
}

// hashSkipped stands for a list in a fingerprint; empty if there is none.
func hashSkipped(sids map[string]bool) string {
	if len(sids) == 0 {
		return ""
	}
	h := sha256.New()
	for _, sid := range slices.Sorted(maps.Keys(sids)) {
		fmt.Fprintln(h, sid)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// knownTo takes the messages off the list of those that matched nothing which an
// earlier run left out, or wrote before they were listed.
func (m *matcher) knownTo(ctx context.Context, l migrate.LedgerReader) error {
	if m == nil || m.messages == nil {
		return nil
	}
	var errs []error
	for _, left := range m.messages.unmatched() {
		for _, code := range []mapping.Code{mapping.MessageLeftOut, mapping.MessageStays} {
			found, err := l.Found(ctx, code, left.Entry)
			if errs = append(errs, err); found {
				m.messages.met(left.Entry)
			}
		}
	}
	return errors.Join(errs...)
}
