package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/migrate/inplace"
	"chatbridge/reports"
)

// inPlaceOptions make a migration one that copies nothing.
type inPlaceOptions struct {
	InPlace          bool
	MessagingService string
	AddMembers       string

	wishes []inplace.Wish // of the file that AddMembers names
}

var messagingServiceSID = regexp.MustCompile(`^MG[0-9a-fA-F]{32}$`)

func (o *inPlaceOptions) flags(fs *pflag.FlagSet) {
	settings(fs, func(fs *pflag.FlagSet) {
		fs.BoolVar(&o.InPlace, "in-place", false, "copy nothing: make public channels private, so that Conversations of this account shows them")
		fs.StringVar(&o.MessagingService, "messaging-service", "", "with --in-place: `SID` of the messaging service to attach, which SMS and WhatsApp participants need")
		fs.StringVar(&o.AddMembers, "add-members", "", "with --in-place: add people once channels are private: all users, or those of a CSV `FILE` of channel,identity")
	})
}

// check refuses what would be without effect, or would have another one than
// somebody hoped for.
func (o *inPlaceOptions) check(m *migrateOptions) error {
	if !o.InPlace {
		if o.MessagingService != "" {
			return usageError("--in-place attaches it to the channels that it makes private", "--messaging-service is for --in-place only")
		}
		if o.AddMembers != "" {
			return usageError("a copy brings the members that channels have", "--add-members is for --in-place only")
		}
		return nil
	}
	if err := without("--in-place", append(inPlaceMisfits(&m.mappingOptions, &m.connectionOptions),
		misfit{m.Replay, "--replay", "nothing is copied"},
		misfit{m.Credentials != "", "--credentials", "credentials stay in their account"},
		misfit{m.Type != "", "--type", "it takes public channels, and leaves none"},
		misfit{m.Rehearsal != "" && m.Rehearsal != noRehearsal, "--rehearsal", "it writes no message and waits for none"},
		misfit{m.OnlyFailed, "--only-failed", "what failed is tried again anyway"},
	)...); err != nil {
		return err
	}
	if o.MessagingService != "" && !messagingServiceSID.MatchString(o.MessagingService) {
		return usageError("list them in the Console under Messaging, Services", "--messaging-service %q is not MG and 32 hexadecimal digits", o.MessagingService)
	}
	if o.AddMembers == "" || o.AddMembers == everybody {
		return nil
	}
	var err error
	o.wishes, err = readWishes(o.AddMembers)
	return err
}

// misfit is a setting that does not go with another one.
type misfit struct {
	given bool
	flag  string
	why   string
}

// without refuses settings that do not go with a flag.
func without(flag string, all ...misfit) error {
	for _, m := range all {
		if m.given {
			return usageError("leave out one of them", "%s does not go with %s: %s", flag, m.flag, m.why)
		}
	}
	return nil
}

// inPlaceMisfits are the settings that mean nothing if channels stay where they are.
func inPlaceMisfits(o *mappingOptions, c *connectionOptions) []misfit {
	return []misfit{
		{o.ToService != newService, "--to-service", "channels stay in their service"},
		{c.FromArchive != "", "--from-archive", "an archive has nothing in Conversations"},
		{o.Identities != "", "--identities", "nobody is renamed"},
		{o.Invites != "", "--invites", "invites stay in Chat"},
		{o.Since != "" || o.Until != "", "--since or --until", "a channel is taken as a whole"},
		{o.Active != "", "--active-since", "who is in a channel stays there"},
	}
}

// onePlace refuses two accounts, and two regions: each has data of its own.
func onePlace(s *endpoints) error {
	if s.sourceAccount != s.targetAccount {
		return usageError("unset CHATBRIDGE_TARGET_ACCOUNT_SID, or leave out --in-place to copy into that account", "--in-place works within one account, but two are named")
	}
	if s.sourceRegion != s.targetRegion {
		return usageError("name one region for both sides, or leave out --in-place to copy from one to the other", "--in-place works within one region, but two are named")
	}
	return nil
}

var inPlaceForms = []reports.Format{reports.Text, reports.JSON, reports.Markdown}

// runInPlace is migrate --in-place. It looks first, shows what would be made
// private, and asks; with --dry-run that is all.
func runInPlace(ctx context.Context, o *migrateOptions, form reports.Format) error {
	if _, err := o.format(inPlaceForms...); err != nil {
		return err
	}
	s, preview, err := o.preview(ctx, form)
	if err != nil {
		return err
	}
	defer s.Close()
	if o.DryRun {
		return o.console.inPlace(form, preview)
	}
	if !o.Quiet || !o.Yes {
		o.showPromotions(s, preview)
	}
	if !o.Yes {
		if !o.console.terminal(o.console.in) {
			return usageError("look first with chatbridge migrate --in-place --dry-run; to make them private: chatbridge migrate --in-place --yes", "there is no terminal to ask on, so nothing was changed")
		}
		if err := o.console.confirm(ctx); err != nil {
			return err
		}
	}
	return o.promote(ctx, form, s, preview)
}

// preview connects and counts. Nothing is written.
func (o *migrateOptions) preview(ctx context.Context, form reports.Format) (s *endpoints, r inplace.Result, err error) {
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	shown := o.progress(o.console, "looked at")
	defer shown.Close()
	o.settle = o.Settle
	o.followLedger(ctx, o.Ledger)
	level := promoteSource
	if o.AddMembers != "" && !o.DryRun {
		level = promoteAndAdd
	}
	s, err = o.connect(ctx, connector{&o.connectionOptions, o.console, shown.log, shown.Event}, level)
	if err != nil {
		return nil, r, interrupted(ctx, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(interrupted(ctx, err), s.Close())
		}
	}()
	o.console.met(s, &o.connectionOptions, o.Ledger)
	if err := onePlace(s); err != nil {
		return s, r, err
	}
	mapper, err := o.mapper()
	if err != nil {
		return s, r, err
	}
	services, err := o.selectServices(ctx, s, mapper)
	if err != nil {
		return s, r, err
	}
	again := "chatbridge migrate --in-place"
	if o.DryRun {
		again = "" // nothing is written
	}
	if err := refuseFlex(ctx, s.source, services, mapper, again, o.tell(o.console)); err != nil {
		return s, r, err
	}
	r, err = (&inplace.Promotion{
		Source: s.source, Target: s.reader, Promoter: s.promoter, Observer: shown,
		Settings: o.inPlaceSettings(), Traffic: s.counter.Traffic, MessagingService: o.MessagingService,
	}).Run(ctx)
	if err == nil {
		r.Added, err = o.planAdditions(ctx, s, shown)
		r.Requests = s.counter.Traffic()
	}
	return s, r, err
}

func (o *migrateOptions) inPlaceSettings() migrate.Settings {
	return migrate.Settings{Services: o.Services, Concurrency: o.channels(), APS: o.APS}
}

func (o *migrateOptions) showPromotions(s *endpoints, r inplace.Result) {
	w := o.console.err
	fmt.Fprintf(w, "Make public channels of account %s private, where they are:\n", s.sourceAccount)
	for _, one := range r.Services {
		fmt.Fprintf(w, "  %s %s\n", one.SourceSID, reports.Plain(one.FriendlyName))
	}
	fmt.Fprintf(w, "  %s to make private, %s private already\n", plural(int(r.Promoted), "channel", "channels"), reports.Number(r.Visible))
	if len(r.Samples) > 0 {
		fmt.Fprintf(w, "  such as %s\n", strings.Join(reports.Named(r.Samples, r.SampleNames), "\n          "))
	}
	fmt.Fprintf(w, "This cannot be undone: people can no longer find or join these channels themselves.\n")
	showAdditions(w, r.Added)
	fmt.Fprintf(w, "Ledger: %s\n", o.Ledger)
}

func (o *migrateOptions) promote(ctx context.Context, form reports.Format, s *endpoints, preview inplace.Result) error {
	ctx, signalled, stop := interruptible(ctx, o.console)
	defer stop()
	drain, over, stopTimer := o.drained(signalled, o.console)
	defer stopTimer()
	mapper, err := o.mapper()
	if err != nil {
		return err
	}
	ledger, err := o.openLedger(ctx, o.Ledger)
	if err != nil {
		return err
	}
	defer ledger.Close()
	f := o.fingerprint(s, mapper)
	f[modeSetting], f["--messaging-service"] = modeInPlace, o.MessagingService
	if err := o.bind(ctx, ledger, f); err != nil {
		return err
	}
	if err := o.pushIsBack(ctx, ledger); err != nil {
		return err
	}
	ctx, resume := o.pauseOption.watch(ctx, o.tell(o.console))
	defer resume()
	ctx, cut := context.WithCancelCause(ctx)
	defer cut(nil)
	shown := o.progress(o.console, "made private")
	noted, err := inplace.Note(ctx, ledger, o.Settle, preview.Channels, shown, cut)
	if err != nil {
		shown.Close()
		return err
	}
	r, err := (&inplace.Promotion{
		Source: s.source, Target: s.reader, Promoter: s.promoter, Ledger: ledger, Observer: noted,
		Settings: o.inPlaceSettings(), Traffic: s.counter.Traffic, MessagingService: o.MessagingService,
		Execute: true, Drain: drain,
	}).Run(ctx)
	if err == nil {
		err = o.add(ctx, s, ledger, drain, noted, preview.Added, &r)
	}
	shown.Close()
	if err = noted.End(ctx, &r, err); err == nil {
		err = o.console.keep(ctx, ledger)
	}
	if werr := o.console.inPlace(form, r); werr != nil {
		return werr
	}
	switch {
	case err != nil && over():
		return o.expired()
	case err != nil:
		return interrupted(ctx, err)
	case r.Failed > 0:
		return &outcome{
			status:  exitIncomplete,
			message: plural(int(r.Failed), "channel was", "channels were") + " not made private",
			hint:    "the result says why; to try again, run the same command again",
		}
	case r.Added != nil && r.Added.Failed > 0:
		return &outcome{
			status:  exitIncomplete,
			message: plural(int(r.Added.Failed), "participant was", "participants were") + " not added",
			hint:    "the result says why; to try again, run the same command again",
		}
	}
	return nil
}
