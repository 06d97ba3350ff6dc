package reports_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate/inplace"
	"chatbridge/migrate/undo"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

// filed is every report that can say where it comes from, in one format.
func filed(t *testing.T, f reports.Format, p reports.Provenance) map[string]string {
	t.Helper()
	all := map[string]string{}
	put := func(name string, write func(*bytes.Buffer) error) {
		var b bytes.Buffer
		require.NoError(t, write(&b), name)
		all[name] = b.String()
	}
	from := reports.From(p)
	put("audit", func(b *bytes.Buffer) error { return reports.Audit(b, f, sampleAudit(), from) })
	put("migration", func(b *bytes.Buffer) error { return reports.WriteMigration(b, f, migration(), from) })
	if f != reports.Markdown {
		put("verification", func(b *bytes.Buffer) error {
			v := reports.NewVerification(b, f, from)
			v.Difference(differences()[0])
			return v.Close(verify.Verification{})
		})
	}
	put("rehearsal", func(b *bytes.Buffer) error { return reports.Rehearse(b, f, rehearsal(), from) })
	if f != reports.HTML {
		put("doctor", func(b *bytes.Buffer) error { return reports.Doctor(b, f, diagnosis(), from) })
	}
	if f == reports.JSON {
		put("undo", func(b *bytes.Buffer) error { return reports.NewUndo(b, f, from).Close(undo.Undone{}) })
		put("repair", func(b *bytes.Buffer) error { return reports.NewRepairs(b, f, false, from).Close(verify.Repairs{}) })
		put("in place", func(b *bytes.Buffer) error { return reports.InPlace(b, f, inplace.Result{}, from) })
	}
	return all
}

func TestProvenance(t *testing.T) {
	for name, raw := range filed(t, reports.JSON, provenance()) {
		t.Run("is a field of the JSON of "+name, func(t *testing.T) {
			var got struct {
				Provenance reports.Provenance `json:"provenance"`
			}
			require.NoError(t, json.Unmarshal([]byte(raw), &got))
			require.Equal(t, provenance(), got.Provenance)
		})
	}
	for _, f := range []reports.Format{reports.HTML, reports.Markdown} {
		for name, got := range filed(t, f, provenance()) {
			t.Run("is told by "+name+" as "+string(f), func(t *testing.T) {
				got = strings.ReplaceAll(got, `\`, "")
				for _, fact := range []string{
					"2026-03-01 12:00:00 UTC", "v1.2.3", "box", "support.db", sid("AC", 1) + " at chat.twilio.com",
					sid("AC", 2) + " at conversations.twilio.com", "--policy invite=add,media=skip", "--identities people.csv", "--replay",
				} {
					has(t, got, fact)
				}
			})
		}
	}
	t.Run("names an archive in place of a host", func(t *testing.T) {
		p := provenance()
		p.Source, p.Target = &reports.Side{Account: sid("AC", 1), Archive: "kept/<b>.zip"}, nil
		html := filed(t, reports.HTML, p)["audit"]
		has(t, html, "archive kept/&lt;b&gt;.zip of "+sid("AC", 1))
		lacks(t, html, "<dt>target</dt>")
	})
	t.Run("with no settings says so, and a long one is cut for people alone", func(t *testing.T) {
		p := provenance()
		p.Settings = nil
		has(t, filed(t, reports.HTML, p)["audit"], "all at their defaults")
		has(t, filed(t, reports.JSON, p)["audit"], `"settings": []`)
		p.Settings = []reports.Setting{{Name: "channel", Value: strings.Repeat("é", 4000)}}
		lacks(t, filed(t, reports.HTML, p)["audit"], strings.Repeat("é", 300))
		has(t, filed(t, reports.JSON, p)["audit"], strings.Repeat("é", 4000))
	})
	t.Run("that nobody gave is not there", func(t *testing.T) {
		for name, got := range rendered(t, invented(t)) {
			require.NotContains(t, got, "provenance", name)
		}
	})
}
