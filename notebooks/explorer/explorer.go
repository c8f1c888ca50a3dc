// Package explorer makes a page on which a reader moves through a latent space: a single HTML file
// that needs no network, no kernel and no server. Decoder and model of accuracy compute in the
// browser, by GoMLX's Go backend as WebAssembly.
package explorer

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/crlso/runs"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
	"github.com/cr-lso/cr-lso/notebooks/explorer/network"
	"github.com/cr-lso/cr-lso/plots"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed panel.js page.js
var scripts embed.FS

// maxShown is how many architectures of a training set a page shows; of a larger one, evenly spread
// ones.
const maxShown = 20_000

// Panel is a trained latent space. The panels of a page stand side by side, and are of one
// benchmark and training set.
type Panel struct {
	Name  string // such as "with ICNN"; may be empty where there is one panel
	Study *runs.Study
}

// data is what a page holds, as JSON.
type data struct {
	Title    string
	Archs    []string   // shown
	Accuracy []*float64 // measured, percent; nil where the benchmark knows none
	Best     float64    // of all architectures; 0 if nobody knows it
	Measured measured   // of what is not shown
	Panels   []panel
}

// panel is a latent space. Vectors are of its dimension, lists of latents are one after the other
// in half precision.
type panel struct {
	Name       string
	Network    network.Saved
	HasModel   bool   // of accuracy
	Quantiles  bool   // the model says 80 + 10 q, as crlso.QuantileLabels are
	Latents    []byte // of Archs
	Mean       []float64
	Direction  []float64   // of the steepest linear fit of accuracy to latents, of length 1
	RSquared   float64     // of that fit
	Components [][]float64 // principal ones, of length 1
	Path       []int       // the best so far of a search, in Archs; empty if none was made
	Epochs     []snapshot
}

// snapshot is where the first architectures were after an epoch of training.
type snapshot struct {
	Epoch   int
	Latents []byte
}

// Write writes the page of trained studies. It compiles the program for the browser, which takes a
// minute the first time.
func Write(ctx context.Context, w io.Writer, title string, panels ...Panel) error {
	page, err := newData(ctx, title, panels)
	if err != nil {
		return fmt.Errorf("explorer: %w", err)
	}
	program, loader, err := compile(ctx)
	if err != nil {
		return fmt.Errorf("explorer: %w", err)
	}
	text, err := json.Marshal(page)
	if err != nil {
		return fmt.Errorf("explorer: %w", err)
	}
	var js []byte
	for _, name := range []string{"panel.js", "page.js"} {
		script, _ := scripts.ReadFile(name) // it is embedded
		js = append(js, script...)
	}
	return template.Must(template.New("page").Parse(pageHTML)).Execute(w, map[string]any{
		"Title": title, "CSS": template.CSS(pageCSS), "JS": template.JS(js), "Loader": template.JS(loader),
		"Program": template.HTML(packed(program)), "Data": template.HTML(packed(text)),
	})
}

// WriteFile is [Write] to a file, which appears as a whole.
func WriteFile(ctx context.Context, path, title string, panels ...Panel) error {
	return source.WriteFile(path, func(w io.Writer) error { return Write(ctx, w, title, panels...) })
}

// NameOf says how a latent space was shaped.
func NameOf(config crlso.Config) string {
	switch {
	case config.PerformanceWeight == 0:
		return "without the ICNN"
	case config.Surrogate == crlso.MLPSurrogate:
		return "with an MLP"
	}
	return "with the ICNN"
}

// packed compresses what a page holds and writes it in base64.
func packed(b []byte) string {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the error is of the level
	z.Write(b)
	z.Close()
	return base64.StdEncoding.EncodeToString(out.Bytes())
}

// compile returns the program for the browser and Go's own script that starts it.
func compile(ctx context.Context) (program []byte, loader string, err error) {
	dir, err := os.MkdirTemp("", "explorer")
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(dir)
	const main = "github.com/cr-lso/cr-lso/notebooks/explorer/wasm"
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "program"), main)
	if build.Dir, err = source.Installed(ctx); err != nil {
		return nil, "", err
	}
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, "", fmt.Errorf("compile the program for the browser: %w: %s", err, bytes.TrimSpace(out))
	}
	where := exec.CommandContext(ctx, "go", "env", "GOROOT")
	where.Dir = build.Dir
	root, err := where.Output()
	if err != nil {
		return nil, "", fmt.Errorf("ask Go where it is: %w", err)
	}
	script, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return nil, "", err
	}
	program, err = os.ReadFile(filepath.Join(dir, "program"))
	return program, string(script), err
}

func newData(ctx context.Context, title string, panels []Panel) (*data, error) {
	if len(panels) == 0 {
		return nil, fmt.Errorf("there is no run to show")
	}
	first := panels[0].Study
	initial, err := first.Oracle()
	if err != nil {
		return nil, err
	}
	archs := slices.Concat(first.SnapshotArchs(), shown(first), datasets.Archs(initial.Log()))
	page := &data{Title: title}
	if best := first.Benchmark.Best(); best > 0 {
		page.Best = best
	}
	at, paths := map[string]int{}, make([][]datasets.Arch, len(panels))
	for i, p := range panels {
		if paths[i], err = incumbents(ctx, p.Study); err != nil {
			return nil, err
		}
		archs = append(archs, paths[i]...)
	}
	archs = slices.DeleteFunc(archs, func(a datasets.Arch) bool { // those of paths are there twice
		text := first.Space.Canonical(a).String()
		_, twice := at[text]
		if !twice {
			at[text] = len(page.Archs)
			page.Archs = append(page.Archs, text)
		}
		return twice
	})
	for _, a := range archs {
		var accuracy *float64
		if record, err := first.Benchmark.Lookup(a); err == nil {
			accuracy = &record.Val
		}
		page.Accuracy = append(page.Accuracy, accuracy)
	}
	page.Measured = newMeasured(first.Benchmark, at)
	for i, p := range panels {
		next, err := newPanel(p, archs, page.Accuracy)
		if err != nil {
			return nil, err
		}
		for _, a := range paths[i] {
			next.Path = append(next.Path, at[first.Space.Canonical(a).String()])
		}
		page.Panels = append(page.Panels, next)
	}
	return page, nil
}

// shown returns all architectures of a small space, else no more than maxShown of the training set,
// evenly spread.
func shown(s *runs.Study) (some []datasets.Arch) {
	archs := s.TrainingSet()
	if finite, ok := s.Space.(datasets.FiniteSpace); ok && finite.Len() <= maxShown {
		archs = datasets.All(finite)
	}
	step := (len(archs) + maxShown - 1) / maxShown
	for i := 0; i < len(archs); i += step {
		some = append(some, archs[i])
	}
	return some
}

// incumbents are the best so far of the run's first search, each once; none if it was not made.
func incumbents(ctx context.Context, s *runs.Study) ([]datasets.Arch, error) {
	if _, err := os.Stat(filepath.Join(s.Dir, "search-0.csv")); err != nil {
		return nil, nil
	}
	reports, err := s.Searches(ctx, 1)
	if err != nil {
		return nil, err
	}
	var path []datasets.Arch
	for _, step := range reports[0].Steps {
		if len(path) == 0 || path[len(path)-1] != step.Incumbent {
			path = append(path, step.Incumbent)
		}
	}
	return path, nil
}

func newPanel(p Panel, archs []datasets.Arch, accuracy []*float64) (out panel, err error) {
	out.Name, out.HasModel = p.Name, p.Study.Config.PerformanceWeight > 0
	out.Quantiles = p.Study.Config.LabelTransform == crlso.QuantileLabels
	if out.Network, err = network.Save(p.Study.Model); err != nil {
		return out, err
	}
	latents, err := p.Study.Encode(archs...)
	if err != nil {
		return out, err
	}
	points := mat.NewDense(len(latents), len(latents[0]), nil)
	for i, z := range latents {
		points.SetRow(i, z)
	}
	out.Latents = network.HalfPrecision(nn.Float32s(slices.Concat(latents...)))
	for j := range latents[0] {
		out.Mean = append(out.Mean, stat.Mean(mat.Col(nil, j, points), nil))
	}
	var known [][]float64
	var labels []float64
	for i, a := range accuracy {
		if a != nil {
			known, labels = append(known, latents[i]), append(labels, *a)
		}
	}
	if out.Direction, out.RSquared, err = plots.LinearFit(known, labels); err != nil {
		return out, err
	}
	var pc stat.PC
	if !pc.PrincipalComponents(points, nil) {
		return out, fmt.Errorf("the latents have no principal components")
	}
	var vectors mat.Dense
	pc.VectorsTo(&vectors)
	_, n := vectors.Dims()
	for j := range min(n, maxComponents) {
		out.Components = append(out.Components, mat.Col(nil, j, &vectors))
	}
	snapshots, err := p.Study.Snapshots()
	for _, s := range snapshots {
		out.Epochs = append(out.Epochs, snapshot{s.Epoch, network.HalfPrecision(nn.Float32s(slices.Concat(s.Latents...)))})
	}
	return out, err
}

// maxComponents is how many principal components a page offers.
const maxComponents = 8
