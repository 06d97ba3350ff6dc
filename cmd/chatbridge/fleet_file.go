package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v3"

	"chatbridge/migrate"
	"chatbridge/reports"
)

// entry is one account of the file of --accounts. Its credentials are named, and not
// read yet.
type entry struct {
	line           int
	name           string
	source, target *entrySide // target is nil if it is the source's account
	values         map[string]any
}

// entrySide names what opens an account.
type entrySide struct {
	line                int
	account, key        string
	env, path           string // of the secret: one of them
	field               string // the one that names the secret
	file, which, ofName string // for hints: the accounts file, source or target, the entry
}

// accountFaults are all that is wrong with a file: who corrects one wants to know of
// the others too.
type accountFaults struct {
	path string
	all  []accountFault
}

type accountFault struct {
	line int
	text string
}

func (f *accountFaults) add(line int, format string, args ...any) {
	f.all = append(f.all, accountFault{line, fmt.Sprintf(format, args...)})
}

const accountsHint = "to see how the file is written: chatbridge help accounts"

// err is nil if nothing is wrong. Many faults are told to w, a line each.
func (f *accountFaults) err(w io.Writer) error {
	if len(f.all) == 0 {
		return nil
	}
	slices.SortStableFunc(f.all, func(a, b accountFault) int { return a.line - b.line })
	cause := fmt.Errorf("%s, %s", f.path, f.all[0])
	if len(f.all) > 1 {
		for _, one := range f.all {
			fmt.Fprintf(w, "%s, %s\n", reports.Plain(f.path), reports.Plain(one.String()))
		}
		cause = fmt.Errorf("%s has %d faults, which are listed above", f.path, len(f.all))
	}
	return &migrate.Error{Op: "read accounts", Kind: migrate.Usage, Err: cause, Hint: accountsHint}
}

func (f accountFault) String() string {
	if f.line == 0 {
		return f.text
	}
	return fmt.Sprintf("line %d: %s", f.line, f.text)
}

const (
	// maxAccounts bounds the file, in bytes: tens of thousands of entries.
	maxAccounts = 16 << 20

	sourceKey  = "source"
	targetKey  = "target"
	nameKey    = "name"
	entriesKey = "accounts"
)

// accountName is what names a ledger and a folder of reports on any system.
var accountName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

// readAccounts reads the file at path. known are the names of settings. No error
// repeats a value that may be a secret.
func readAccounts(path string, known []string, faults *accountFaults) ([]entry, error) {
	raw, err := readBounded(path, maxAccounts)
	if err != nil {
		hint := "the file is YAML: see chatbridge help accounts"
		if errors.Is(err, fs.ErrNotExist) {
			hint = "check the path given with --accounts"
		}
		return nil, &migrate.Error{Op: "read accounts", Kind: migrate.Usage, Err: err, Hint: hint}
	}
	var doc yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(raw))
	if err := d.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, &migrate.Error{Op: "read accounts", Kind: migrate.Usage, Err: fmt.Errorf("%s: %w", path, withoutValues(err)), Hint: accountsHint}
	}
	if d.Decode(new(yaml.Node)) == nil {
		faults.add(0, "holds more than one document")
	}
	p := &accountsParser{faults: faults, known: known}
	return p.file(&doc), nil
}

type accountsParser struct {
	faults *accountFaults
	known  []string
}

func (p *accountsParser) file(doc *yaml.Node) (all []entry) {
	if len(doc.Content) == 0 {
		p.faults.add(0, "is empty")
		return nil
	}
	found := false
	for key, value := range p.pairs(doc.Content[0], "the file") {
		if key.Value != entriesKey {
			p.faults.add(key.Line, "%q is unknown here: the file has one key, accounts", shown(key.Value))
			continue
		}
		found = true
		if value.Kind != yaml.SequenceNode {
			p.faults.add(value.Line, "accounts is not a list: begin each entry with a dash")
			continue
		}
		for _, one := range value.Content {
			all = append(all, p.entry(resolved(one)))
		}
	}
	if len(all) == 0 && (found || len(p.faults.all) == 0) {
		p.faults.add(0, "lists no accounts")
	}
	return all
}

// pairs are the keys of a table with their values. What is no table, and a key that is
// there twice, are faults.
func (p *accountsParser) pairs(n *yaml.Node, what string) func(yield func(key, value *yaml.Node) bool) {
	n = resolved(n)
	return func(yield func(key, value *yaml.Node) bool) {
		if n.Kind != yaml.MappingNode {
			p.faults.add(n.Line, "%s is not a table of keys", what)
			return
		}
		seen := map[string]bool{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := resolved(n.Content[i])
			if seen[key.Value] {
				p.faults.add(key.Line, "%s has %q twice", what, shown(key.Value))
				continue
			}
			seen[key.Value] = true
			if !yield(key, resolved(n.Content[i+1])) {
				return
			}
		}
	}
}

func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// shown is a key as an error repeats it. What is long may be no key but a secret.
func shown(key string) string {
	if len(key) > 30 {
		return "…"
	}
	return reports.Plain(key)
}

// entryKeys are those of an entry beside settings.
var entryKeys = []string{nameKey, sourceKey, targetKey}

// sharedSettings are those that an entry cannot have, because the command has them once.
var sharedSettings = append([]string{
	configFlag, logFormatFlag, "verbose", "quiet", "no-color", "output", "metrics-addr", "pprof-addr", "yes", "in-place", "interval", profileFlag, targetProfileFlag,
}, fleetFlags...)

func (p *accountsParser) entry(n *yaml.Node) entry {
	e := entry{line: n.Line, values: map[string]any{}}
	// The name is wanted for what is said of the rest.
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == nameKey {
			e.name = resolved(n.Content[i+1]).Value
		}
	}
	called := e.name
	switch {
	case n.Kind != yaml.MappingNode:
		p.faults.add(n.Line, "an entry is not a table of keys")
		return e
	case e.name == "":
		p.faults.add(n.Line, "an entry has no name")
		called = "the entry"
	case !accountName.MatchString(e.name):
		p.faults.add(n.Line, "the name of an entry is not made of letters, digits, dots, hyphens and underscores, or is longer than 63: it names files")
		e.name, called = "", "the entry"
	}
	own := koanf.New(".")
	for key, value := range p.pairs(n, called) {
		switch name := key.Value; {
		case name == nameKey:
		case name == sourceKey:
			e.source = p.side(key, value, called)
		case name == targetKey:
			e.target = p.side(key, value, called)
		case secretField(name) != "":
			p.inline(key, called+" has")
		case slices.Contains(sharedSettings, name) && slices.Contains(p.known, name):
			p.faults.add(key.Line, "%s has %s, which is a setting of the whole command", called, name)
		case !slices.Contains(p.known, name):
			p.unknown(key, called, append(slices.Clone(entryKeys), p.known...))
		default:
			p.setting(own, key, value, called)
		}
	}
	if err := flattenPolicy(own); err != nil {
		p.faults.add(e.line, "%s: policy: %v", called, err)
	}
	for _, name := range own.Keys() {
		e.values[name] = own.Get(name)
	}
	if e.source == nil && e.name != "" && !p.has(n, sourceKey) {
		p.faults.add(n.Line, "%s has no source", called)
	}
	return e
}

func (p *accountsParser) has(n *yaml.Node, key string) bool {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return true
		}
	}
	return false
}

func (p *accountsParser) setting(own *koanf.Koanf, key, value *yaml.Node, called string) {
	var v any
	var err error
	if v = value.Value; value.Kind != yaml.ScalarNode { // a date stays as it is written
		err = value.Decode(&v)
	}
	if err == nil && key.Value != policySetting && value.Kind == yaml.MappingNode {
		err = errors.New("it is a table")
	}
	if err == nil && (v == "" || value.Tag == "!!null") {
		err = errors.New("it has no value")
	}
	if err == nil {
		err = own.Set(key.Value, v)
	}
	if err != nil {
		p.faults.add(key.Line, "%s: %s cannot be read: %v", called, key.Value, withoutValues(err))
	}
}

func (p *accountsParser) unknown(key *yaml.Node, called string, known []string) {
	text := fmt.Sprintf("%s has the unknown key %q", called, shown(key.Value))
	if near := suggest(key.Value, known); near != "" {
		text += "; did you mean " + near + "?"
	}
	p.faults.add(key.Line, "%s", text)
}

// secretFields are what people call a secret, and the two keys that name where it is.
var secretFields = map[string]string{"auth_token": "auth_token", "authtoken": "auth_token", "token": "auth_token", "password": "auth_token", "api_secret": "api_secret", "api_key_secret": "api_secret", "secret": "api_secret"}

// secretField is which secret a key holds itself; empty if it holds none.
func secretField(key string) string {
	return secretFields[strings.ReplaceAll(strings.ToLower(key), "-", "_")]
}

// inline refuses a secret. Its value is not repeated.
func (p *accountsParser) inline(key *yaml.Node, called string) {
	field := secretField(key.Value)
	p.faults.add(key.Line, "%s a secret in the file: put it into a variable or a file and name that, as %s_env: NAME or %s_file: PATH; if others can read the file, change the secret", called, field, field)
}

var sideKeys = []string{"account_sid", "auth_token_env", "auth_token_file", "api_key", "api_secret_env", "api_secret_file"}

// variableName is that of a variable. A token of Twilio's looks like one if it begins
// with a letter.
var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	looksSecret  = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

func (p *accountsParser) side(at, n *yaml.Node, called string) *entrySide {
	which := at.Value + " of " + called
	before := len(p.faults.all)
	s := &entrySide{line: at.Line, which: at.Value, ofName: called, file: p.faults.path}
	given := map[string]string{}
	for key, value := range p.pairs(n, which) {
		switch {
		case secretField(key.Value) != "":
			p.inline(key, which+" has")
		case !slices.Contains(sideKeys, key.Value):
			p.unknown(key, which, sideKeys)
		case value.Kind != yaml.ScalarNode || strings.TrimSpace(value.Value) == "":
			p.faults.add(key.Line, "%s has no value for %s", which, key.Value)
		default:
			given[key.Value] = strings.TrimSpace(value.Value)
		}
	}
	if len(p.faults.all) > before {
		return nil // what is missing may be what could not be read
	}
	p.fill(s, given, which)
	if len(p.faults.all) > before {
		return nil
	}
	return s
}

// fill checks that a side names one account and one secret.
func (p *accountsParser) fill(s *entrySide, given map[string]string, which string) {
	fault := func(format string, args ...any) { p.faults.add(s.line, which+" "+format, args...) }
	s.account, s.key = given["account_sid"], given["api_key"]
	switch {
	case s.account == "":
		fault("has no account_sid")
	case !accountSID.MatchString(s.account):
		fault("has an account_sid that is not AC and 32 hexadecimal digits")
	}
	if s.key != "" && !keySID.MatchString(s.key) {
		fault("has an api_key that is not SK and 32 hexadecimal digits")
	}
	token, secret := []string{"auth_token_env", "auth_token_file"}, []string{"api_secret_env", "api_secret_file"}
	wanted, other := token, secret
	if s.key != "" {
		wanted, other = secret, token
	}
	var named []string
	for _, field := range wanted {
		if given[field] != "" {
			named = append(named, field)
		}
	}
	for _, field := range other {
		if given[field] != "" && s.key == "" {
			fault("has %s without api_key", field)
			return
		}
		if given[field] != "" {
			fault("has both api_key and %s: leave out one of them", field)
		}
	}
	switch {
	case len(named) == 0:
		fault("does not say where its secret is: add %s or %s", wanted[0], wanted[1])
		return
	case len(named) == 2:
		fault("has both %s and %s: leave out one of them", named[0], named[1])
		return
	}
	s.field = named[0]
	if strings.HasSuffix(s.field, "_env") {
		s.env = given[s.field]
		if !variableName.MatchString(s.env) || looksSecret.MatchString(s.env) {
			fault("has in %s what is not the name of a variable: name one there, and put the secret into it", s.field)
		}
		return
	}
	s.path = given[s.field]
	if looksSecret.MatchString(s.path) {
		fault("has in %s what looks like a secret: name the file that holds it", s.field)
	}
}
