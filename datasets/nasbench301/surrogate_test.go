package nasbench301

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// Predictions are those of Python's XGBoost, averaged in double precision, whichever way the files
// are reached.
func TestPredictionsAgreeWithPython(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	python := pythonEnsemble(t)
	for name, path := range map[string]string{
		"parent":   python.models(),
		"ensemble": filepath.Join(python.models(), "xgb_v1.0"),
		"archive":  archive(t, python.dir),
	} {
		t.Run(name, func(t *testing.T) {
			s := openEnsemble(t, path)
			for _, want := range python.predictions {
				got := s.Predict(parse(t, want.Genotype))
				if math.Abs(got.Mean-want.Mean) > 1e-9 || math.Abs(got.Std-want.Std) > 1e-9 {
					t.Fatalf("%s: mean %v and deviation %v, Python says %v and %v", want.Genotype, got.Mean, got.Std, want.Mean, want.Std)
				}
			}
		})
	}
}

// archive packs the files below dir as the official archive has them, in a folder nb_models.
func archive(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "nb_models_1.0.zip")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(file)
	err = w.AddFS(os.DirFS(dir))
	if err := errors.Join(err, w.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// wantPrediction requires a benchmark to know of g what it predicts and nothing else, and no best
// architecture.
func wantPrediction(t *testing.T, b interface {
	datasets.Benchmark
	Predict(Genotype) Prediction
}, g Genotype) datasets.Record {
	t.Helper()
	if b.HasTest() || !math.IsNaN(b.Best()) {
		t.Errorf("HasTest() = %v, Best() = %v", b.HasTest(), b.Best())
	}
	record, err := b.Lookup(g)
	if err != nil || record.Val != b.Predict(g).Mean || !math.IsNaN(record.Test) || len(record.Runs) > 0 {
		t.Errorf("Lookup = %+v, %v", record, err)
	}
	return record
}

func TestSurrogateIsABenchmark(t *testing.T) {
	s := openEnsemble(t, pythonEnsemble(t).models())
	if s.Name() != "NAS-Bench-301 xgb v1.0" || !strings.Contains(s.Source(), "xgb v1.0, 3 members, without noise") {
		t.Errorf("name %q, source %q", s.Name(), s.Source())
	}
	g := parse(t, mixed)
	record := wantPrediction(t, s, g)
	g.Normal[0].Op = NumOps
	_, err := s.Lookup(g)
	wantError(t, err, "not a genotype", "unknown operation Op(7)")
	_, err = s.Lookup(nil)
	wantError(t, err, "not a genotype")

	oracle, err := datasets.NewOracle(s, 2, datasets.MeanLabel)
	if err != nil {
		t.Fatal(err)
	}
	first, err := oracle.Query(parse(t, mixed))
	if err != nil || first != record.Val {
		t.Errorf("Query = %v, %v, want %v", first, err, record.Val)
	}
	if _, err := oracle.Query((Space{}).Canonical(parse(t, mixed))); err != nil || oracle.Remaining() != 1 {
		t.Errorf("the same architecture with its edges in another order: %v, %d queries left", err, oracle.Remaining())
	}
}

// Noise has the mean and the deviation of the prediction, stays with its architecture, and changes
// with the seed only. Reports judge by the mean.
func TestNoise(t *testing.T) {
	s := openEnsemble(t, pythonEnsemble(t).models())
	rng := rand.New(rand.NewPCG(1, 2))
	var scores []float64
	for seed := range uint64(4000) {
		g := Space{}.Sample(rng).(Genotype)
		p, noisy := s.Predict(g), s.Noisy(seed)
		record, err := noisy.Lookup(g)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := noisy.Lookup(g)
		other, _ := s.Noisy(seed + 1).Lookup(g)
		if record.Val != p.Mean || record.Runs[0] != again.Runs[0] || p.Std > 0 && record.Runs[0] == other.Runs[0] {
			t.Fatalf("seed %d: %+v, then %+v, with another seed %+v", seed, record, again, other)
		}
		if p.Std > 0 {
			scores = append(scores, (record.Runs[0]-p.Mean)/p.Std)
		}
	}
	n := float64(len(scores))
	mean, std := stat.MeanStdDev(scores, nil)
	if n < 3900 || math.Abs(mean) > 5/math.Sqrt(n) || math.Abs(std-1) > 5/math.Sqrt(2*n) {
		t.Errorf("%v standardised draws have mean %v and deviation %v, want 0 and 1", n, mean, std)
	}
	if source := s.Noisy(7).Source(); !strings.Contains(source, "noise of seed 7") {
		t.Errorf("source %q", source)
	}
}

// A broken ensemble ends in one line that names the file, what is wrong with it and the remedy.
func TestBrokenEnsemble(t *testing.T) {
	python := pythonEnsemble(t)
	const member = "xgb_v1.0/ensemble_member_1"
	content, err := os.ReadFile(filepath.Join(python.models(), member, modelName))
	if err != nil {
		t.Fatal(err)
	}
	model := bytes.Index(content, []byte("binf")) + 4
	put := func(t *testing.T, dir, name string, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, member, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	altered := func(at int, with string) []byte {
		b := bytes.Clone(content)
		copy(b[at:], with)
		return b
	}
	const header, forest, tree = 136 + 8 + 16 + 8 + 6, 160, 148 // bytes: objective and kind are named after the header
	firstNode := model + header + forest + tree
	for name, c := range map[string]struct {
		change func(t *testing.T, dir string)
		want   []string
	}{
		"no member":   {func(t *testing.T, dir string) { os.RemoveAll(filepath.Join(dir, member)) }, []string{"missing", "ensemble_member_1"}},
		"no model":    {func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, member, modelName)) }, []string{"missing", member, modelName}},
		"no settings": {func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, member, settingsName)) }, []string{member, settingsName}},
		"other kind":  {func(t *testing.T, dir string) { put(t, dir, settingsName, []byte(`{"model": "lgb_runtime"}`)) }, []string{member, `"lgb_runtime", want xgb`}},
		"other version": {func(t *testing.T, dir string) {
			os.Rename(filepath.Join(dir, "xgb_v1.0"), filepath.Join(dir, "xgb_v0.9"))
		}, []string{"holds xgb_v0.9, want xgb_v1.0"}},
		"empty":        {func(t *testing.T, dir string) { os.RemoveAll(filepath.Join(dir, "xgb_v1.0")) }, []string{"0 files " + modelName}},
		"gone":         {func(t *testing.T, dir string) { os.RemoveAll(dir) }, []string{"no file or folder"}},
		"empty file":   {func(t *testing.T, dir string) { put(t, dir, modelName, nil) }, []string{member, "unexpected EOF"}},
		"truncated":    {func(t *testing.T, dir string) { put(t, dir, modelName, content[:len(content)/2]) }, []string{member, "unexpected EOF"}},
		"a tail":       {func(t *testing.T, dir string) { put(t, dir, modelName, append(bytes.Clone(content), 0)) }, []string{member, "1 bytes follow"}},
		"no pickle":    {func(t *testing.T, dir string) { put(t, dir, modelName, []byte("<html>")) }, []string{member, "not a well-formed pickle"}},
		"other pickle": {func(t *testing.T, dir string) { put(t, dir, modelName, []byte("\x80\x03K\x01.")) }, []string{member, "want an xgboost.core.Booster"}},
		"newer XGBoost": {func(t *testing.T, dir string) {
			put(t, dir, modelName, altered(model-4-8-len(configHeader), `{"Config"`))
		}, []string{member, "XGBoost 1.3 or later"}},
		"model length": {func(t *testing.T, dir string) { put(t, dir, modelName, altered(model-12, "\xff\xff\xff\xff\xff")) }, []string{member, "should have"}},
		"features":     {func(t *testing.T, dir string) { put(t, dir, modelName, altered(model+4, "\x37")) }, []string{member, "55 features, want 56"}},
		"objective":    {func(t *testing.T, dir string) { put(t, dir, modelName, altered(model+136+8, "reg:logistic")) }, []string{member, "objective"}},
		"kind":         {func(t *testing.T, dir string) { put(t, dir, modelName, altered(model+header-6, "gblinr")) }, []string{member, `"gblinr", want a gbtree`}},
		"long name": {func(t *testing.T, dir string) {
			put(t, dir, modelName, altered(model+136, "\xff\xff\xff\xff\xff\xff\xff\xff"))
		}, []string{member, "not a binary model"}},
		"more trees": {func(t *testing.T, dir string) { put(t, dir, modelName, altered(model+header, "\xff\xff\xff\x7f")) }, []string{member, "tree 150 of"}},
		"more nodes": {func(t *testing.T, dir string) { put(t, dir, modelName, altered(firstNode-tree+4, "\xff\xff\xff\x00")) }, []string{member, "tree 0 of 150", "unexpected EOF"}},
		"child":      {func(t *testing.T, dir string) { put(t, dir, modelName, altered(firstNode+4, "\x00\x00\x00\x00")) }, []string{member, "tree 0", "node 0 has the child 0"}},
		"feature": {func(t *testing.T, dir string) {
			put(t, dir, modelName, altered(firstNode+4, "\x01\x00\x00\x00\x02\x00\x00\x00\x38\x00\x00\x00"))
		}, []string{member, "tree 0", "node 0 compares feature 56"}},
		"base score NaN": {func(t *testing.T, dir string) { put(t, dir, modelName, altered(model, "\x00\x00\xc0\x7f")) }, []string{member, "base score is NaN"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "nb_models_1.0")
			if err := os.CopyFS(dir, os.DirFS(python.models())); err != nil {
				t.Fatal(err)
			}
			c.change(t, dir)
			_, err := Open(t.Context(), "1.0", dir, t.Output())
			wantError(t, err, append(c.want, "xgb v1.0", dir, "download "+archives["1.0"].URL)...)
		})
	}
}

// An altered byte anywhere in an archive is found, and half an archive is none.
func TestBrokenArchive(t *testing.T) {
	path := archive(t, pythonEnsemble(t).dir)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"altered":   {append(append(bytes.Clone(content[:len(content)/2]), content[len(content)/2]^1), content[len(content)/2+1:]...), modelName},
		"truncated": {content[:len(content)/2], "not a valid zip file"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, c.content, 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Open(t.Context(), "1.0", path, nil)
			wantError(t, err, path, c.want, "download "+archives["1.0"].URL)
		})
	}
}

// No damage to a model makes the reader panic, hang or use much memory.
func FuzzUnpickle(f *testing.F) {
	content, err := os.ReadFile(filepath.Join(pythonEnsemble(f).models(), "xgb_v1.0", "ensemble_member_1", modelName))
	if err != nil {
		f.Fatal(err)
	}
	start := bytes.Index(content, []byte("binf"))
	for _, offset := range []int{start - 26, start - 14, start, start + 140, start + 334, start + 700, len(content) - 30} {
		f.Add(offset, []byte("\xff\xff\xff\xff"))
	}
	f.Fuzz(func(t *testing.T, offset int, with []byte) {
		if offset < 0 || offset > len(content) {
			return
		}
		b := bytes.Clone(content)
		copy(b[offset:], with)
		if member, err := unpickle(bytes.NewReader(b)); err == nil {
			member.predict(newRow(Features(parse(t, mixed))))
		}
	})
}

func TestOpenWithoutFiles(t *testing.T) {
	_, err := Open(t.Context(), "1.1", "", nil)
	wantError(t, err, "v1.1", "unknown version", "1.0, 0.9")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, "1.0", pythonEnsemble(t).models(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
}

// The usual place is the cache, as a folder or as an archive.
func TestUsualPlace(t *testing.T) {
	python := pythonEnsemble(t)
	cache := t.TempDir()
	t.Setenv("CRLSO_CACHE", cache)
	for name, make := range map[string]func(path string) error{
		"nb_models_1.0.zip": func(path string) error { return os.Rename(archive(t, python.dir), path) },
		"nb_models_1.0":     func(path string) error { return os.CopyFS(path, os.DirFS(python.models())) },
	} {
		path := filepath.Join(cache, "nasbench301", name)
		if info := Official("1.0"); info.Present || !strings.Contains(info.Get, info.Path) {
			t.Errorf("without models: %+v", info)
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), make(path)); err != nil {
			t.Fatal(err)
		}
		if info := Official("1.0"); !info.Present || info.Path != path {
			t.Errorf("with %s: %+v", name, info)
		}
		openEnsemble(t, "")
		os.RemoveAll(path)
	}
}

// Without models the archive is fetched, once.
func TestFetch(t *testing.T) {
	content, err := os.ReadFile(archive(t, pythonEnsemble(t).dir))
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	t.Setenv("CRLSO_CACHE", cache)
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests++; requests == 1 {
			http.Error(w, "later", http.StatusServiceUnavailable)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}))
	defer server.Close()
	official := archives["1.0"]
	defer func() { archives["1.0"] = official }()
	archives["1.0"] = source.File{Name: official.Name, URL: server.URL}

	_, err = Open(t.Context(), "1.0", "", nil)
	wantError(t, err, "xgb v1.0", server.URL, "503", filepath.Join(cache, "nasbench301", official.Name))
	for range 2 {
		openEnsemble(t, "")
	}
	if requests != 2 {
		t.Errorf("%d requests, want 2", requests)
	}
}

func BenchmarkPredict(b *testing.B) {
	s := openEnsemble(b, pythonEnsemble(b).models())
	g := parse(b, mixed)
	for b.Loop() {
		s.Predict(g)
	}
}
