package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"chatbridge/migrate/emulator"
)

func scriptFields(ts *testscript.TestScript, neg bool, args []string) {
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	var object map[string]any
	ts.Check(decoder.Decode(&object))
	if decoder.More() {
		ts.Fatalf("there is more than one object")
	}
	got, want := slices.Sorted(maps.Keys(object)), slices.Sorted(slices.Values(args))
	if !slices.Equal(got, want) {
		ts.Fatalf("fields are %v", got)
	}
}

func scriptObjects(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile("stderr")
	if text == "" {
		ts.Fatalf("there is nothing on stderr")
	}
	for line := range strings.Lines(text) {
		var one struct {
			Time       time.Time
			Level, Msg string
		}
		if err := json.Unmarshal([]byte(line), &one); err != nil || one.Time.IsZero() || one.Level == "" || one.Msg == "" {
			ts.Fatalf("not an object of the log: %s", line)
		}
	}
}

func scriptUnseen(ts *testscript.TestScript, neg bool, args []string) {
	seen := map[string][]byte{"stdout": []byte(ts.ReadFile("stdout")), "stderr": []byte(ts.ReadFile("stderr"))}
	work := ts.Getenv("WORK")
	ts.Check(filepath.WalkDir(work, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, filepath.FromSlash("/.twilio-cli/config.json")) {
			return err
		}
		seen[path], err = os.ReadFile(path)
		return err
	}))
	for where, raw := range seen {
		for _, secret := range secretForms() {
			if bytes.Contains(raw, []byte(secret)) {
				ts.Fatalf("%s holds a secret", where)
			}
		}
	}
}

// secretForms are the ways in which a secret could be seen: as it is, and as
// basic authentication encodes it.
func secretForms() []string {
	forms := []string{scriptToken, scriptSecret}
	for user, secret := range map[string]string{emulator.DefaultAccountSID: scriptToken, scriptKey: scriptSecret} {
		forms = append(forms,
			base64.StdEncoding.EncodeToString([]byte(secret)),
			base64.StdEncoding.EncodeToString([]byte(user+":"+secret)))
	}
	return forms
}
