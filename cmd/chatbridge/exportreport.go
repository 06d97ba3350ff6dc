package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"chatbridge/migrate"
	"chatbridge/migrate/archive"
	"chatbridge/reports"
)

// exportReport is the result of export.
type exportReport struct {
	SchemaVersion int            `json:"schema_version"`
	Command       string         `json:"command"`
	Path          string         `json:"path"`
	Counts        migrate.Counts `json:"counts"`
	Files         int64          `json:"files"`
	Bytes         int64          `json:"bytes"` // of the files, before a zip makes them smaller
	Media         exportedMedia  `json:"media"`
	archive.Exported
	Duration float64 `json:"duration_seconds"`
}

// exportedMedia are the files of messages in an archive.
type exportedMedia struct {
	Files int64  `json:"files"`
	Bytes int64  `json:"bytes"`
	State string `json:"state"` // archive.MediaRead, archive.MediaLeftOut or mediaNotShown
}

// mediaNotShown is said where the source does not show which messages have files.
const mediaNotShown = "not shown"

func mediaIn(counted interface{ Media() (files, bytes int64) }, state string) exportedMedia {
	m := exportedMedia{State: cmp.Or(state, mediaNotShown)}
	m.Files, m.Bytes = counted.Media()
	return m
}

// writeExport writes the result as text or JSON.
func writeExport(w io.Writer, form reports.Format, r exportReport) error {
	if form == reports.JSON {
		r.Withheld = filledResources(r.Withheld)
		r.Vanished, r.Appeared = filledResources(r.Vanished), filledResources(r.Appeared)
		if r.MediaMissing == nil {
			r.MediaMissing = []archive.MissingMedia{}
		}
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	_, err := fmt.Fprintf(w, "Export: %s in %s, %s in %s\n", quantity(r.Files, "file", "files"), reports.Plain(r.Path),
		quantity(r.Bytes, "byte", "bytes"), reports.Duration(r.Duration))
	type counted struct {
		name string
		n    int64
	}
	kinds := []counted{
		{migrate.KindServices, r.Counts.Services}, {migrate.KindRoles, r.Counts.Roles}, {migrate.KindUsers, r.Counts.Users},
		{migrate.KindChannels, r.Counts.Channels}, {migrate.KindMembers, r.Counts.Members}, {migrate.KindMessages, r.Counts.Messages},
		{migrate.KindInvites, r.Counts.Invites}, {migrate.KindCredentials, r.Counts.Credentials},
	}
	for _, newer := range []counted{{migrate.KindWebhooks, r.Counts.Webhooks}, {migrate.KindBindings, r.Counts.Bindings}} {
		if newer.n > 0 { // Chat v2 alone shows any
			kinds = append(kinds, newer)
		}
	}
	for _, kind := range kinds {
		_, line := fmt.Fprintf(w, "  %-12s %s\n", kind.name, reports.Number(kind.n))
		err = errors.Join(err, line)
	}
	_, line := fmt.Fprintf(w, "  %-12s %s\n", migrate.KindFiles, r.Media.text())
	err = errors.Join(err, line)
	for _, list := range []struct {
		what string
		all  []archive.Resource
	}{{"deleted meanwhile, left out", r.Vanished}, {"made meanwhile, not in the archive", r.Appeared}, {"not shown to this key, not in the archive", r.Withheld}} {
		for _, one := range list.all {
			_, line := fmt.Fprintf(w, "%s: %s %s\n", list.what, one.Kind, reports.Plain(one.SID))
			err = errors.Join(err, line)
		}
	}
	for _, one := range r.MediaMissing {
		_, line := fmt.Fprintf(w, "file not in the archive: %s: %s\n", reports.Plain(one.SID), reports.Plain(one.Reason))
		err = errors.Join(err, line)
	}
	return err
}

func (m exportedMedia) text() string {
	switch m.State {
	case archive.MediaLeftOut:
		return "left out (--files=false)"
	case mediaNotShown:
		return "not shown by v1 (--source-api v2 shows them)"
	}
	text := reports.Number(m.Files)
	if m.Files > 0 {
		text += ", " + quantity(m.Bytes, "byte", "bytes")
	}
	return text
}

func filledResources(all []archive.Resource) []archive.Resource {
	if all == nil {
		return []archive.Resource{}
	}
	return all
}

func quantity(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return reports.Number(n) + " " + many
}
