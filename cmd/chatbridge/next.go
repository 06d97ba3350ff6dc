package main

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/migrate/twilio"
	"chatbridge/reports"
)

// carriedFlags are those that say which migration a command is about: the next
// one is about the same.
var carriedFlags = []string{
	configFlag, ledgerFlag, migrationFlag, "from-archive", "chat-url", "conversations-url", "media-url", "events-url", apiURLFlag, "out", "source-region", "source-edge", "target-region", "target-edge", profileFlag, targetProfileFlag, caCertFlag, "service", "to-service", "replay", "policy",
	"identities", skipMessagesFlag, "invites", "stamp", "channel", "exclude-channel", "type", "since", "until", "active-since", "limit", "source-api", "messaging-service", "add-members", "hours", "pause-file", "rehearsal",
	accountsFlag, subaccountsFlag, ledgerDirFlag, reportDirFlag, accountFlag, withoutFlag,
}

// nextCommands completes the commands that a text names, so that they can be
// pasted.
type nextCommands struct {
	root  *commandTree
	given []givenFlag
}

// commandTree knows which command has which flag. To ask it changes it, and many
// accounts ask at once.
type commandTree struct {
	mu   sync.Mutex
	root *cobra.Command
}

// givenFlag is one flag with its values, as a shell takes them.
type givenFlag struct{ name, text string }

// remember notes what the command line of cmd gave. What the environment and
// the configuration file gave, they give the next command too.
func (n *nextCommands) remember(cmd *cobra.Command) {
	if n == nil {
		return
	}
	n.root, n.given = &commandTree{root: cmd.Root()}, nil
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && slices.Contains(carriedFlags, f.Name) {
			n.give(f.Name, valuesOf(f)...)
		}
	})
}

// switches are those of the flags that take no value.
var switches = []string{"replay", "stamp", "in-place", subaccountsFlag}

// give adds a flag, unless the command line gave it.
func (n *nextCommands) give(name string, values ...string) {
	if n == nil || slices.ContainsFunc(n.given, func(g givenFlag) bool { return g.name == name }) {
		return
	}
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = "--" + name + " " + quoted(v)
		if slices.Contains(switches, name) {
			parts[i] = "--" + name
			if v == "false" {
				parts[i] += "=false"
			}
		}
	}
	n.given = append(n.given, givenFlag{name, strings.Join(parts, " ")})
}

func valuesOf(f *pflag.Flag) []string {
	if _, list := f.Value.(pflag.SliceValue); list { // as CSV, in brackets
		return []string{strings.TrimSuffix(strings.TrimPrefix(f.Value.String(), "["), "]")}
	}
	return []string{f.Value.String()}
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// quoted is a word as a shell takes it.
func quoted(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// namedCommand is a command in a text, up to where its sentence goes on.
var namedCommand = regexp.MustCompile(`\bchatbridge ([a-z]+)\b[^;\n#]*`)

// pauseFlags hold writes back, and mean nothing to what writes nothing.
var pauseFlags = []string{"hours", "pause-file"}

// previews reports whether a command writes only if it is told to, and is not.
func previews(words []string) bool {
	return (words[1] == "verify" || words[1] == "undo") && !slices.Contains(words, "--execute")
}

// complete gives each command in a text the flags that say which migration it is
// about: those that it knows and does not have already.
func (n *nextCommands) complete(text string) string {
	if n == nil || n.root == nil || len(n.given) == 0 {
		return text
	}
	n.root.mu.Lock()
	defer n.root.mu.Unlock()
	return namedCommand.ReplaceAllStringFunc(text, func(named string) string {
		words := strings.Fields(named)
		target, depth := n.find(words[1:])
		if target == nil || slices.Contains(words, "--help") {
			return named
		}
		verb := strings.Join(words[:1+depth], " ")
		rest := strings.TrimPrefix(named, verb)
		for _, g := range n.given {
			if g.name == "ledger" && n.many(target) {
				continue // its account says which
			}
			known := target.Flags().Lookup(g.name) != nil || target.InheritedFlags().Lookup(g.name) != nil
			if known && !(previews(words) && slices.Contains(pauseFlags, g.name)) && !slices.ContainsFunc(words[1+depth:], func(w string) bool { return w == "--"+g.name || strings.HasPrefix(w, "--"+g.name+"=") }) {
				verb += " " + g.text
			}
		}
		if n.fleet(target) && asksEach(strings.Fields(verb+rest)) {
			verb += " --yes"
		}
		if i := slices.IndexFunc(n.given, func(g givenFlag) bool { return g.name == policySetting }); i >= 0 {
			rest = strings.ReplaceAll(rest, "--policy …", n.given[i].text+",…")
		}
		return verb + rest
	})
}

// of completes commands for one account of a fleet alone: those that take no list of
// accounts are given its ledger.
func (n *nextCommands) of(account, ledger string) *nextCommands {
	if n == nil {
		return nil
	}
	one := &nextCommands{root: n.root, given: slices.DeleteFunc(slices.Clone(n.given), func(g givenFlag) bool {
		return g.name == accountFlag || g.name == withoutFlag
	})}
	one.give(accountFlag, account)
	one.give("ledger", ledger)
	return one
}

// fleet reports whether a command is going to be about many accounts, or one of them.
func (n *nextCommands) fleet(target *cobra.Command) bool {
	return target.Flags().Lookup(accountsFlag) != nil && slices.ContainsFunc(n.given, func(g givenFlag) bool {
		return g.name == accountsFlag || g.name == subaccountsFlag || g.name == accountFlag
	})
}

// asksEach reports whether a command would ask for each of many accounts, which it
// refuses to do.
func asksEach(words []string) bool {
	has := func(flag string) bool { return slices.Contains(words, flag) }
	return !has("--yes") && (has("--repair") && has("--execute") || words[1] == "migrate" && has("--in-place") && !has("--dry-run"))
}

// many reports whether a command is going to be given a list of accounts.
func (n *nextCommands) many(target *cobra.Command) bool {
	return target.Flags().Lookup(accountsFlag) != nil && slices.ContainsFunc(n.given, func(g givenFlag) bool { return g.name == accountFlag })
}

// about adds what a ledger knows of its migration, for commands that are told
// nothing but the ledger.
func (n *nextCommands) about(f migrate.Fingerprint) {
	for _, name := range []string{servicesSetting, "--to-service", "--policy", "--messaging-service", "--source-api"} {
		if v := f[name]; v != "" && v != "all" && v != newService && v != twilio.APIv1 {
			n.give(strings.TrimPrefix(name, "--"), v)
		}
	}
	if f["--stamp"] == "false" {
		n.give("stamp", "false")
	}
	if f[modeSetting] == modeInPlace {
		n.give("in-place", "true")
	}
}

// alongside adds the profiles that the last run of a ledger took credentials from, for
// commands that take none. A run that was killed has not noted them.
func (n *nextCommands) alongside(run migrate.RunRecord) {
	var k kept
	if len(run.Summary) == 0 || json.Unmarshal(run.Summary, &k) != nil || k.Provenance == nil {
		return
	}
	for _, s := range k.Provenance.Settings {
		if s.Name == profileFlag || s.Name == targetProfileFlag {
			n.give(s.Name, s.Value)
		}
	}
}

// mistakes are the flags that an operation which failed went by: what is there, if
// not what they name, is listed without them.
var mistakes = map[string][]string{
	"select service":        {"service"},
	"select target service": {"to-service"},
	readRehearsal:           {"rehearsal"},
	"select channels":       {"channel", "exclude-channel", "type"},
}

// after is n without the flags that an error is about: a command that has them would
// fail alike. Any other flag stays, whatever the error quotes: without it the next
// command would be about something else.
func (n *nextCommands) after(err error) *nextCommands {
	e, ok := errors.AsType[*migrate.Error](err)
	if n == nil || !ok || e.Kind != migrate.NotFound && e.Kind != migrate.Usage {
		return n
	}
	return &nextCommands{n.root, slices.DeleteFunc(slices.Clone(n.given), func(g givenFlag) bool {
		if e.Op == readCommandLine { // and names the flag first
			return e.Err != nil && strings.HasPrefix(e.Err.Error(), "--"+g.name+" ")
		}
		return slices.Contains(mistakes[e.Op], g.name)
	})}
}

// find finds the command that words begin with, and how many of them name it.
func (n *nextCommands) find(words []string) (found *cobra.Command, depth int) {
	among := n.root.root.Commands()
	for _, word := range words {
		at := slices.IndexFunc(among, func(c *cobra.Command) bool { return c.Name() == word })
		if at < 0 {
			break
		}
		found, depth, among = among[at], depth+1, among[at].Commands()
	}
	return found, depth
}

// completing has a report name commands that can be pasted.
func (c *console) completing() reports.Option { return reports.Completing(c.next.complete) }
