package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"chatbridge/mapping"
	"chatbridge/mapping/chat"
	"chatbridge/migrate"
)

// mappingOptions say what is carried, where to, and how. They are what a ledger
// is bound to.
type mappingOptions struct {
	Services   []string
	ToService  string
	Policies   []string
	Identities string
	Stamp      bool
	Invites    string // report, add, or empty
	Skip       string // names a list of messages to leave out
	scopeOptions

	heading string         // what mapper took for the heading of Identities
	people  map[string]int // lines of Identities
	skipped map[string]int // lines of Skip
	matched *matcher       // of the source that take narrowed; nil where no file names anything
	all     *identities    // whom the source named; nil unless somebody wants to know
}

// newService is the value of --to-service that creates a service for each one of
// the source.
const newService = "new"

var serviceSID = regexp.MustCompile(`^IS[0-9a-fA-F]{32}$`)

func (o *mappingOptions) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.StringSliceVar(&o.Services, "service", nil, "`SID` of a service to take (repeatable; default all)")
		fs.StringVar(&o.ToService, "to-service", newService, "new, or the `SID` of the service to write into")
		fs.StringSliceVar(&o.Policies, "policy", nil, "what to do with a kind of finding, as `code=choice` (repeatable; see chatbridge policies)")
		fs.StringVar(&o.Invites, "invites", "", "`what` becomes of open invites: report lists them, add makes the invited people participants (default report)")
		fs.StringVar(&o.Identities, "identities", "", "rename people as listed in this CSV `file` of old,new")
		fs.StringVar(&o.Skip, skipMessagesFlag, "", "leave out the messages that this `file` lists, one SID per line; lines that begin with # say nothing")
		fs.StringVar(&o.Active, "active-since", "", "leave out members who neither read nor wrote in their channel since this `date`; their users are still carried")
		fs.BoolVar(&o.Stamp, "stamp", true, "put a stamp into the attributes of new conversations: old SIDs, type and creator of the channel")
	})
	o.scopeOptions.flags(fs)
}

func (o *mappingOptions) check() error {
	for _, sid := range o.Services {
		if !serviceSID.MatchString(sid) {
			return usageError("to list the services: chatbridge audit", "--service %q is not IS and 32 hexadecimal digits", sid)
		}
	}
	if o.ToService != newService && !serviceSID.MatchString(o.ToService) {
		return usageError("give new, or the SID of a Conversations service", "--to-service %q is neither new nor IS and 32 hexadecimal digits", o.ToService)
	}
	if _, ok := inviteChoices[o.Invites]; !ok {
		return usageError("choose report or add", "--invites %q is not known", o.Invites)
	}
	_, err := o.scope()
	return err
}

// inviteChoices are the settings of a policy that --invites is short for.
var inviteChoices = map[string][]string{
	"":       nil,
	"report": {string(mapping.InviteLost) + "=skip"},
	"add":    {string(mapping.InviteLost) + "=add"},
}

// mapper makes the mapper that the options ask for.
func (o *mappingOptions) mapper() (mapping.Mapper, error) {
	policy, err := mapping.ParsePolicy(slices.Concat(o.Policies, inviteChoices[o.Invites]))
	if err != nil {
		return mapping.Mapper{}, usageError("to list the codes and choices: chatbridge policies", "--policy: %w", err)
	}
	people, err := readIdentities(o.Identities)
	if err != nil {
		return mapping.Mapper{}, &migrate.Error{
			Op: "read identities", Kind: migrate.Usage, Err: err,
			Hint: "the file is CSV in UTF-8 with two columns: the old identity and the new one",
		}
	}
	skipped, err := readSkipped(o.Skip)
	if err != nil {
		return mapping.Mapper{}, err
	}
	o.heading, o.people, o.skipped = people.heading, people.lines, skipped
	m := mapping.Mapper{Policy: policy, Rename: people.rename, Given: people.given, NoStamp: !o.Stamp}
	for sid := range skipped {
		if m.LeaveOut == nil {
			m.LeaveOut = make(map[string]bool, len(skipped))
		}
		m.LeaveOut[sid] = true
	}
	return m, nil
}

// noteFiles says how the file of identities was read, and which lines of that and of
// the list of messages had no effect.
func (o *mappingOptions) noteFiles(w io.Writer) {
	if o.heading != "" {
		fmt.Fprintf(w, "Note: the first line of %s is taken as a heading: %s\n", o.Identities, chat.Excerpt(o.heading))
	}
	o.matched.note(w)
}

// target is ToService as the engine takes it.
func (o *mappingOptions) target() string {
	if o.ToService == newService {
		return ""
	}
	return o.ToService
}

// selected are the services that the options take, or an error that names one
// that is not there.
func (o *mappingOptions) selected(all []chat.Service) ([]chat.Service, error) {
	return migrate.SelectServices(all, o.Services)
}

// servicesSetting is the name in a fingerprint of which services are taken.
const servicesSetting = "--service"

// Names in a fingerprint of the accounts, by SID.
const (
	sourceAccountSetting = "source account"
	targetAccountSetting = "target account"
)

// Names in a fingerprint of the regions that are not the default one.
const (
	sourceRegionSetting = "source region"
	targetRegionSetting = "target region"
)

// modeSetting is the name in a fingerprint of how channels get to Conversations.
const (
	modeSetting = "mode"
	modeCopy    = "copy"
	modeInPlace = "in-place"
)

// fingerprint is what another run has to agree in to go on with the same ledger.
func (o *mappingOptions) fingerprint(s *endpoints, m mapping.Mapper) migrate.Fingerprint {
	services := "all"
	if len(o.Services) > 0 {
		services = strings.Join(slices.Compact(slices.Sorted(slices.Values(o.Services))), ",")
	}
	f := migrate.Fingerprint{
		sourceAccountSetting: s.sourceAccount,
		targetAccountSetting: s.targetAccount,
		servicesSetting:      services,
		"--to-service":       o.ToService,
		"--policy":           m.Policy.String(),
		"--stamp":            strconv.FormatBool(o.Stamp),
		"--identities":       hashRename(m.Rename),
		sourceAPISetting:     s.sourceAPI,
		"filters":            o.selection(),
		modeSetting:          modeCopy,
	}
	if list := hashSkipped(m.LeaveOut); list != "" {
		f[skipMessagesSetting] = list
	}
	// The same account has other data in another region; the default is not named.
	for name, region := range map[string]string{sourceRegionSetting: s.sourceRegion, targetRegionSetting: s.targetRegion} {
		if region != "" {
			f[name] = region
		}
	}
	return f
}
