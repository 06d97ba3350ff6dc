package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/reports"
)

// exportOptions are those of export.
type exportOptions struct {
	*commonOptions
	connectionOptions
	outputOption
	scopeOptions
	durationOption
	pprofOption
	Path     string
	Services []string
	Files    bool

	console *console
	// connect opens the source; it is never asked for more.
	connect func(context.Context, connector, access) (*endpoints, error)
	now     func() time.Time
}

var exportForms = []reports.Format{reports.Text, reports.JSON}

func newExport(c *console, common *commonOptions, run func(context.Context, *exportOptions) error) *cobra.Command {
	o := &exportOptions{commonOptions: common, console: c, connect: dial, now: time.Now}
	cmd := &cobra.Command{
		Use:   "export DIR|FILE.zip",
		Short: "Save a Chat v1 workspace to files, to read it without Chat v1",
		Long: `Read a whole Chat v1 workspace and write it to a folder or a zip: every resource
byte for byte as Chat shows it, with a digest of each file. audit, migrate and
verify read the result with --from-archive, even after Chat v1 is gone. With
--source-api auto a resource is one record of what v1 and v2 show.

With --source-api v2 or auto it also saves the files of messages, as large as they are;
--files=false leaves them out. v1 does not show that a message has a file. A file
that is gone, or that cannot be read, is left out and named.

Run it again to resume: complete files are kept if their digest still fits, and
partial ones are read again. A zip is built from a folder next to it,
FILE.zip.unfinished, which is removed when the zip is complete. Channels that
are deleted during the export are left out and named. So are push credentials,
bindings, invites, webhooks and users' channels that the key may not read. With
--source-api v2 bindings are in it: they hold the tokens of people's devices.

It never writes to Twilio.` +
			exitHelp(exitDone, exitFailed, exitUsage, exitIncomplete, exitCredentials, exitService, exitLedger, exitInterrupted),
		Example: `  chatbridge export workspace.zip
  chatbridge export --service IS… --concurrency 32 support/
  chatbridge migrate --from-archive workspace.zip`,
		GroupID: groupMigrate,
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError("such as: chatbridge export workspace.zip", "export takes the path of one folder or zip, got %d", len(args))
			}
			o.Path = args[0]
			return o.profiled(c, func() error { return run(cmd.Context(), o) })
		},
	}
	o.connectionOptions.flags(cmd.Flags())
	settings(cmd.Flags(), func(fs *pflag.FlagSet) {
		fs.StringSliceVar(&o.Services, "service", nil, "`SID` of a service to take (repeatable; default all)")
		fs.BoolVar(&o.Files, "files", true, "save the files of messages (with --source-api v2 or auto)")
	})
	o.scopeOptions.flags(cmd.Flags())
	o.durationOption.flags(cmd.Flags())
	o.pprofOption.flags(cmd.Flags())
	o.outputOption.flags(cmd.Flags(), exportForms...)
	return cmd
}

func runExport(ctx context.Context, o *exportOptions) error {
	if err := errors.Join(o.connectionOptions.check(), (&mappingOptions{Services: o.Services, ToService: newService, scopeOptions: o.scopeOptions}).check(), o.durationOption.check()); err != nil {
		return err
	}
	form, err := o.format(exportForms...)
	if err != nil {
		return err
	}
	place, err := placeOf(o.Path)
	if err != nil {
		return err
	}
	ctx, stop := cutAtOnce(ctx, o.console)
	defer stop()
	ctx, end := o.cut(ctx)
	defer end()
	shown := o.progress(o.console, "exported")
	report, err := o.export(ctx, place, shown)
	shown.Close()
	if err != nil {
		return interrupted(ctx, err)
	}
	if err := writeExport(o.console.out, form, report); err != nil {
		return err
	}
	if n := len(report.Vanished); n > 0 {
		return &outcome{
			status:  exitIncomplete,
			message: plural(n, "resource was", "resources were") + " deleted during the export, and left out",
			hint:    "the archive is complete without them; the result lists their SIDs",
		}
	}
	if n := len(report.Withheld); n > 0 {
		return &outcome{
			status:  exitIncomplete,
			message: plural(n, "list was", "lists were") + " not shown to this key, and left out",
			hint:    "the rest of the archive is complete; to get these too, export into another folder with a key that may read them",
		}
	}
	if n := len(report.MediaMissing); n > 0 {
		return &outcome{
			status:  exitIncomplete,
			message: plural(n, "file of a message was", "files of messages were") + " not read, and left out",
			hint:    "the rest of the archive is complete; the result and manifest.json say why of each; to try these again, export into another folder",
		}
	}
	return nil
}

// exportPlace is where an export is built and what it becomes.
type exportPlace struct {
	dir string // the folder that it is built in
	zip string // what is made of the folder; empty where it is the result itself
}

func placeOf(path string) (exportPlace, error) {
	if !strings.EqualFold(filepath.Ext(path), ".zip") {
		return exportPlace{dir: path}, nil
	}
	if _, err := os.Stat(path); err == nil {
		return exportPlace{}, usageError("name another file, or remove this one if nobody needs it", "%s already exists", path)
	}
	return exportPlace{dir: path + ".unfinished", zip: path}, nil
}

func (o *exportOptions) export(ctx context.Context, place exportPlace, shown *progress) (exportReport, error) {
	began := o.now()
	report := exportReport{SchemaVersion: migrate.SchemaVersion, Command: "export", Path: o.Path}
	o.followArchive(place.dir)
	s, err := o.connect(ctx, connector{&o.connectionOptions, o.console, shown.log, shown.Event}, noTarget)
	if err != nil {
		return report, err
	}
	defer s.Close()
	if err := o.narrow(ctx, s, o.Services); err != nil {
		return report, err
	}
	w, err := archive.Continue(ctx, place.dir, archive.Manifest{
		CreatedAt: began.UTC().Truncate(time.Second), Tool: o.tool(), AccountSID: s.sourceAccount, SourceAPI: s.sourceAPI,
		Scope: o.manifestScope(), Media: o.media(),
	})
	if place.zip != "" && errors.Is(err, archive.ErrExists) {
		return o.repack(ctx, place, report)
	}
	if err != nil {
		return report, err
	}
	x := &archive.Exporter{Source: s.source, Observer: shown, Services: o.Services, Concurrency: o.channels()}
	report.Exported, err = x.Run(ctx, w)
	if err != nil {
		return report, errors.Join(err, w.Abandon())
	}
	report.Counts = w.Counts()
	report.Files, report.Bytes = w.Size()
	report.Media = mediaIn(w, w.MediaState())
	if err := w.Close(); err != nil {
		return report, err
	}
	if err := place.pack(ctx); err != nil {
		return report, err
	}
	report.Duration = o.now().Sub(began).Seconds()
	return report, nil
}

// media is what the manifest says of files before any is read.
func (o *exportOptions) media() string {
	if o.Files {
		return ""
	}
	return archive.MediaLeftOut
}

// manifestScope names what is selected; empty where all is.
func (o *exportOptions) manifestScope() string {
	var parts []string
	if len(o.Services) > 0 {
		parts = append(parts, strings.Join(slices.Compact(slices.Sorted(slices.Values(o.Services))), ","))
	}
	if s := o.selection(); s != allSelected {
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

// repack makes the zip of an export that was stopped when only that was left.
func (o *exportOptions) repack(ctx context.Context, place exportPlace, report exportReport) (exportReport, error) {
	began := o.now()
	a, closer, err := archive.OpenPath(place.dir)
	if err != nil {
		return report, err
	}
	err = a.Verify(ctx)
	report.Counts, report.Files, report.Bytes, report.Kept = a.Counts(), int64(len(a.Manifest.Files)), a.Size(), int64(len(a.Manifest.Files))
	report.Media, report.MediaMissing = mediaIn(a, a.Manifest.Media), a.Manifest.MediaMissing
	if err := errors.Join(err, closer.Close()); err != nil {
		return report, err
	}
	if err := place.pack(ctx); err != nil {
		return report, err
	}
	report.Duration = o.now().Sub(began).Seconds()
	return report, nil
}

// pack makes the zip and takes the folder away.
func (p exportPlace) pack(ctx context.Context) error {
	if p.zip == "" {
		return nil
	}
	if err := archive.Pack(ctx, p.dir, p.zip); err != nil {
		return err
	}
	if err := os.RemoveAll(p.dir); err != nil {
		return fmt.Errorf("remove %s: %w", p.dir, err)
	}
	return nil
}

func (o *exportOptions) tool() string {
	return "chatbridge " + thisVersion().Version
}
