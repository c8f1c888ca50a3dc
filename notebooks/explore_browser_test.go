//go:build browser

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/backend"
	"github.com/cr-lso/cr-lso/crlso/runs"
	"github.com/cr-lso/cr-lso/crlso/search/searchtest"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
	"github.com/cr-lso/cr-lso/notebooks/explorer"
)

// tinyPanel trains a tiny latent space on a benchmark.
func tinyPanel(t *testing.T, benchmark datasets.Benchmark, change func(*crlso.Config)) explorer.Panel {
	t.Helper()
	on, err := backend.Named("go") // XLA compiles longer than these networks train
	if err != nil {
		t.Fatal(err)
	}
	config := crlso.Tiny201()
	change(&config)
	study, err := runs.OpenStudy(t.TempDir(), on, benchmark, config)
	if err == nil {
		err = study.TrainAll(t.Context())
	}
	if err != nil {
		t.Fatalf("%s: %v", benchmark.Name(), err)
	}
	return explorer.Panel{Name: explorer.NameOf(config), Study: study}
}

// explore opens the page of some panels.
func (b browser) explore(panels ...explorer.Panel) {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), "explorer.html")
	if err := explorer.WriteFile(b.t.Context(), path, "Latent space of "+panels[0].Study.Benchmark.Name(), panels...); err != nil {
		b.t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 15<<20 {
		b.t.Errorf("the page has %v bytes, %v, want 15 MB at most", info, err)
	}
	b.do(chromedp.Navigate("file://" + path))
	b.started()
}

// started waits for the explorer to start.
func (b browser) started() {
	b.t.Helper()
	within(b.t, 2*time.Minute, "the explorer to start", func() bool {
		if status := eval[string](b, "document.getElementById('status')?.textContent ?? ''"); strings.Contains(status, "cannot") {
			b.t.Fatal(status)
		}
		return eval[bool](b, "document.body.dataset.ready === 'true'")
	})
}

// frame returns what is in the frame of the explorer on the page, a page of its own, after it has
// started.
func (b browser) frame() browser {
	b.t.Helper()
	eval[chromedp.Void](b, "document.querySelector('iframe.explorer').scrollIntoView()") // it waits for that
	var inside browser
	within(b.t, time.Minute, "the frame of the explorer", func() bool {
		targets, err := chromedp.Targets(b.ctx)
		if err != nil {
			b.t.Fatal(err)
		}
		i := slices.IndexFunc(targets, func(info *target.Info) bool { return strings.Contains(info.URL, "explorer.html") })
		if i < 0 {
			return false
		}
		ctx, stop := chromedp.NewContext(b.ctx, chromedp.WithTargetID(targets[i].TargetID))
		b.t.Cleanup(stop)
		inside = browser{b.t, ctx}
		return true
	})
	inside.started()
	return inside
}

// text returns the text of the element with an id.
func (b browser) text(id string) string {
	b.t.Helper()
	return eval[string](b, "document.getElementById('"+id+"').textContent")
}

// shown returns what the page says of where one looks.
func (b browser) shown() string {
	b.t.Helper()
	return b.text("arch") + b.text("numbers")
}

// sameAsModel looks at a dot of the first panel and checks what the page says of it.
func (b browser) sameAsModel(study *runs.Study, dot int) {
	b.t.Helper()
	arch, err := study.Space.Parse(eval[string](b, fmt.Sprintf("data.Archs[%d]", dot)))
	if err != nil {
		b.t.Fatal(err)
	}
	latents, err := study.Encode(arch)
	if err != nil {
		b.t.Fatal(err)
	}
	decoded, err := study.Decode(latents)
	if err != nil {
		b.t.Fatal(err)
	}
	accuracy, err := study.Performance(latents)
	if err != nil {
		b.t.Fatal(err)
	}
	eval[chromedp.Void](b, fmt.Sprintf("look({panel: panels[0], z: panels[0].latent(%[1]d), index: %[1]d})", dot))
	got := eval[float64](b, fmt.Sprintf("call('performance', panels[0].network, Float32Array.from(panels[0].latent(%d)))[0]", dot))
	if d := got - accuracy[0]; d > 0.2 || d < -0.2 {
		b.t.Errorf("the model says %.2f %% of %v on the page, %.2f %% in Go", got, arch, accuracy[0])
	}
	if decoded[0].Err != nil {
		if b.text("arch") != "" {
			b.t.Errorf("%v decodes to %s on the page, to nothing in Go: %v", arch, b.text("arch"), decoded[0].Err)
		}
		return
	}
	if got, want := b.text("arch"), decoded[0].Arch.String(); got != want {
		b.t.Errorf("%v decodes to %s on the page, to %s in Go", arch, got, want)
	}
	measured := "measured accuracynot known"
	_, finite := study.Space.(datasets.FiniteSpace)
	_, standIn := study.Benchmark.(*nasbench301.StandIn)
	if record, err := study.Benchmark.Lookup(decoded[0].Arch); err == nil && (finite || standIn || eval[bool](b, "data.index.has(document.getElementById('arch').textContent)")) {
		measured = fmt.Sprintf("measured accuracy%.2f %%", record.Val)
	}
	if numbers := b.text("numbers"); !strings.Contains(numbers, measured) {
		b.t.Errorf("%v decodes to what is %q in Go; the page says %q", arch, measured, numbers)
	}
	_, written := arch.(datasets.Selection) // choices have no drawing
	if drawn := eval[bool](b, "document.querySelector('#drawings svg circle') !== null"); drawn == written {
		b.t.Errorf("%v is drawn: %t", arch, drawn)
	}
}

// pageHeight is the height of the explorer, in whatever window.
const pageHeight = "document.querySelector('main').scrollHeight"

// onPhone checks that the page fits a phone, and saves its picture.
func (b browser) onPhone(name string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(360, 2400), chromedp.Sleep(time.Second))
	if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > 360 {
		b.t.Errorf("the page is %d pixels wide on a phone of 360", wide)
	}
	b.screenshotAt(name, 360, eval[int](b, pageHeight))
}

// The explorer works from a file, without a network: what it decodes is what the model decodes, by
// mouse, touch and keyboard, on a laptop's screen and on a phone's, light and dark.
func TestBrowserExplorer(t *testing.T) {
	table, err := nasbench201.Open(t.Context(), "cifar10", nil, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	with := tinyPanel(t, table, func(*crlso.Config) {})
	if _, err := with.Study.Searches(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	without := tinyPanel(t, table, func(c *crlso.Config) { c.PerformanceWeight = 0 })
	b := newBrowser(t)
	b.explore(with, without)
	b.screenshot("explorer", 1500)
	for i := range 5 {
		b.sameAsModel(with.Study, 100*i)
	}

	before := b.shown()
	b.do(chromedp.MouseClickXY(200, 300))
	if b.shown() == before {
		t.Error("a click has shown nothing new")
	}
	before = b.shown()
	b.do(chromedp.Focus("#panels canvas"), chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowUp),
		chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.Enter))
	if b.shown() == before {
		t.Error("arrows and Enter have shown nothing new")
	}
	if outline := eval[string](b, "getComputedStyle(document.activeElement).outlineStyle"); outline != "solid" {
		t.Errorf("the outline of what has the keyboard's focus is %s", outline)
	}
	b.do(chromedp.KeyEvent("a"), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent("b"))
	if eval[bool](b, "document.getElementById('segment').hidden") {
		t.Error("A and B have shown no segment")
	}
	b.do(chromedp.Click("#arrows"), chromedp.Click("#path"))
	b.screenshot("explorer-segment", 1400)

	b.touched()
	b.onPhone("explorer-phone")
	dark := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, dark); err != nil {
		t.Fatal(err)
	}
	b.screenshot("explorer-dark", 1500)
}

// touched checks that a finger draws a segment, and moves along it.
func (b browser) touched() {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(360, 2400, chromedp.EmulateTouch), chromedp.Sleep(time.Second))
	before := eval[string](b, "JSON.stringify([A.z, B.z])")
	b.swipe("#panels canvas", 0.3, 0.4, 0.7, 0.6)
	if eval[string](b, "JSON.stringify([A.z, B.z])") == before {
		b.t.Error("a finger that moves over the plane has drawn no segment")
	}
	b.do(chromedp.ScrollIntoView("#along"))
	shown := b.shown()
	b.swipe("#along", 0.02, 0.5, 0.9, 0.5)
	if b.shown() == shown {
		b.t.Error("a finger on the slider of the segment has shown nothing new")
	}
}

// swipe moves a finger over an element, from one place to another, in shares of its width and
// height.
func (b browser) swipe(selector string, x0, y0, x1, y1 float64) {
	b.t.Helper()
	box := eval[struct{ X, Y, Width, Height float64 }](b, `(() => {
		const {x, y, width, height} = document.querySelector('`+selector+`').getBoundingClientRect();
		return {X: x, Y: y, Width: width, Height: height};
	})()`)
	touch := func(kind input.DispatchTouchEventType, points ...*input.TouchPoint) {
		if _, err := chromedp.Call(b.ctx, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points}); err != nil {
			b.t.Fatal(err)
		}
	}
	at := func(share float64) *input.TouchPoint {
		return &input.TouchPoint{X: box.X + box.Width*(x0+share*(x1-x0)), Y: box.Y + box.Height*(y0+share*(y1-y0))}
	}
	touch(input.DispatchTouchEventTypeTouchStart, at(0))
	for _, share := range []float64{0.25, 0.5, 0.75, 1} {
		touch(input.DispatchTouchEventTypeTouchMove, at(share))
	}
	touch(input.DispatchTouchEventTypeTouchEnd)
}

// otherBenchmarks are those of the other spaces, and of spaces of one's own.
func otherBenchmarks(t *testing.T) map[string]datasets.Benchmark {
	t.Helper()
	cells, err := datasets.NewCells("cells", 5, "none", "skip", "convolution")
	if err != nil {
		t.Fatal(err)
	}
	choices, err := datasets.NewChoices("choices",
		datasets.Choice{Name: "depth", Options: []string{"2", "4", "8"}, Ordered: true},
		datasets.Choice{Name: "optimizer", Options: []string{"adam", "sgd"}},
		datasets.Choice{Name: "momentum", Options: []string{"0.8", "0.9"}, When: "optimizer", Equals: []string{"sgd"}},
		datasets.Choice{Name: "width", Options: []string{"8", "16", "32", "64"}, Ordered: true})
	if err != nil {
		t.Fatal(err)
	}
	table101, err := nasbench101.Open(t.Context(), "test-as-label", nil, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	standIn, err := nasbench301.OpenStandIn()
	if err != nil {
		t.Fatal(err)
	}
	tableGraph, err := nasbenchgraph.Open("cora")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]datasets.Benchmark{
		"101": table101, "301": standIn, "graph": tableGraph, "cells": searchtest.MadeUp(cells), "choices": searchtest.MadeUp(choices),
	}
}

// The other spaces are decoded and drawn as well, and the page knows what the benchmark knows.
func TestBrowserExplorerSpaces(t *testing.T) {
	b := newBrowser(t)
	if err := chromedp.Listen(b.ctx, func(event any) {
		if thrown, ok := event.(*runtime.EventExceptionThrown); ok {
			t.Errorf("the page throws %v", thrown.ExceptionDetails)
		}
	}); err != nil {
		t.Fatal(err)
	}
	for name, benchmark := range otherBenchmarks(t) {
		t.Run(name, func(t *testing.T) {
			panel := tinyPanel(t, benchmark, func(c *crlso.Config) {
				c.TrainingSet = 200
				if name == "choices" { // there are 36 of them
					c.TrainingSet, c.InitialSet, c.Budget = 0, 10, 20
					c.LabelTransform = crlso.QuantileLabels
				}
				if name == "101" {
					c.Decoder, c.OnlyPossible = crlso.NodeByNode, true
				}
			})
			b := browser{t, b.ctx}
			b.do(chromedp.EmulateViewport(1280, 900))
			b.explore(panel)
			for dot := range 3 {
				b.sameAsModel(panel.Study, 10*dot)
			}
			eval[chromedp.Void](b, "A = panels[0].at(60, 60), B = panels[0].at(500, 400), showSegment()")
			b.screenshotAt("explorer-"+name, 1280, eval[int](b, pageHeight))
			b.onPhone("explorer-" + name + "-phone")
		})
	}
}
