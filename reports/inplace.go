package reports

import (
	"fmt"
	"io"
	"slices"

	"chatbridge/migrate"
	"chatbridge/migrate/inplace"
)

// InPlace renders what became of the channels that were, or would be, made
// private where they are: as text, JSON or Markdown.
func InPlace(w io.Writer, f Format, r inplace.Result, options ...Option) error {
	switch f {
	case JSON:
		r.Services, r.Samples, r.Failures = filled(r.Services), filled(r.Samples), filled(r.Failures)
		r.SampleNames = filled(r.SampleNames)
		if r.Added != nil {
			added := *r.Added
			added.Channels = filled(added.Channels)
			r.Added = &added
		}
		return encodeFrom(w, r, provenanceOf(options))
	case Text, Markdown:
		return inPlaceDocument(r).with(options).render(w, f)
	}
	return unknown(f)
}

func inPlaceDocument(r inplace.Result) *document {
	d := &document{title: "Channels made visible in place", verdict: inPlaceVerdict(r)}
	if !r.Executed {
		d.title = "Channels to make visible in place"
	}
	services := tableBlock{header: []string{"service", "name"}}
	for _, s := range r.Services {
		services.rows = append(services.rows, []string{s.SourceSID, s.FriendlyName})
	}
	d.add(heading("Services"), services)
	made := "made private by this run"
	if !r.Executed {
		made = "would be made private"
	}
	channels := tableBlock{header: []string{"channels", "count"}, numbers: []int{1}, rows: [][]string{
		{"in all", Number(r.Channels)},
		{"private already", Number(r.Visible)},
	}}
	if r.Executed {
		channels.rows = append(channels.rows, []string{"made private by an earlier run", Number(r.Before)})
	}
	channels.rows = append(channels.rows, []string{made, Number(r.Promoted)})
	if r.Executed {
		channels.rows = append(channels.rows, []string{"failed", Number(r.Failed)})
	}
	d.add(heading("Channels"), channels)
	if len(r.Samples) > 0 {
		d.add(paragraph("Among them:"), commands(Named(r.Samples, r.SampleNames)))
	}
	d.added(r)
	d.failures(r.Failures, failuresShown)
	d.add(heading("What to do next"))
	d.add(inPlaceNext(r)...)
	return d
}

func inPlaceVerdict(r inplace.Result) string {
	switch {
	case !r.Executed && r.Added != nil:
		return fmt.Sprintf("%s would be made private and %s added; nothing was changed.", count(r.Promoted, "channel", "channels"), count(r.Added.Participants, "participant", "participants"))
	case !r.Executed:
		return fmt.Sprintf("%s would be made private; nothing was changed.", count(r.Promoted, "channel", "channels"))
	case r.Status == migrate.InterruptedStatus:
		return fmt.Sprintf("interrupted after %s; running it again resumes.", count(r.Promoted, "channel", "channels"))
	case r.Status == migrate.Partial && r.Failed == 0:
		return fmt.Sprintf("%s made private; %s could not be added.", count(r.Promoted, "channel was", "channels were"), count(r.Added.Failed, "participant", "participants"))
	case r.Status == migrate.Partial:
		return fmt.Sprintf("%s made private, %s not.", count(r.Promoted, "channel was", "channels were"), Number(r.Failed))
	case r.Status == migrate.FailedStatus:
		return "failed; running it again resumes."
	case r.Promoted == 0 && r.Added != nil && r.Added.Added > 0:
		return fmt.Sprintf("complete in %s; %s added.", Duration(r.Duration), count(r.Added.Added, "participant was", "participants were"))
	case r.Promoted == 0:
		return "everything was private already; nothing was changed."
	}
	return fmt.Sprintf("complete in %s; %s made private.", Duration(r.Duration), count(r.Promoted, "channel was", "channels were"))
}

func inPlaceNext(r inplace.Result) []block {
	switch {
	case !r.Executed && r.Added != nil && r.Added.Participants > 0:
		return []block{
			paragraph("Making a channel private cannot be undone, and chatbridge takes nobody out again. Nothing else changes: SIDs, history, members and read horizons stay."),
			commands{"chatbridge migrate --in-place"},
		}
	case !r.Executed && r.Promoted == 0:
		return []block{paragraph("Nothing has to be made private. Clients can switch to the Conversations SDK: SIDs, history and read horizons are the same.")}
	case !r.Executed:
		return []block{
			paragraph("Making a channel private cannot be undone. People can no longer find it or join it without being added, in Chat too. Nothing else changes: SIDs, history, members and read horizons stay."),
			commands{"chatbridge migrate --in-place"},
			paragraph("To add people afterwards, who cannot join by themselves then:"),
			commands{"chatbridge migrate --in-place --add-members all --dry-run"},
		}
	case r.Status != migrate.Complete:
		return []block{paragraph("Go on where it stopped, with the same settings:"), commands{"chatbridge migrate --in-place"}}
	}
	if r.Added != nil {
		return []block{paragraph("Compare what Chat and Conversations show:"), commands{"chatbridge verify --in-place"}}
	}
	return []block{
		paragraph("Compare what Chat and Conversations show:"), commands{"chatbridge verify --in-place"},
		paragraph("People can no longer find or join formerly public channels. To see what it takes to add them:"),
		commands{"chatbridge migrate --in-place --add-members all --dry-run"},
	}
}

// Named are SIDs with the names beside them, where there are any.
func Named(sids, names []string) []string {
	all := slices.Clone(sids)
	for i, name := range names[:min(len(names), len(sids))] {
		if name != "" {
			all[i] += " " + Plain(name)
		}
	}
	return all
}
