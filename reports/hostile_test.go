package reports_test

import (
	"bytes"
	"encoding/csv"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"chatbridge/migrate"
	"chatbridge/migrate/pace"
	"chatbridge/migrate/verify"
	"chatbridge/reports"
)

// formulas are names that a spreadsheet would obey.
var formulas = []string{
	"=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "\ufeff=1", "\ufeff\ufeff=1", "＝1+1", "＋1", "－1", "＠SUM(1)",
	`=HYPERLINK("https://attacker.example","x")`, `",=1+1,"`,
}

// named is every report in every form, of a migration where everything that has
// a name has this one.
func named(t *testing.T, name string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, f := range []reports.Format{reports.Text, reports.JSON, reports.Markdown, reports.CSV, reports.HTML} {
		put := func(report string, write func(*bytes.Buffer) error) {
			var b bytes.Buffer
			require.NoError(t, write(&b), "%s as %s", report, f)
			all[report+"."+string(f)] = b.String()
		}
		put("audit", func(b *bytes.Buffer) error {
			a := sampleAudit()
			a.Services = []migrate.SourceService{{SourceSID: name, FriendlyName: name}}
			a.Estimate.LongestChannel = name
			a.Findings = []migrate.FindingCount{{Code: "x", Severity: "loss", Count: 1, Samples: []string{name}}}
			return reports.Audit(b, f, a)
		})
		put("migration", func(b *bytes.Buffer) error {
			m := migration()
			m.Ledger = name
			m.Summary.Services = []migrate.SummaryService{{SourceSID: name, TargetSID: name, FriendlyName: name}}
			m.Summary.Failures = []migrate.FailureLine{{Kind: name, SourceSID: name, TargetSID: name, Reason: name, Hint: name}}
			m.Summary.LaneTimes.Longest = []pace.LaneTime{{SourceSID: name, FriendlyName: name}}
			m.Channels = reports.Channels{}
			m.Channels.Add(channel(1, name, 3), name)
			return reports.WriteMigration(b, f, m)
		})
		if f != reports.Markdown {
			put("verification", func(b *bytes.Buffer) error {
				v := reports.NewVerification(b, f)
				v.Difference(verify.Difference{Class: verify.Altered, Kind: name, Channel: name, SourceSID: name, TargetSID: name, Field: name, Detail: name})
				return v.Close(verify.Verification{Differences: map[verify.Class]int64{verify.Altered: 1}})
			})
		}
	}
	return all
}

// markup is every tag of a page.
var markup = regexp.MustCompile(`<[/a-zA-Z!][^>]*>`)

func TestHostileNamesEverywhere(t *testing.T) {
	harmless := named(t, "harmless")
	for _, name := range append(formulas, hostileNames...) {
		for report, got := range named(t, name) {
			for _, r := range got {
				if r != '\n' {
					require.False(t, unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r), "%q in %s of %q", r, report, name)
				}
			}
			require.True(t, utf8.ValidString(got), "%s of %q", report, name)
			switch {
			case strings.HasSuffix(report, ".csv"):
				requireNoFormula(t, got)
			case strings.HasSuffix(report, ".html") && name != "":
				require.Equal(t, len(markup.FindAllString(harmless[report], -1)), len(markup.FindAllString(got, -1)), "%s of %q has other tags", report, name)
			}
		}
	}
}

func requireNoFormula(t *testing.T, text string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	for _, row := range rows {
		for _, cell := range row {
			first, _ := utf8.DecodeRuneInString(cell)
			require.False(t, cell != "" && strings.ContainsRune("=+-@\t\r\n\ufeff＝＋－＠", first), "%q", cell)
		}
	}
}
