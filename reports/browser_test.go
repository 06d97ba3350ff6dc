package reports_test

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"chatbridge/reports"
)

// requireChromium makes a machine without Chromium fail the tests that need it,
// which they skip otherwise.
const requireChromium = "CHATBRIDGE_REQUIRE_CHROMIUM"

// browser is a page in headless Chromium, and what the page did there.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	requests []string
	trouble  []string
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const how = "there is no Chromium; install one with: apt-get install chromium"
	if os.Getenv(requireChromium) != "" {
		t.Fatal(how)
	}
	t.Skip(how)
	return ""
}

// open shows html, from a file as a person would.
func open(t *testing.T, html string) *browser {
	t.Helper()
	path := chromium(t)
	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, os.WriteFile(file, []byte(html), 0o600))
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox,
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
	)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	b := &browser{t: t}
	b.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(b.observe))
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(b.ctx, command(network.Enable, network.EnableParams{})), "Chromium starts")
	address := url.URL{Scheme: "file", Path: file}
	b.do(command(log.Enable, cdp.Empty{}), chromedp.EmulateViewport(1280, 900), chromedp.Navigate(address.String()))
	return b
}

// command is a command of the protocol as an action.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

func (b *browser) observe(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *log.EventEntryAdded:
		b.trouble = append(b.trouble, e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		b.trouble = append(b.trouble, "console: "+string(e.Type))
	case *runtime.EventExceptionThrown:
		b.trouble = append(b.trouble, e.ExceptionDetails.Text)
	}
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	get(b, chromedp.Action[chromedp.Void](chromedp.Steps(actions...)))
}

// get runs an action that should take no time.
func get[T any](b *browser, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	got, err := chromedp.Run(ctx, action)
	require.NoError(b.t, err)
	return got
}

// ask evaluates an expression of the page's language.
func ask[T any](b *browser, expression string) T {
	b.t.Helper()
	return get(b, chromedp.Evaluate[T](expression))
}

// shown are the texts of a column of the rows that are to be seen.
func (b *browser) shown(column string) []string {
	b.t.Helper()
	return ask[[]string](b, `[...document.querySelectorAll(".catalog .chunk [aria-rowindex]")].map(r => r.cells[`+column+`].innerText.trim())`)
}

// screenshot keeps the whole page as a picture. With -artifacts they outlive the
// test.
func (b *browser) screenshot(name string, width int64, scheme, medium string) {
	b.t.Helper()
	b.emulate(width, scheme, medium)
	png := get(b, chromedp.FullScreenshot(100))
	require.NoError(b.t, os.WriteFile(filepath.Join(b.t.ArtifactDir(), name+".png"), png, 0o644))
}

// emulate is a screen or paper that is so wide.
func (b *browser) emulate(width int64, scheme, medium string) {
	b.t.Helper()
	b.do(
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		}),
		chromedp.EmulateViewport(width, 800),
	)
}

// faint lists texts whose contrast with what is behind them is below what WCAG
// 2.2 asks at level AA.
const faint = `(() => {
	const rgb = s => s.match(/[\d.]+/g).map(Number);
	const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = e => {
		for (; e; e = e.parentElement) {
			const c = rgb(getComputedStyle(e).backgroundColor);
			if (c.length < 4 || c[3] === 1) return c;
		}
		return [255, 255, 255];
	};
	const found = [];
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (texts.nextNode()) {
		const e = texts.currentNode.parentElement;
		if (!texts.currentNode.data.trim() || !e.checkVisibility() || e.closest("script")) continue;
		const style = getComputedStyle(e);
		const [a, b] = [light(rgb(style.color)), light(behind(e))].sort((x, y) => y - x);
		const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < (large ? 3 : 4.5)) found.push(ratio.toFixed(2) + " " + texts.currentNode.data.trim().slice(0, 40));
	}
	return found;
})()`

// foreign counts elements that no page has.
const foreign = `document.querySelectorAll("img, iframe, object, embed, b, [onerror], [onload], [onfocus], [onmouseover], [style]").length`

func TestBrowser(t *testing.T) {
	b := open(t, page(t, migration()))
	all := len(hostileNames) + 1
	run := func(name string, f func(t *testing.T)) {
		t.Run(name, func(t *testing.T) {
			b.t = t
			f(t)
		})
	}

	run("every channel is there, and how many are shown is said", func(t *testing.T) {
		require.Len(t, b.shown("0"), all)
		require.Equal(t, "13 rows", ask[string](b, `document.querySelector("[role=status]").textContent`))
	})
	run("names stay text", func(t *testing.T) {
		require.Contains(t, ask[string](b, `document.title`), "Migration from Chat v1")
		require.Equal(t, 0, ask[int](b, foreign))
		require.Contains(t, b.shown("0"), hostileNames[1])
		require.Contains(t, b.shown("0"), hostileNames[5], "braces are no template")
	})
	run("a click sorts by a number, the greatest first, and another turns it round", func(t *testing.T) {
		b.do(chromedp.Click(chromedp.CSS(`#channels thead th:nth-child(3) button`)))
		require.Equal(t, "descending", ask[string](b, `document.querySelector("#channels th:nth-child(3)").getAttribute("aria-sort")`))
		require.Equal(t, []string{"1,331", "1,000", "729"}, b.shown("2")[:3])
		b.do(chromedp.Click(chromedp.CSS(`#channels thead th:nth-child(3) button`)))
		require.Equal(t, "ascending", ask[string](b, `document.querySelector("#channels th:nth-child(3)").getAttribute("aria-sort")`))
		require.Equal(t, []string{"0", "1", "8"}, b.shown("2")[:3])
	})
	run("the keyboard reaches a heading and sorts by it", func(t *testing.T) {
		b.do(chromedp.Focus(chromedp.CSS(`#channels-choice`)), chromedp.KeyEvent("\t\t"))
		require.Equal(t, "name", ask[string](b, `document.activeElement.textContent`), "behind the tools come the table and its first heading")
		b.do(chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
		require.Equal(t, 1, ask[int](b, `document.querySelectorAll("[aria-sort]").length`))
		require.Equal(t, "ascending", ask[string](b, `document.querySelector("#channels th:nth-child(2)").getAttribute("aria-sort")`))
		states := b.shown("1")
		require.True(t, strings.HasPrefix(states[len(states)-1], "not carried"), "%q", states)
		b.do(chromedp.KeyEvent(" "))
		require.True(t, strings.HasPrefix(b.shown("1")[0], "not carried"))
	})
	run("typing filters, and escape shows all again", func(t *testing.T) {
		b.do(chromedp.SendKeys(chromedp.CSS(`#channels-words`), "zeta"))
		require.Equal(t, []string{"Zeta"}, b.shown("0"))
		require.Equal(t, "1 of 13 rows", ask[string](b, `document.querySelector("[role=status]").textContent`))
		b.do(chromedp.KeyEvent("\x1b"))
		require.Len(t, b.shown("0"), all)
	})
	run("choosing a state filters", func(t *testing.T) {
		b.do(chromedp.Focus(chromedp.CSS(`#channels-choice`)), chromedp.KeyEvent("n"))
		require.Equal(t, []string{"Zeta"}, b.shown("0"))
		b.do(chromedp.KeyEvent(kb.Home))
		require.Len(t, b.shown("0"), all)
	})
	run("paper is light, and shows tables whole", func(t *testing.T) {
		b.screenshot("paper", 794, "dark", "print")
		require.Equal(t, "rgb(255, 255, 255)", ask[string](b, `getComputedStyle(document.body).backgroundColor`))
		require.Empty(t, ask[[]string](b, faint))
		require.Equal(t, 0, ask[int](b, `[...document.querySelectorAll(".scroll")].filter(e => e.scrollHeight > e.clientHeight + 1).length`))
		pdf := get(b, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize()))
		require.NoError(t, os.WriteFile(filepath.Join(t.ArtifactDir(), "paper.pdf"), pdf, 0o644))
	})
	run("without scripts it is a plain table", func(t *testing.T) {
		b.do(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}), chromedp.Reload(),
			chromedp.WaitNotPresent(chromedp.CSS(`th button`)),
			chromedp.WaitReady(chromedp.CSS(`.tools[hidden]`)),
			chromedp.WaitReady(chromedp.CSS(`#channels tbody tr:nth-child(13)`)))
	})
	run("nothing was loaded but the file, and nothing went wrong", func(t *testing.T) { b.requireClean() })
}

func TestPagesInBrowser(t *testing.T) {
	for name, html := range rendered(t, invented(t)) {
		name, isPage := strings.CutSuffix(name, ".html")
		if !isPage {
			continue
		}
		t.Run(name+" can be read on a screen and on a phone, in light and in dark", func(t *testing.T) {
			b := open(t, string(html))
			for _, width := range []int64{1000, 700, 500} {
				b.emulate(width, "light", "")
				require.LessOrEqual(t, ask[int64](b, `document.documentElement.scrollWidth`), width)
			}
			for _, scheme := range []string{"light", "dark"} {
				b.screenshot(name+"-desktop-"+scheme, 1280, scheme, "")
				require.Empty(t, ask[[]string](b, faint))
				b.screenshot(name+"-phone-"+scheme, 390, scheme, "")
				require.Empty(t, ask[[]string](b, faint))
				require.LessOrEqual(t, ask[int](b, `document.documentElement.scrollWidth`), 390, "nothing sticks out of a phone")
			}
			b.requireClean()
		})
	}
}

func TestPoliciesOnAPhone(t *testing.T) {
	var html bytes.Buffer
	require.NoError(t, reports.Policies(&html, reports.HTML))
	b := open(t, html.String())
	for _, width := range []int64{360, 390} {
		b.emulate(width, "light", "")
		require.Empty(t, ask[[]string](b, `[...document.querySelectorAll(".scroll")].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText.slice(0, 40) + ": " + e.scrollWidth)`),
			"no table is wider than the screen")
	}
	b.screenshot("policies-phone", 390, "light", "")
	b.requireClean()
}

// requireClean requires that the page loaded nothing but its own file, and that
// the browser found nothing wrong with it.
func (b *browser) requireClean() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.NotEmpty(b.t, b.requests)
	for _, address := range b.requests {
		require.True(b.t, strings.HasPrefix(address, "file:") || strings.HasPrefix(address, "data:"), address)
	}
	require.Empty(b.t, b.trouble)
}
