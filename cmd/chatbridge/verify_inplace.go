package main

import (
	"context"

	"chatbridge/mapping"
	"chatbridge/migrate"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

// checkInPlace refuses what does not go with --in-place.
func (o *verifyOptions) checkInPlace() error {
	if !o.InPlace {
		return nil
	}
	return without("--in-place", append(inPlaceMisfits(&o.mappingOptions, &o.connectionOptions),
		misfit{o.Repair, "--repair", "nothing was copied, so nothing can be brought back"},
		misfit{o.Files, "--files", "both sides show the same file"},
	)...)
}

// runVerifyInPlace is verify --in-place. It reads both sides, and no ledger.
func runVerifyInPlace(ctx context.Context, o *verifyOptions, form reports.Format, mapper mapping.Mapper) error {
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	shown := o.progress(o.console, "compared")
	defer shown.Close()
	s, err := o.connect(ctx, connector{&o.connectionOptions, o.console, shown.log, shown.Event}, readTarget)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer s.Close()
	o.console.met(s, &o.connectionOptions, "")
	if err := onePlace(s); err != nil {
		return err
	}
	if _, err := o.selectServices(ctx, s, mapper); err != nil {
		return interrupted(ctx, err)
	}
	w := o.console.comparison(form, o.rendering(o.console))
	v, err := (&verify.InPlace{Source: s.source, Target: s.reader, Observer: shown, Settings: o.settings(mapper)}).Run(ctx, w.Difference)
	shown.Close()
	if err != nil {
		return interrupted(ctx, err)
	}
	if err := w.Close(v); err != nil || v.Equal {
		return err
	}
	n := int(differencesOf(v))
	hidden := int(v.Differences[verify.NotVisible])
	if services := int(v.Counts[migrate.KindServices].Failed); services > 0 && hidden == n {
		return &outcome{exitIncomplete, plural(services, "service is", "services are") + " not visible in Conversations",
			"check the account and the region of the credentials, or copy: chatbridge migrate --replay"}
	}
	if hidden == n {
		return &outcome{exitIncomplete, plural(hidden, "channel is", "channels are") + " not visible in Conversations",
			"to see what would be made private: chatbridge migrate --in-place --dry-run"}
	}
	return &outcome{
		status:  exitIncomplete,
		message: plural(n, "difference", "differences") + " between Chat and Conversations",
		hint:    "chatbridge cannot repair them, since both show one store. List them for Twilio's support: chatbridge verify --in-place --output csv",
	}
}
