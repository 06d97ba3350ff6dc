package reports_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"chatbridge/reports"
)

// small is how many elements a page has at the most, whatever its table holds.
const small = 5_000

// reach scrolls to one in so many chunks of rows, one after the other, and to the
// last. It returns the numbers of the first row of each, once it is drawn, and the
// most elements that the page had.
const reach = `(async () => {
	const chunks = [...document.querySelectorAll(".chunk")], firsts = [];
	let most = 0;
	for (let at = 0; at < chunks.length; at = at === chunks.length - 1 ? at + 1 : Math.min(at + 50, chunks.length - 1)) {
		chunks[at].scrollIntoView({ block: "start" });
		while (!chunks[at].querySelector("[aria-rowindex]")) await new Promise(requestAnimationFrame);
		firsts.push(Number(chunks[at].rows[0].getAttribute("aria-rowindex")));
		most = Math.max(most, document.querySelectorAll("*").length);
	}
	return { firsts, last: chunks.at(-1).rows[chunks.at(-1).rows.length - 1].cells[7].textContent, most };
})()`

// onPaper is what of the table is to be seen.
const onPaper = `(() => {
	const seen = s => [...document.querySelectorAll(s)].filter(e => e.checkVisibility()).length;
	return { worst: seen(".worst tr"), drawn: seen(".chunk tr"), cut: seen(".cut"), verdict: seen(".verdict"), facts: seen(".facts dd"), tools: seen(".tools, nav") };
})()`

func TestCatalogInBrowser(t *testing.T) {
	const all = 20_000
	b := open(t, auditPage(t, sampleAudit(), reports.WithAuditChannels(many(all)), reports.From(provenance())))
	type reached struct {
		Firsts []int  `json:"firsts"`
		Last   string `json:"last"`
		Most   int    `json:"most"`
	}
	for _, width := range []int64{1280, 390} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("has every row where one scrolls, at %d pixels in %s", width, scheme), func(t *testing.T) {
				b.t = t
				b.emulate(width, scheme, "")
				began := time.Now()
				got := get(b, chromedp.Evaluate[reached](reach, chromedp.EvalAwaitPromise))
				t.Logf("scrolled through in %s", time.Since(began).Round(time.Millisecond))
				for i, first := range got.Firsts[:len(got.Firsts)-1] {
					require.Equal(t, i*50*50+2, first)
				}
				require.Equal(t, all-50+2, got.Firsts[len(got.Firsts)-1])
				require.Equal(t, sid("CH", 0), got.Last, "the one with the fewest messages is the last")
				require.Less(t, got.Most, small)
				require.LessOrEqual(t, ask[int64](b, `document.documentElement.scrollWidth`), width)
				require.Empty(t, ask[[]string](b, faint))
			})
		}
	}
	b.t = t
	t.Run("finds any row, and says how many there are", func(t *testing.T) {
		b.do(chromedp.SendKeys(chromedp.CSS(`#channels-words`), "ls-12345"))
		require.Equal(t, []string{sid("CH", 12345)}, b.shown("7"))
		require.Equal(t, "1 of 20,000 rows", ask[string](b, `document.querySelector("[role=status]").textContent`))
		require.Equal(t, "2", ask[string](b, `document.querySelector("#channels").getAttribute("aria-rowcount")`))
		b.do(chromedp.SendKeys(chromedp.CSS(`#channels-words`), " nowhere"))
		require.Equal(t, "No row has all of that.", ask[string](b, `document.querySelector(".chunk").innerText.trim()`))
		b.do(chromedp.KeyEvent("\x1b"))
		require.Equal(t, "20001", ask[string](b, `document.querySelector("#channels").getAttribute("aria-rowcount")`))
	})
	t.Run("sorts all rows, not those that are drawn", func(t *testing.T) {
		for _, want := range []string{sid("CH", all-1), sid("CH", 0)} {
			b.do(chromedp.Click(chromedp.CSS(`#channels thead th:nth-child(3) button`)))
			require.Equal(t, want, b.shown("7")[0])
		}
		require.Equal(t, 0, ask[int](b, foreign))
	})
	t.Run("prints the summary and the worst hundred, whatever is shown", func(t *testing.T) {
		b.screenshot("many-paper", 794, "dark", "print")
		require.Equal(t, map[string]int{"worst": 100, "drawn": 0, "cut": 1, "verdict": 1, "facts": 7, "tools": 0}, ask[map[string]int](b, onPaper))
		require.Empty(t, ask[[]string](b, faint))
		pdf := get(b, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize()))
		require.NoError(t, os.WriteFile(filepath.Join(t.ArtifactDir(), "many.pdf"), pdf, 0o644))
	})
	t.Run("loads nothing, and nothing goes wrong", func(t *testing.T) { b.requireClean() })
}
