package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"chatbridge/mapping/chat"
	"chatbridge/migrate"
	"chatbridge/migrate/twilio"
	"chatbridge/reports"
)

// profileOptions name profiles of twilio-cli that hold credentials. Its active profile
// is never taken unless it is named here.
type profileOptions struct {
	Profile       string
	TargetProfile string

	// source and target are what the names stand for; nil without a name, and until
	// readProfiles was called.
	source, target *profile
}

const (
	profileFlag       = "profile"
	targetProfileFlag = "target-profile"
)

func (o *profileOptions) flags(fs *pflag.FlagSet) {
	fs.Var((*profileName)(&o.Profile), profileFlag, "take credentials, region and edge from the profile of this `name` in "+profilesShown+", which is only read, instead of the TWILIO_ variables")
	fs.Var((*profileName)(&o.TargetProfile), targetProfileFlag, "the same for the target, instead of the CHATBRIDGE_TARGET_ variables (default those of the source)")
}

// profileName is the name of a profile. An empty one is refused, so that a variable
// which a shell does not know is not taken for no name.
type profileName string

// Set is of pflag.Value.
func (n *profileName) Set(s string) error {
	if s = strings.TrimSpace(s); s == "" {
		return errors.New("the name of the profile is empty")
	}
	*n = profileName(s)
	return nil
}

// String is of pflag.Value.
func (n *profileName) String() string { return string(*n) }

// Type is of pflag.Value.
func (n *profileName) Type() string { return "string" }

// profile is one of twilio-cli's, with what opens an account.
type profile struct {
	flag, name   string
	opens        credentials
	region, edge string
	fileEdge     string // that of the whole file, which counts if nothing else names one
}

// String is of fmt.Stringer. It keeps the secret out, as GoString does.
func (p *profile) String() string { return "--" + p.flag + " " + quoted(reports.Plain(p.name)) }

// GoString is of fmt.GoStringer.
func (p *profile) GoString() string { return p.String() }

// home is the region that keeps the data of the profile's account. twilio-cli names
// none for the default.
func (p *profile) home() string { return twilio.Place{Region: p.region}.Home() }

const (
	// profilesShown is what errors and help call the file: its folder names a person.
	profilesShown = "~/.twilio-cli/config.json"
	// maxProfiles is far more than a file of profiles has, in bytes.
	maxProfiles = 1 << 20
	// namesShown bounds the names of profiles that an error repeats.
	namesShown = 20

	profilesHint = "to see the profiles: twilio profiles:list"
)

// cliConfig is the file of twilio-cli (twilio-cli-core, src/services/config.js), as far
// as it matters here. Versions that wrote Projects kept the keys in the system's
// keychain.
type cliConfig struct {
	Edge     string                `json:"edge"`
	Projects []cliProject          `json:"projects"`
	Profiles map[string]cliProfile `json:"profiles"`
}

type cliProject struct {
	ID string `json:"id"`
}

type cliProfile struct {
	AccountSID string `json:"accountSid"`
	APIKey     string `json:"apiKey"`
	APISecret  string `json:"apiSecret"`
	Region     string `json:"region"`
	Edge       string `json:"edge"`
}

// readProfiles reads the profiles that are named. No error repeats what the file
// holds but names of profiles and SIDs of accounts.
func (o *profileOptions) readProfiles(c *console, log *slog.Logger) error {
	if o.Profile == "" && o.TargetProfile == "" {
		return nil
	}
	file, err := readCLIConfig(c, log)
	if err != nil {
		return &migrate.Error{
			Op: "read profiles", Kind: migrate.Usage, Err: fmt.Errorf("%s: %w", profilesShown, err),
			Hint: "twilio-cli makes the file: twilio profiles:create; or leave out --profile and --target-profile, and export TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN",
		}
	}
	if o.source, err = file.profile(profileFlag, o.Profile); err != nil {
		return err
	}
	if o.target, err = file.profile(targetProfileFlag, o.TargetProfile); err != nil {
		return err
	}
	return o.checkProfiles(c)
}

// readCLIConfig reads the whole file. A symbolic link is followed, as twilio-cli
// follows it: nothing is ever written there.
func readCLIConfig(c *console, log *slog.Logger) (file cliConfig, err error) {
	home := c.getenv("HOME")
	if runtime.GOOS == "windows" {
		home = cmp.Or(c.getenv("USERPROFILE"), home)
	}
	if home == "" {
		return file, errors.New("HOME is not set")
	}
	path := filepath.Join(home, ".twilio-cli", "config.json")
	info, err := os.Stat(path)
	if err != nil {
		return file, nameless(err)
	}
	if !info.Mode().IsRegular() {
		return file, errors.New("it is no file")
	}
	f, err := os.Open(path)
	if err != nil {
		return file, nameless(err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxProfiles+1))
	switch {
	case err != nil:
		return file, nameless(err)
	case len(raw) > maxProfiles:
		return file, fmt.Errorf("it has more than %d bytes, too many for profiles", maxProfiles)
	case json.Unmarshal(raw, &file) != nil: // whose error may repeat a value
		return file, errors.New("it is not the JSON that twilio-cli writes")
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		log.Warn("others can read the keys in " + profilesShown + "; to protect it: chmod 600 " + profilesShown)
	}
	return file, nil
}

// profile is the one of a name; nil for no name. flag is the setting that names it.
func (f cliConfig) profile(flag, name string) (*profile, error) {
	if name == "" {
		return nil, nil
	}
	old := slices.ContainsFunc(f.Projects, func(p cliProject) bool { return p.ID == name })
	found, ok := f.Profiles[name]
	if !ok && !old {
		return nil, f.unknown(flag, name)
	}
	p := &profile{flag: flag, name: name, region: strings.TrimSpace(found.Region), edge: strings.TrimSpace(found.Edge), fileEdge: strings.TrimSpace(f.Edge)}
	refuse := func(hint, problem string) (*profile, error) {
		return nil, &migrate.Error{
			Op: "read credentials", Kind: migrate.Credentials,
			Err: fmt.Errorf("profile %s in %s %s", strconv.Quote(name), profilesShown, problem), Hint: hint,
		}
	}
	create := "make the profile anew: twilio profiles:create --profile " + quoted(reports.Plain(name))
	switch {
	case found.APIKey == "" || found.APISecret == "":
		return refuse(create, "has no apiKey or no apiSecret: an old twilio-cli keeps them elsewhere")
	case !accountSID.MatchString(found.AccountSID):
		return refuse(create, "has an accountSid that is not AC and 32 hexadecimal digits")
	case !keySID.MatchString(found.APIKey):
		return refuse(create, "has an apiKey that is not SK and 32 hexadecimal digits")
	}
	for _, n := range []struct{ field, value string }{{"a region", p.region}, {"an edge", p.edge}, {"an edge for all profiles", p.fileEdge}} {
		if (twilio.Place{Region: n.value}).Check() != nil {
			return refuse(create, "has "+n.field+" that is not made of small letters, digits and hyphens")
		}
	}
	p.opens = credentials{
		account: found.AccountSID, username: found.APIKey, password: found.APISecret,
		setting: "the accountSid of " + p.String(), hint: "check " + p.String() + ", whose key may have been deleted; " + create,
	}
	return p, nil
}

// unknown says which profiles there are instead.
func (f cliConfig) unknown(flag, name string) error {
	names := slices.Collect(maps.Keys(f.Profiles))
	for _, p := range f.Projects {
		if !slices.Contains(names, p.ID) {
			names = append(names, p.ID)
		}
	}
	slices.Sort(names)
	there := errors.New("which has no profiles")
	if len(names) > 0 {
		var shown []string
		for _, n := range names[:min(len(names), namesShown)] {
			shown = append(shown, strconv.Quote(chat.Shorten(n)))
		}
		if n := len(names) - len(shown); n > 0 {
			shown = append(shown, fmt.Sprintf("and %d more", n))
		}
		there = errors.New("which has " + strings.Join(shown, ", "))
	}
	hint := profilesHint
	if near := suggest(name, names); near != "" {
		hint = "did you mean: --" + flag + " " + quoted(reports.Plain(near))
	}
	return usageError(hint, "--%s %s is not in %s, %w", flag, strconv.Quote(name), profilesShown, there)
}

// checkProfiles refuses a profile and variables that name different accounts, or
// different regions, for one side: neither can be what is meant for sure.
func (o *profileOptions) checkProfiles(c *console) error {
	conflict := func(p *profile, variable, account string) error {
		return &migrate.Error{
			Op: "read credentials", Kind: migrate.Credentials,
			Err:  fmt.Errorf("%s is of account %s, but %s names %s", p, p.opens.account, variable, displayedAccount(account)),
			Hint: fmt.Sprintf("unset %s, or leave out --%s", variable, p.flag),
		}
	}
	account := c.getenv(sourcePrefix + accountVariable)
	if o.source != nil {
		if account != "" && account != o.source.opens.account {
			return conflict(o.source, sourcePrefix+accountVariable, account)
		}
		account = o.source.opens.account
	}
	if o.target == nil {
		return nil
	}
	variable := targetPrefix + accountVariable
	if own := c.getenv(variable); own != "" || !c.targetIsNamed() {
		account = own
	} else {
		variable = c.accountVariable(targetPrefix)
	}
	if account != "" && account != o.target.opens.account {
		return conflict(o.target, variable, account)
	}
	return nil
}

// displayedAccount is the SID of an account; what is none is not repeated, since it may
// have got into the wrong variable.
func displayedAccount(sid string) string {
	if !accountSID.MatchString(sid) {
		return "something else"
	}
	return sid
}

// ofTarget is the profile that opens the target: the source's, unless the target has
// credentials of its own; nil if the environment opens it.
func (o *profileOptions) ofTarget(c *console) *profile {
	if o.target != nil || c.targetIsNamed() {
		return o.target
	}
	return o.source
}

// targetIsNamed reports whether the target has credentials of its own.
func (o *profileOptions) targetIsNamed(c *console) bool { return o.target != nil || c.targetIsNamed() }

// sourceCredentials are those of the account that holds the Chat services.
func (o *profileOptions) sourceCredentials(c *console) (credentials, error) {
	if o.source != nil {
		return o.source.opens, nil
	}
	return c.sourceCredentials()
}

// targetCredentials are those of the account to write into: the source's, if no other
// is named.
func (o *profileOptions) targetCredentials(c *console) (credentials, error) {
	account := c.getenv(targetPrefix + accountVariable)
	switch p := o.ofTarget(c); {
	case p == nil && o.source == nil:
		return c.targetCredentials()
	case p == nil:
		return c.credentials(targetPrefix, cmp.Or(account, o.source.opens.account))
	case p == o.source && account != "" && account != p.opens.account:
		return credentials{}, noneForTarget(fmt.Sprintf("%s and %s", targetPrefix+accountVariable, p))
	default:
		return p.opens, nil
	}
}

// targetAccount is the account of the target, as far as it is named by itself; empty
// for the source's.
func (o *profileOptions) targetAccount(c *console) string {
	if o.target != nil {
		return o.target.opens.account
	}
	return c.getenv(targetPrefix + accountVariable)
}
