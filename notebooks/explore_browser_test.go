//go:build browser

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/runs"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/notebooks/explorer"
)

// The explorer works from a file, without a network: what it decodes is what the model decodes, by
// mouse and by keyboard, on a laptop's screen and on a phone's.
func TestBrowserExplorer(t *testing.T) {
	table, err := nasbench201.Open(t.Context(), "cifar10", nil, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	on, err := backend.New()
	if err != nil {
		t.Fatal(err)
	}
	var panels []explorer.Panel
	for _, weight := range []float64{1, 0} {
		config := crlso.Tiny201()
		config.PerformanceWeight = weight
		study, err := runs.OpenStudy(t.TempDir(), on, table, config)
		if err == nil {
			err = study.TrainAll(t.Context())
		}
		if err == nil && weight == 1 {
			_, err = study.Searches(t.Context(), 1)
		}
		if err != nil {
			t.Fatal(err)
		}
		panels = append(panels, explorer.Panel{Name: explorer.NameOf(config), Study: study})
	}
	path := filepath.Join(t.TempDir(), "explorer.html")
	if err := explorer.WriteFile(t.Context(), path, "Latent space of NAS-Bench-201", panels...); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 15<<20 {
		t.Errorf("the page has %v bytes, %v, want 15 MB at most", info, err)
	}

	b := newBrowser(t)
	b.do(chromedp.Navigate("file://" + path))
	within(t, 2*time.Minute, "the explorer to start", func() bool {
		if status := eval[string](b, "document.getElementById('status').textContent"); strings.Contains(status, "cannot") {
			t.Fatal(status)
		}
		return eval[bool](b, "document.body.dataset.ready === 'true'")
	})
	b.screenshot("explorer", 1500)

	model, space := panels[0].Study, table.Space()
	for i := range 5 {
		arch, err := space.Parse(eval[string](b, fmt.Sprintf("data.Archs[%d]", 100*i)))
		if err != nil {
			t.Fatal(err)
		}
		latents, err := model.Encode(arch)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := model.Decode(latents)
		if err != nil {
			t.Fatal(err)
		}
		eval[chromedp.Void](b, fmt.Sprintf("look({panel: panels[0], z: panels[0].latent(%d), index: %d})", 100*i, 100*i))
		if got, want := eval[string](b, "document.getElementById('arch').textContent"), decoded[0].Arch.String(); got != want {
			t.Errorf("%v decodes to %s on the page, to %s in Go", arch, got, want)
		}
		accuracy, err := model.Performance(latents)
		if err != nil {
			t.Fatal(err)
		}
		got := eval[float64](b, fmt.Sprintf("call('performance', panels[0].network, Float32Array.from(panels[0].latent(%d)))[0]", 100*i))
		if d := got - accuracy[0]; d > 0.1 || d < -0.1 {
			t.Errorf("the model says %.2f %% of %v on the page, %.2f %% in Go", got, arch, accuracy[0])
		}
	}

	text := func(id string) string { return eval[string](b, "document.getElementById('"+id+"').textContent") }
	before := text("arch") + text("numbers")
	b.do(chromedp.MouseClickXY(200, 300))
	if after := text("arch") + text("numbers"); after == before {
		t.Error("a click has shown nothing new")
	}
	before = text("arch") + text("numbers")
	b.do(chromedp.Focus("#panels canvas"), chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowUp),
		chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.Enter))
	if after := text("arch") + text("numbers"); after == before {
		t.Error("arrows and Enter have shown nothing new")
	}
	b.do(chromedp.KeyEvent("a"), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent("b"))
	if eval[bool](b, "document.getElementById('segment').hidden") {
		t.Error("A and B have shown no segment")
	}
	b.do(chromedp.Click("#arrows"), chromedp.Click("#path"))
	b.screenshot("explorer-segment", 1900)
	b.do(chromedp.EmulateViewport(360, 2400), chromedp.Sleep(time.Second))
	if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 360 {
		t.Errorf("the page is %d pixels wide on a phone of 360", wide)
	}
	b.screenshotAt("explorer-phone", 360, 2600)
}
