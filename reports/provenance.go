package reports

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"chatbridge/migrate"
)

// Provenance says where a report comes from, to whoever finds it filed away. It has
// no secret: credentials are no settings, and a host stands without user and
// password.
type Provenance struct {
	At       time.Time `json:"at"`      // when the work began, in UTC
	Version  string    `json:"version"` // of the program
	Machine  string    `json:"machine"` // host name of where it ran; empty if it has none
	Source   *Side     `json:"source,omitempty"`
	Target   *Side     `json:"target,omitempty"`
	Ledger   string    `json:"ledger,omitempty"` // the name of its file, without the folder
	Settings []Setting `json:"settings"`         // those that are not the default
	// Rehearsal is what the command took from one; nil if it reads none.
	Rehearsal *migrate.Rehearsed `json:"rehearsal,omitempty"`
}

// Side is one of the two ends.
type Side struct {
	Account string `json:"account"`           // its SID
	Host    string `json:"host,omitempty"`    // of the API that was asked
	Archive string `json:"archive,omitempty"` // the name of what was read in place of an API, without the folder
}

// Setting is a setting by the name of its flag. Value is "true" for a switch, and
// has commas between several values, and of a file the name without the folder.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// From has a report say where it comes from: JSON in the field provenance, a page
// at its head, Markdown at its end. Text and CSV leave it out.
func From(p Provenance) Option {
	p.Settings = filled(p.Settings)
	return func(d *document) { d.from = &p }
}

func provenanceOf(options []Option) *Provenance {
	var d document
	for _, o := range options {
		o(&d)
	}
	return d.from
}

// settingShown is how many characters of a value a report for people shows: a list
// of channels may have thousands.
const settingShown = 300

func (s Setting) String() string {
	if s.Value == "true" {
		return "--" + s.Name
	}
	value := []rune(s.Value)
	if len(value) > settingShown {
		value = append(value[:settingShown-1], '…')
	}
	return "--" + s.Name + " " + string(value)
}

func (s Side) String() string {
	switch {
	case s.Archive != "":
		return "archive " + s.Archive + " of " + cmp.Or(s.Account, "an unknown account")
	case s.Host == "":
		return s.Account
	}
	return s.Account + " at " + s.Host
}

// fact is one line of what is known of a report. Settings are its lines if it has
// no text.
type fact struct {
	Name, Text string
	Settings   []string
}

func (p *Provenance) facts() []fact {
	if p == nil {
		return nil
	}
	all := []fact{{Name: "date", Text: p.At.UTC().Format(dateForm)}}
	if p.Machine != "" {
		all = append(all, fact{Name: "machine", Text: p.Machine})
	}
	all = append(all, fact{Name: "chatbridge", Text: cmp.Or(p.Version, "unknown")})
	if p.Ledger != "" {
		all = append(all, fact{Name: "ledger", Text: p.Ledger})
	}
	if p.Source != nil {
		all = append(all, fact{Name: "source", Text: p.Source.String()})
	}
	if p.Target != nil {
		all = append(all, fact{Name: "target", Text: p.Target.String()})
	}
	settings := fact{Name: "settings"}
	for _, s := range p.Settings {
		settings.Settings = append(settings.Settings, s.String())
	}
	if len(p.Settings) == 0 {
		settings.Text = "all at their defaults"
	}
	all = append(all, settings)
	if p.Rehearsal != nil {
		all = append(all, fact{Name: "rehearsal", Text: rehearsalText(*p.Rehearsal)})
	}
	return all
}

func (p *Provenance) markdown(w *bufio.Writer) {
	if p == nil {
		return
	}
	fmt.Fprint(w, "\n## Where this comes from\n")
	t := tableBlock{header: []string{"", ""}}
	for _, f := range p.facts() {
		t.rows = append(t.rows, []string{f.Name, cmp.Or(f.Text, strings.Join(f.Settings, " "))})
	}
	t.markdown(w)
}

// encodeFrom is encodeJSON of an object, and has it say where it comes from.
func encodeFrom(w io.Writer, v any, p *Provenance) error {
	if p == nil {
		return encodeJSON(w, v)
	}
	var object bytes.Buffer
	if err := encodeJSON(&object, v); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(p, "  ", "  ")
	if err != nil {
		return fmt.Errorf("encode provenance: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s,\n  \"provenance\": %s\n}\n", bytes.TrimSuffix(object.Bytes(), []byte("\n}\n")), escaped(string(raw)))
	return err
}
