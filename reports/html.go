package reports

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strconv"
)

// The page is one file: nothing is loaded from anywhere, and its policy tells
// the browser so.
var (
	//go:embed assets/page.html
	pageTemplate string
	//go:embed assets/page.css
	pageStyle string
	//go:embed assets/page.js
	pageScript string
)

// pages are the templates of a page and of each kind of block in it. Texts pass
// through Plain, and html/template makes of them what fits where they stand.
var pages = template.Must(template.New("").Funcs(template.FuncMap{"plain": plainText}).Parse(pageTemplate))

// plainText is Plain for text of any type.
func plainText(s any) string { return Plain(fmt.Sprint(s)) }

// policy lets the browser run this very style and this very script and nothing
// else: not even what a name would smuggle in.
var policy = fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'",
	digest(pageStyle), digest(pageScript))

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// tone is how a verdict is to be taken.
type tone string

const (
	good tone = "good"
	warn tone = "warn"
	bad  tone = "bad"
)

// marks say a tone without color.
var marks = map[tone]string{good: "✓", warn: "!", bad: "✗"}

// figure is one number at the head of a page.
type figure struct{ Name, Value string }

// page is a document as its template takes it.
type page struct {
	Title, Verdict string
	Tone           tone
	Mark           string
	Second         string // said below the verdict
	Figures        []figure
	Facts          []fact  // where the report comes from
	Opening        []block // what stands before the first section
	Sections       []section
	Policy         string
	Style          template.CSS
	Script         template.JS
}

type section struct {
	ID     string
	Title  string
	Blocks []block
}

func (d *document) html(w io.Writer) error {
	p := page{
		Title: d.title, Verdict: capital(d.verdict), Tone: d.tone, Mark: marks[d.tone], Second: d.second,
		Figures: d.figures, Facts: d.from.facts(),
		Policy: policy, Style: template.CSS(pageStyle), Script: template.JS(pageScript),
	}
	for _, b := range d.blocks {
		if h, ok := b.(heading); ok {
			p.Sections = append(p.Sections, section{ID: "s" + strconv.Itoa(len(p.Sections)+1), Title: string(h)})
			continue
		}
		if len(p.Sections) == 0 {
			p.Opening = append(p.Opening, captioned(b, d.title))
			continue
		}
		at := &p.Sections[len(p.Sections)-1]
		at.Blocks = append(at.Blocks, captioned(b, at.Title))
	}
	if err := pages.ExecuteTemplate(w, "page", &p); err != nil {
		return fmt.Errorf("render page: %w", err)
	}
	return nil
}

// captioned gives a table that has no caption the title of its section.
func captioned(b block, title string) block {
	if t, ok := b.(tableBlock); ok && t.caption == "" {
		t.caption, t.spoken = title, true
		return t
	}
	return b
}

// Block renders one block by the template of its kind.
func (p *page) Block(b block) (template.HTML, error) {
	switch b := b.(type) {
	case paragraph:
		return fragment("paragraph", b)
	case commands:
		return fragment("commands", b)
	case findingList:
		return fragment("findings", b.groups())
	case tableBlock:
		return fragment("table", b.view())
	case probeList:
		return fragment("table", b.table().view())
	case steps:
		return fragment("steps", b)
	case chart:
		return fragment("chart", b.view())
	case catalog:
		v, err := b.view()
		if err != nil {
			return "", err
		}
		return fragment("catalog", v)
	case details:
		inner, err := p.Block(b.inner)
		if err != nil {
			return "", err
		}
		return fragment("details", struct {
			Summary string
			Inner   template.HTML
		}{b.summary, inner})
	}
	return "", fmt.Errorf("render %T: %w", b, errFormat)
}

// fragment is what a template made: it is escaped already.
func fragment(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil
}
