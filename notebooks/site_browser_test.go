//go:build browser

package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// makeSite makes the site with one explorer, and returns its folder and the address of a server of
// it. A page that asks for what is not there fails the test.
func makeSite(t *testing.T) (dir, address string) {
	t.Helper()
	runs := writeFiles(t, map[string]string{"my-run/explorer.html": "<!DOCTYPE html><title>Mine</title><p id=moves>moves</p>"})
	dir = filepath.Join(t.TempDir(), "site")
	cmd := launch(t, "site", "-o", dir)
	cmd.Env = append(cmd.Env, "CRLSO_RUNS="+runs)
	if stdout, stderr, status := result(t, cmd); status != 0 || stderr != "" || !strings.HasSuffix(stdout, filepath.Join(dir, "index.html")+"\n") {
		t.Fatalf("exit status %d: %s%s", status, stdout, stderr)
	}
	files := http.FileServer(http.Dir(dir))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		files.ServeHTTP(recorder, r)
		if recorder.Code == http.StatusNotFound && r.URL.Path != "/favicon.ico" { // which browsers ask of any server
			t.Errorf("a page asks for %s, which is not there", r.URL)
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return dir, server.URL
}

// TestBrowserSite opens the site as a reader does, from a server and from its folder.
func TestBrowserSite(t *testing.T) {
	dir, address := makeSite(t)
	b := newBrowser(t)
	at := func(page string) { b.t.Helper(); b.do(chromedp.Navigate(address + page)) }

	at("/index.html")
	b.screenshot("site", 1400)
	pages := eval[[]string](b, "[...document.querySelectorAll('.sidebar-tree a')].map(a => new URL(a.href).pathname)")
	notebooks, err := filepath.Glob("*.ipynb")
	if err != nil || len(pages) < len(notebooks)+5 {
		t.Fatalf("the navigation has %q for %d notebooks, %v", pages, len(notebooks), err)
	}
	b.testSearch(address, "concave", "/notebooks/07_convexity_from_scratch.html")
	b.do(chromedp.Navigate("file://" + filepath.Join(dir, "search.html?q=concave")))
	b.wantFound("07_convexity_from_scratch.html")

	at("/explorer/index.html")
	if text := eval[string](b, "document.querySelector('iframe').contentDocument.getElementById('moves').textContent"); text != "moves" {
		t.Errorf("the page Explorer shows %q", text)
	}
	at("/notebooks/07_convexity_from_scratch.html")
	b.testNotebook()
	b.testDark()
	b.screenshot("site-dark", 1400)
	for _, page := range append(pages, "/index.html", "/crlso/search/index.html", "/crlso/encoder.go.html", "/search.html?q=concave") {
		b.do(chromedp.EmulateViewport(360, 800))
		at(page)
		if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 360 {
			t.Errorf("%s is %d pixels wide on a phone of 360", page, wide)
		}
	}
	at("/notebooks/quickstart.html")
	b.screenshotAt("site-phone", 360, 2000)
}

// testSearch types a word into the field of the page and wants a page among what is found.
func (b browser) testSearch(address, word, page string) {
	b.t.Helper()
	b.do(chromedp.Focus(".sidebar-search"))
	for _, letter := range word {
		b.do(chromedp.KeyEvent(string(letter)))
	}
	b.do(chromedp.KeyEvent(kb.Enter))
	b.wantFound(page)
	b.do(chromedp.Navigate(address + "/search.html?q=nosuchwordanywhere"))
	within(b.t, time.Minute, "end of the search", func() bool {
		return strings.Contains(eval[string](b, "document.querySelector('article')?.innerText ?? ''"), "did not match")
	})
}

// wantFound waits for a page among the results of a search.
func (b browser) wantFound(page string) {
	b.t.Helper()
	within(b.t, time.Minute, page+" among what is found", func() bool {
		return eval[bool](b, "[...document.querySelectorAll('#search-results li a')].some(a => a.pathname.endsWith('"+page+"'))")
	})
}

// testNotebook wants figures to be drawn, formulas to be there, and solutions to be folded until
// they are opened.
func (b browser) testNotebook() {
	b.t.Helper()
	empty := eval[[]string](b, `Promise.all([...document.querySelectorAll('article img')].map(async image => {
		image.loading = 'eager';
		await image.decode();
		return image.clientWidth > 300 && image.naturalWidth > 300 ? '' : image.src;
	}))`)
	if bad := strings.Join(empty, ""); bad != "" || len(empty) == 0 {
		b.t.Errorf("of %d figures these are not drawn: %s", len(empty), bad)
	}
	if n := eval[int](b, "document.querySelectorAll('article math').length"); n == 0 {
		b.t.Error("no formula is drawn")
	}
	const shows = "document.querySelector('details.solution .highlight').checkVisibility()"
	if eval[bool](b, shows) {
		b.t.Error("a solution shows before it is opened")
	}
	eval[chromedp.Void](b, "document.querySelector('details.solution summary').click()")
	if !eval[bool](b, shows) {
		b.t.Error("a solution that is opened does not show")
	}
}

// testDark switches to dark, which has to stay on the next page.
func (b browser) testDark() {
	b.t.Helper()
	const paper = "getComputedStyle(document.body).backgroundColor"
	light := eval[string](b, paper)
	dark := light
	for range 3 { // light, dark, and as the system has it
		eval[chromedp.Void](b, "[...document.querySelectorAll('.theme-toggle')].find(button => button.checkVisibility()).click()")
		if dark = eval[string](b, paper); dark != light {
			break
		}
	}
	b.do(chromedp.Reload())
	if again := eval[string](b, paper); dark == light || again != dark {
		b.t.Errorf("the page is %s, %s after the switch, and %s when it is loaded again", light, dark, again)
	}
}
