package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/migrate/twilio"
)

// regionOptions say in which region each side is, and by which edge to reach it.
type regionOptions struct {
	SourceRegion string
	SourceEdge   string
	TargetRegion string
	TargetEdge   string
}

// Variables of Twilio's own libraries, which count for a side whose settings do not
// say otherwise.
const (
	regionVariable = "TWILIO_REGION"
	edgeVariable   = "TWILIO_EDGE"
)

func (o *regionOptions) flags(fs *pflag.FlagSet) {
	fs.StringVar(&o.SourceRegion, "source-region", "", "`region` of the source, such as ie1 (default TWILIO_REGION, or us1)")
	fs.StringVar(&o.SourceEdge, "source-edge", "", "`edge` by which to reach the source, such as dublin (default TWILIO_EDGE)")
	fs.StringVar(&o.TargetRegion, "target-region", "", "`region` of the target (default TWILIO_REGION, or us1)")
	fs.StringVar(&o.TargetEdge, "target-edge", "", "`edge` by which to reach the target (default TWILIO_EDGE)")
}

// regionFlag is one of the flags with what it holds.
type regionFlag struct{ name, value string }

func (o *regionOptions) all() []regionFlag {
	return []regionFlag{{"source-region", o.SourceRegion}, {"source-edge", o.SourceEdge}, {"target-region", o.TargetRegion}, {"target-edge", o.TargetEdge}}
}

// checkPlaces refuses two settings that both say where a side is. An address is for
// both sides, so none goes with a region of either.
func (o *connectionOptions) checkPlaces() error {
	for _, f := range o.all() {
		if f.value == "" {
			continue
		}
		if err := placeNamed("--"+f.name, f.value); err != nil {
			return err
		}
		for _, u := range []regionFlag{{"chat-url", o.ChatURL}, {"conversations-url", o.ConversationsURL}, {"media-url", o.MediaURL}, {apiURLFlag, o.APIURL}} {
			if u.value != "" {
				return usageError("an address is for both sides: give addresses, or regions and edges; a variable such as "+variable(u.name)+" counts too",
					"--%s and --%s cannot be used together", f.name, u.name)
			}
		}
		if o.FromArchive != "" && strings.HasPrefix(f.name, "source-") {
			return usageError("leave it out", "--%s does not apply to an archive", f.name)
		}
	}
	return nil
}

// placeNamed refuses what is no name of a region or an edge. It does not repeat the value,
// which may have got into the wrong variable.
func placeNamed(setting, value string) error {
	if (twilio.Place{Region: value}).Check() == nil {
		return nil
	}
	return usageError("write it as Twilio does: a region such as ie1, an edge such as dublin", "%s is not made of small letters, digits and hyphens", setting)
}

// places are where the two sides are. That of a side whose address is given, and of
// an archive, is empty.
func (o *connectionOptions) places(c *console) (source, target twilio.Place) {
	if o.FromArchive == "" && o.ChatURL == "" {
		source = c.place(o.source)
		source = twilio.Place{Region: cmp.Or(o.SourceRegion, source.Region), Edge: cmp.Or(o.SourceEdge, source.Edge)}
	}
	if o.ConversationsURL == "" {
		target = c.place(o.ofTarget(c))
		target = twilio.Place{Region: cmp.Or(o.TargetRegion, target.Region), Edge: cmp.Or(o.TargetEdge, target.Edge)}
	}
	return source, target
}

// place is where a side is for which no setting says so: where the variables say or,
// if a profile opens it, where that says. A key opens the region that it was made in,
// so a variable does not move it to another. An edge is only a way there.
func (c *console) place(p *profile) twilio.Place {
	region, edge := strings.TrimSpace(c.getenv(regionVariable)), strings.TrimSpace(c.getenv(edgeVariable))
	if p == nil {
		return twilio.Place{Region: region, Edge: edge}
	}
	return twilio.Place{Region: p.region, Edge: cmp.Or(p.edge, edge, p.fileEdge)}
}

// checkProfileRegions refuses a region for a side that is not the one of the profile
// which opens it. TWILIO_REGION goes with the TWILIO_ variables, so it is no
// contradiction to a profile that is named for the target alone.
func (o *connectionOptions) checkProfileRegions(c *console) error {
	for _, side := range []struct {
		p             *profile
		flag, setting string
		asked         bool
	}{
		{o.source, "source-region", o.SourceRegion, o.FromArchive == "" && o.ChatURL == ""},
		{o.ofTarget(c), "target-region", o.TargetRegion, o.ConversationsURL == "" && (o.target != nil || o.FromArchive != "")},
	} {
		if side.p == nil || !side.asked {
			continue
		}
		variable := strings.TrimSpace(c.getenv(regionVariable))
		switch {
		case side.setting != "" && side.p.region != "" && side.setting != side.p.region:
			return usageError("leave out one of them: a key opens the region that it was made in",
				"--%s is %s, but %s is of region %s", side.flag, side.setting, side.p, side.p.region)
		case side.setting == "" && variable != "" && side.p == o.source && variable != side.p.home():
			return usageError(fmt.Sprintf("unset %s, or leave out --%s: a key opens the region that it was made in", regionVariable, side.p.flag),
				"%s is not the region of %s, which is %s", regionVariable, side.p, side.p.home())
		}
	}
	return nil
}

// apart reports whether the two sides are live, and in different regions.
func (o *connectionOptions) apart(c *console) bool {
	source, target := o.places(c)
	return o.FromArchive == "" && o.ChatURL == "" && o.ConversationsURL == "" && source.Home() != target.Home()
}

// hosts are those that a report and a plan name: Chat of the source and
// Conversations of the target.
func (o *connectionOptions) hosts(c *console) (source, target string) {
	from, to := o.places(c)
	return hostOf(cmp.Or(o.ChatURL, from.ChatURL())), hostOf(cmp.Or(o.ConversationsURL, to.ConversationsURL()))
}

// checkRegions refuses variables that name no region or edge, if a side of the
// command goes by them, and one set of credentials for two regions.
func (c connector) checkRegions(target access) error {
	source, to := c.places(c.console)
	if target == noTarget {
		to = twilio.Place{}
	}
	for _, v := range []struct{ name, source, target string }{{regionVariable, source.Region, to.Region}, {edgeVariable, source.Edge, to.Edge}} {
		if value := strings.TrimSpace(c.console.getenv(v.name)); value != "" && (value == v.source || value == v.target) {
			if err := placeNamed(v.name, value); err != nil {
				return err
			}
		}
	}
	if target == noTarget || !c.apart(c.console) {
		return nil
	}
	if target == promoteSource || target == promoteAndAdd {
		return usageError("give one region, or leave out --in-place to copy into the other", "--in-place works within one region, but %s and %s are named", source.Home(), to.Home())
	}
	if !c.targetIsNamed(c.console) {
		return &migrate.Error{
			Op: "read credentials", Kind: migrate.Credentials,
			Err:  fmt.Errorf("the source is in region %s and the target in %s, and no credentials are set for the target: those of one region do not open another", source.Home(), to.Home()),
			Hint: fmt.Sprintf("%s, of region %s; or name a profile of twilio-cli with --target-profile", exportTarget(), to.Home()),
		}
	}
	return nil
}

// elsewhere is a region that is not the default one, and empty for that.
func elsewhere(p twilio.Place) string {
	if p.Home() == twilio.DefaultRegion {
		return ""
	}
	return p.Home()
}

// regionName is a region that elsewhere gave.
func regionName(region string) string { return cmp.Or(region, twilio.DefaultRegion) }

// regional completes what to check if credentials are refused.
func regional(hint string, p twilio.Place) string {
	if p == (twilio.Place{}) {
		return hint
	}
	return hint + "; each region has its own, and this one is " + p.Home()
}

// sayUnused warns of a region or an edge in the environment that a side does not go
// by.
func (c connector) sayUnused(target access) {
	var set, sides, why []string
	for _, name := range []string{regionVariable, edgeVariable} {
		if strings.TrimSpace(c.console.getenv(name)) != "" {
			set = append(set, name)
		}
	}
	switch {
	case len(set) == 0:
		return
	case c.FromArchive != "" && target == noTarget:
		sides, why = append(sides, "source"), append(why, "--from-archive")
	case c.FromArchive == "" && c.ChatURL != "":
		sides, why = append(sides, "source"), append(why, "--chat-url")
	}
	if target != noTarget && c.ConversationsURL != "" {
		sides, why = append(sides, "target"), append(why, "--conversations-url")
	}
	if len(sides) > 0 {
		c.log.Warn("a region or an edge is set, but not used for the "+strings.Join(sides, " and the ")+", because of "+strings.Join(why, " and "),
			"variables", strings.Join(set, " "))
	}
}
