//go:build browser

package main

import (
	"bytes"
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// width is that of the pages, in pixels.
const width = 1100

// browser is a tab of headless Chromium that reaches this machine only.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// newBrowser starts Chromium. A request to another machine fails the test.
func newBrowser(t *testing.T) browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("there is no Chromium on PATH: install it (on Debian, `apt-get install chromium` as root)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.WindowSize(width, 900),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.WSURLReadTimeout(2*time.Minute)) // two cores may be busy
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	err := chromedp.Listen(ctx, func(event any) {
		if sent, ok := event.(*network.EventRequestWillBeSent); ok {
			address, err := url.Parse(sent.Request.URL)
			if err != nil || strings.HasPrefix(address.Scheme, "http") && address.Hostname() != "127.0.0.1" {
				t.Errorf("the page asks the network for %s", sent.Request.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return browser{t, ctx}
}

func (b browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// eval runs JavaScript and waits for what it promises.
func eval[T any](b browser, script string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", script, err)
	}
	return value
}

// screenshot saves the picture of a page of that height, in pixels, as runs/browser/NAME.png.
func (b browser) screenshot(name string, height int) { b.screenshotAt(name, width, height) }

// screenshotAt is screenshot at another width than that of the pages.
func (b browser) screenshotAt(name string, width int64, height int) {
	err := chromedp.Do(b.ctx, chromedp.EmulateViewport(width, int64(min(height, 16000))), chromedp.Sleep(time.Second))
	var png []byte
	if err == nil {
		png, err = chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	}
	path := filepath.Join("..", "runs", "browser", name+".png")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, png, 0o644)
	}
	if err != nil {
		b.t.Errorf("screenshot: %v", err)
	}
}

// lab opens JupyterLab at smoke scale in the browser, and returns a function that stops it.
func (b browser) lab() (stop func()) {
	b.t.Helper()
	settings := b.t.TempDir()
	for name, setting := range map[string]string{
		"notebook-extension/tracker":      `{"windowingMode": "none"}`, // cells that nobody has scrolled to exist
		"apputils-extension/notification": `{"fetchNews": "false"}`,    // or it asks whether it may
	} {
		path := filepath.Join(settings, "@jupyterlab", name+".jupyterlab-settings")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(setting), 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
	workspaces := b.t.TempDir()
	cmd, server, log := startLab(b.t, func(cmd *exec.Cmd) {
		cmd.Env = append(cmd.Env, "CRLSO_SCALE=smoke", "JUPYTERLAB_SETTINGS_DIR="+settings, "JUPYTERLAB_WORKSPACES_DIR="+workspaces)
	}, "--LabApp.expose_app_in_browser=True")
	b.do(chromedp.Navigate(server + "/lab?token=" + labToken))
	within(b.t, 2*time.Minute, "JupyterLab in the browser", func() bool {
		return eval[bool](b, "'jupyterapp' in window")
	})
	eval[chromedp.Void](b, "jupyterapp.restored.then(() => jupyterapp.shell.collapseLeft())")
	return func() { stopLab(b.t, cmd, log) }
}

// open opens a notebook, a path below the project's folder, and waits for its kernel.
func (b browser) open(path string) {
	b.t.Helper()
	eval[chromedp.Void](b, `jupyterapp.commands.execute('docmanager:open', {path: '`+path+`', factory: 'Notebook'}).then(async panel => {
		window.panel = panel;
		await panel.context.ready;
		await panel.sessionContext.ready;
	})`)
	within(b.t, 2*time.Minute, "connection to the kernel", func() bool {
		return eval[bool](b, "panel.sessionContext.session?.kernel?.connectionStatus === 'connected'")
	})
	eval[chromedp.Void](b, "panel.sessionContext.session.kernel.info")
	time.Sleep(time.Second) // what is sent at once may be lost
}

// screenshotNotebook saves the picture of the whole notebook.
func (b browser) screenshotNotebook(name string) {
	height := eval[int](b, `(() => {
		panel.content.activeCellIndex = 0;
		const cells = panel.content.widgets.map(cell => cell.node.getBoundingClientRect());
		return Math.ceil(cells.at(-1).bottom - cells[0].top);
	})()`)
	b.do(chromedp.EmulateViewport(width, int64(height+300)), chromedp.Sleep(time.Second))
	eval[chromedp.Void](b, "panel.content.node.querySelector('.jp-WindowedPanel-outer').scrollTop = 0")
	b.screenshot(name, height+300)
}

// labCell is the state of a code cell.
type labCell struct {
	ID       string
	Running  bool
	Count    int // 0 as long as it has not ended
	Stdout   string
	Stderr   string
	Error    string // its traceback
	Displays int    // figures
	Tables   int
	Pictures []string // a part of each PNG, which tells it from others
}

func (b browser) cells() []labCell {
	b.t.Helper()
	return eval[[]labCell](b, `panel.content.widgets.filter(cell => cell.model.type === 'code').map(cell => {
		const running = cell.model.executionState === 'running';
		const outputs = cell.model.outputs.toJSON();
		const join = text => Array.isArray(text) ? text.join('') : text;
		const stream = name => outputs.filter(o => o.name === name).map(o => join(o.text)).join('');
		return {
			ID: cell.model.id,
			Running: running,
			Count: running ? 0 : cell.model.executionCount ?? 0,
			Stdout: stream('stdout'),
			Stderr: stream('stderr'),
			Error: outputs.filter(o => o.output_type === 'error').map(o => o.traceback.join('\n')).join('\n'),
			Displays: outputs.filter(o => o.data?.['image/png']).length,
			Tables: outputs.filter(o => join(o.data?.['text/html'] ?? '').includes('<table')).length,
			Pictures: outputs.map(o => o.data?.['image/png']).filter(png => png).map(join)
				.map(png => png.length + png.substr(png.length / 2, 40)),
		};
	})`)
}

// runAll runs all cells and checks that each ends, in order and without an error. It calls watch
// with the states of the cells meanwhile.
func (b browser) runAll(watch func([]labCell)) {
	b.t.Helper()
	const limit = 5 * time.Minute // for a cell
	eval[chromedp.Void](b, "void jupyterapp.commands.execute('notebook:run-all-cells')")
	cells := b.cells()
	began, before := time.Now(), 0
	for done := 0; done < len(cells); {
		time.Sleep(200 * time.Millisecond)
		cells = b.cells()
		watch(cells)
		for done = 0; done < len(cells) && cells[done].Count > 0; done++ {
			if c := cells[done]; c.Error != "" {
				b.t.Fatalf("cell %s failed: %s%s\n%s", c.ID, c.Stdout, c.Stderr, c.Error)
			}
		}
		if done > before {
			began, before = time.Now(), done
		} else if time.Since(began) > limit {
			b.t.Fatalf("cell %s has not ended after %v: %+v", cells[done].ID, limit, cells[done])
		}
	}
	for i, c := range cells {
		if c.Count != i+1 {
			b.t.Errorf("cell %s has execution count %d, want %d", c.ID, c.Count, i+1)
		}
		if strings.TrimSpace(c.Stderr) != "" {
			b.t.Errorf("cell %s says on standard error: %s", c.ID, c.Stderr)
		}
	}
}

// drawing is a picture or a chart on the page.
type drawing struct {
	Cell, Kind    string
	Width, Height int // on the page
	Colours       int // different ones
}

// drawings returns the pictures and the Vega charts among the outputs.
func (b browser) drawings() []drawing {
	b.t.Helper()
	return eval[[]drawing](b, `Promise.all(panel.content.widgets.filter(cell => cell.model.type === 'code').flatMap(cell =>
		[...cell.node.querySelectorAll('.jp-OutputArea-output :is(img, .vega-embed canvas)')].map(async node => {
			if (node.decode) await node.decode();
			const canvas = document.createElement('canvas');
			canvas.width = canvas.height = 200;
			const context = canvas.getContext('2d');
			context.drawImage(node, 0, 0, 200, 200);
			const pixels = new Uint32Array(context.getImageData(0, 0, 200, 200).data.buffer);
			return {
				Cell: cell.model.id, Kind: node.tagName === 'IMG' ? 'picture' : 'chart',
				Width: node.clientWidth, Height: node.clientHeight, Colours: new Set(pixels).size,
			};
		})))`)
}

// hover moves the mouse over the chart until it shows something, and returns that.
func (b browser) hover() string {
	b.t.Helper()
	eval[chromedp.Void](b, "document.querySelector('.vega-embed canvas').scrollIntoView({block: 'center'})")
	box := eval[struct{ X, Y, Width, Height float64 }](b, `(() => {
		const {x, y, width, height} = document.querySelector('.vega-embed canvas').getBoundingClientRect();
		return {X: x, Y: y, Width: width, Height: height};
	})()`)
	for i := range 400 { // lines through the middle of the chart
		x := box.X + box.Width*(0.1+0.6*float64(i%40)/40)
		y := box.Y + box.Height*(0.5+0.03*float64(i/40))
		b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
		if text := eval[string](b, "document.querySelector('#vg-tooltip-element.visible')?.innerText ?? ''"); text != "" {
			return text
		}
	}
	return ""
}

// quickstart copies the notebook to a place where JupyterLab may save it, with a folder of runs of
// its own beside it and so many epochs that one sees the training.
func quickstart(t *testing.T) (inProject string, remove func()) {
	t.Helper()
	results, err := filepath.Abs(filepath.Join("..", "runs"))
	if err == nil {
		err = os.MkdirAll(results, 0o755)
	}
	if err == nil {
		results, err = os.MkdirTemp(results, "browser-") // JupyterLab shows no file from elsewhere
	}
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile("quickstart.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	for old, changed := range map[string]string{
		`must.M1(show.Runs())`: `\"` + results + `\"`,
		`config.Seed = 1`:      `config.Seed, config.Joint.Epochs = 1, 150`,
	} {
		if n := bytes.Count(content, []byte(old)); n != 1 {
			t.Fatalf("quickstart.ipynb has %s %d times, and this test changes it once", old, n)
		}
		content = bytes.Replace(content, []byte(old), []byte(changed), 1)
	}
	inProject = "runs/browser.ipynb"
	path := filepath.Join("..", inProject)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return inProject, func() {
		os.Remove(path)
		os.RemoveAll(results)
	}
}

// TestBrowser runs the quickstart as a reader does.
func TestBrowser(t *testing.T) {
	path, remove := quickstart(t)
	defer remove()
	b := newBrowser(t)
	defer b.lab()()
	b.open(path)
	defer b.screenshotNotebook("quickstart")

	bar := regexp.MustCompile(`joint.*\(\d+/150\) \[\w+:\w+\]`) // with the time that is left
	bars, curves, said := map[string]bool{}, map[string]bool{}, ""
	b.runAll(func(cells []labCell) {
		for _, c := range cells {
			if c.ID == "joint" && c.Running && c.Stdout != "" {
				said = c.Stdout
				bars[bar.FindString(c.Stdout)] = true
				for _, picture := range c.Pictures {
					curves[picture] = true
				}
			}
		}
	})
	if delete(bars, ""); len(bars) < 2 || len(curves) < 2 {
		t.Errorf("during training, %d states of the progress bar and %d of the loss curve were seen, want more than one; it printed %q",
			len(bars), len(curves), said)
	}

	drawn := map[string]int{}
	for _, d := range b.drawings() {
		drawn[d.Cell]++
		if d.Width < 300 || d.Height < 200 || d.Colours < 50 {
			t.Errorf("cell %s: a %s of %d x %d with %d colours", d.Cell, d.Kind, d.Width, d.Height, d.Colours)
		}
		if (d.Kind == "chart") != (d.Cell == "latent-figure") {
			t.Errorf("cell %s shows a %s", d.Cell, d.Kind)
		}
	}
	tables := 0
	for _, c := range b.cells() {
		tables += c.Tables
		if drawn[c.ID] != c.Displays {
			t.Errorf("cell %s: %d of %d figures are drawn", c.ID, drawn[c.ID], c.Displays)
		}
		if c.ID == "joint" && (c.Displays != 1 || strings.Contains(c.Stdout, "█")) {
			t.Errorf("training leaves %d figures and the text %q, want one figure and no progress bar", c.Displays, c.Stdout)
		}
	}
	shown := eval[int](b, "[...document.querySelectorAll('.jp-OutputArea-output table')].filter(t => t.clientHeight > 50).length")
	if shown != tables || tables == 0 {
		t.Errorf("%d of %d tables are shown", shown, tables)
	}
	if text := b.hover(); !strings.Contains(text, "accuracy") || !strings.Contains(text, "|+|") {
		t.Errorf("the mouse over a point of the chart shows %q, want its cell and accuracy", text)
	}
	explorer := b.frame()
	if explorer.text("arch") == "" {
		t.Errorf("the explorer shows no cell: %q", explorer.text("status"))
	}
	if n := eval[int](b, "document.querySelectorAll('.jp-RenderedMarkdown mjx-container').length"); n == 0 {
		t.Error("no formula is drawn")
	}
	if text := eval[string](b, "document.querySelector('.jp-Dialog, .Toastify__toast--error, mjx-merror')?.innerText ?? ''"); text != "" {
		t.Errorf("the page shows %q", text)
	}
}

// TestBrowserExports opens the pages that go with the notebooks.
func TestBrowserExports(t *testing.T) {
	dir, names := exportAll(t)
	b := newBrowser(t)
	for _, name := range append(names, "index") {
		b.do(chromedp.EmulateViewport(width, 900), chromedp.Navigate("file://"+filepath.Join(dir, name+".html")))
		shown := eval[struct {
			Height, Pictures, Formulas int
			Empty                      []string
		}](b, `(() => {
			const nodes = [...document.querySelectorAll('img, math')];
			const empty = nodes.filter(n => n.complete === false || n.naturalWidth === 0 || n.getBoundingClientRect().width < 2);
			return {
				Height: document.documentElement.scrollHeight,
				Pictures: nodes.filter(n => n.tagName === 'IMG').length,
				Formulas: nodes.filter(n => n.tagName === 'math').length,
				Empty: empty.map(n => n.outerHTML.slice(0, 200)),
			};
		})()`)
		if len(shown.Empty) > 0 || shown.Pictures == 0 {
			t.Errorf("%s.html: %d pictures, %d formulas, not drawn are %q", name, shown.Pictures, shown.Formulas, shown.Empty)
		}
		b.screenshot(name+"-page", shown.Height)
	}
}
