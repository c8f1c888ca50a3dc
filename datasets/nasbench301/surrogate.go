package nasbench301

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// Surrogate is the benchmark's ensemble of XGBoost models, which predicts the validation accuracy
// of a network on CIFAR-10 after 100 epochs. It implements [datasets.Benchmark] and may be used
// from several goroutines.
type Surrogate struct {
	version string
	members []*booster
	noisy   bool
	seed    uint64 // of the noise
}

var _ datasets.Benchmark = (*Surrogate)(nil)

// Prediction is what an ensemble says of one architecture, in percent: mean and population standard
// deviation of its members' predictions. These are XGBoost's own to the last bit; the benchmark's
// code then averages in single precision, which moves its mean by up to 1e-5.
type Prediction struct {
	Mean, Std float64
}

// Open reads the official surrogate of a version, one of [Versions]. The path leads to the official
// archive or a folder with its content: either the folder of the ensemble, xgb_v1.0, or one that
// holds it, such as nb_models_1.0 or nb_models. An empty path is the usual place, which [Official]
// tells; if nothing is there, the archive is fetched. What is fetched or read is told on progress,
// which may be nil.
//
// The members of the ensemble are the folders that hold a file surrogate_model.model, as in
// load_ensemble of the benchmark's nasbench301/api.py. It is an error if a folder has a member's
// settings but no model, if members that are numbered have gaps, or if a model is damaged, is not
// of this benchmark, or was written by a release of XGBoost whose files differ.
func Open(ctx context.Context, version, path string, progress io.Writer) (*Surrogate, error) {
	if progress == nil {
		progress = io.Discard
	}
	s, err := open(ctx, version, path, progress)
	if err != nil {
		return nil, fmt.Errorf("open NAS-Bench-301 xgb v%s: %w", version, err)
	}
	return s, nil
}

func open(ctx context.Context, version, path string, progress io.Writer) (*Surrogate, error) {
	archive, ok := archives[version]
	if !ok {
		return nil, fmt.Errorf("unknown version, want one of %s", strings.Join(Versions(), ", "))
	}
	if path == "" {
		var err error
		if path, err = fetch(ctx, version, progress); err != nil {
			return nil, err
		}
	}
	if !source.Exists(path) {
		return nil, fmt.Errorf("there is no file or folder %s: download %s to %s", path, archive.URL, place(version))
	}
	s, err := read(ctx, version, path, progress)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("%s: %w; it is not the official one or is damaged: download %s to %s", path, err, archive.URL, place(version))
	}
	return s, nil
}

func read(ctx context.Context, version, path string, progress io.Writer) (*Surrogate, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	files, top := os.DirFS(path), filepath.Base(filepath.Clean(path))
	if !info.IsDir() {
		archive, err := zip.OpenReader(path)
		if err != nil {
			return nil, err
		}
		defer archive.Close()
		files, top = archive, "."
	}
	folders, err := memberFolders(files, top, version)
	if err != nil {
		return nil, err
	}
	s := &Surrogate{version: version}
	for i, folder := range folders {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		fmt.Fprintf(progress, "reading member %d of %d of NAS-Bench-301 xgb v%s\n", i+1, len(folders), version)
		member, err := readMember(files, folder)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
		s.members = append(s.members, member)
	}
	return s, nil
}

// Names in the benchmark's files, from nasbench301/surrogate_models/ensemble.py and
// surrogate_model.py.
const (
	modelName    = "surrogate_model.model"
	settingsName = "model_config.json"
	memberPrefix = "ensemble_member_"
)

const maxSettings = 1 << 20 // bytes, far above what a file of settings has

// memberFolders returns the folders of all members of an ensemble, in order. top is the name of the
// files' own folder.
func memberFolders(files fs.FS, top, version string) ([]string, error) {
	const prefix = "xgb_v"
	var models, settings []string
	others := map[string]bool{} // versions
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		for _, folder := range strings.Split(path.Join(top, name), "/") {
			switch {
			case folder == prefix+version && entry.Name() == modelName:
				models = append(models, path.Dir(name))
			case folder == prefix+version && entry.Name() == settingsName:
				settings = append(settings, path.Dir(name))
			case strings.HasPrefix(folder, prefix):
				others[folder] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	delete(others, prefix+version)
	switch {
	case len(models) == 0 && len(others) > 0:
		return nil, fmt.Errorf("it holds %s, want %s%s", strings.Join(slices.Sorted(maps.Keys(others)), " and "), prefix, version)
	case len(models) < 2:
		return nil, fmt.Errorf("there are %d files %s in a folder %s%s, want those of an ensemble", len(models), modelName, prefix, version)
	}
	for _, folder := range settings {
		within := func(model string) bool {
			return model == folder || folder == "." || strings.HasPrefix(model, folder+"/")
		}
		if !slices.ContainsFunc(models, within) {
			return nil, fmt.Errorf("a member of the ensemble is missing: %s has no %s", folder, modelName)
		}
	}
	numbered := func(model string) bool { return strings.HasPrefix(path.Base(model), memberPrefix) }
	if slices.ContainsFunc(models, numbered) {
		for i := range models {
			want := fmt.Sprintf("%s%d", memberPrefix, i)
			if !slices.ContainsFunc(models, func(model string) bool { return path.Base(model) == want }) {
				return nil, fmt.Errorf("a member of the ensemble is missing: there is no folder %s with a %s, but %d others", want, modelName, len(models))
			}
		}
	}
	return models, nil
}

func readMember(files fs.FS, folder string) (*booster, error) {
	file, err := files.Open(path.Join(folder, settingsName))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var settings struct{ Model string }
	if err := json.NewDecoder(io.LimitReader(file, maxSettings)).Decode(&settings); err != nil {
		return nil, fmt.Errorf("%s: %w", settingsName, err)
	}
	if settings.Model != "xgb" {
		return nil, fmt.Errorf("%s: the model is %q, want xgb", settingsName, settings.Model)
	}
	model, err := files.Open(path.Join(folder, modelName))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", modelName, err)
	}
	defer model.Close()
	member, err := unpickle(model)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", modelName, err)
	}
	return member, nil
}

// Noisy returns the same surrogate with noise, as the benchmark's own API has by default: each
// architecture has one run, which is drawn from a normal distribution with mean and standard
// deviation of its Prediction. Unlike there, an architecture asked again has the same run; another
// seed draws others.
//
// An oracle with label 0 shows the run; with [datasets.MeanLabel] it shows the mean, like a
// surrogate without noise. Reports judge by the mean in any case.
//
// Source: BaggingEnsemble.query and query_mean in nasbench301/surrogate_models/ensemble.py.
func (s *Surrogate) Noisy(seed uint64) *Surrogate {
	return &Surrogate{version: s.version, members: s.members, noisy: true, seed: seed}
}

// Predict returns what the ensemble says of g. It panics if g is not of this space.
func (s *Surrogate) Predict(g Genotype) Prediction {
	x := newRow(Features(g))
	values := make([]float64, len(s.members))
	for i, member := range s.members {
		values[i] = float64(member.predict(x))
	}
	return newPrediction(values)
}

// newPrediction returns the prediction of an ensemble whose members predict these values.
func newPrediction(values []float64) Prediction {
	mean, std := stat.PopMeanStdDev(values, nil)
	return Prediction{mean, std}
}

// Name returns the name of benchmark and surrogate, such as "NAS-Bench-301 xgb v1.0".
func (s *Surrogate) Name() string { return Space{}.Name() + " xgb v" + s.version }

// Source says which surrogate it is, of how many members, and with which noise.
func (s *Surrogate) Source() string {
	noise := "without noise"
	if s.noisy {
		noise = fmt.Sprintf("noise of seed %d", s.seed)
	}
	return fmt.Sprintf("predictions of the official surrogate xgb v%s, %d members, %s", s.version, len(s.members), noise)
}

// Space returns a [Space].
func (s *Surrogate) Space() datasets.Space { return Space{} }

// Lookup returns the predicted validation accuracy of a [Genotype].
func (s *Surrogate) Lookup(a datasets.Arch) (datasets.Record, error) {
	g, p, err := lookup(s, a)
	if err != nil {
		return datasets.Record{}, err
	}
	record := datasets.Record{Val: p.Mean, Test: math.NaN()}
	if s.noisy {
		hash := fnv.New64a()
		io.WriteString(hash, g.canonical().String())
		rng := rand.New(rand.NewPCG(s.seed, hash.Sum64()))
		record.Runs = []float64{p.Mean + p.Std*rng.NormFloat64()}
	}
	return record, nil
}

// lookup returns the genotype that a is and what is predicted of it, or an error if it is none or
// the prediction is no accuracy.
func lookup(s interface {
	Name() string
	Predict(Genotype) Prediction
}, a datasets.Arch) (Genotype, Prediction, error) {
	g, ok := a.(Genotype)
	if !ok {
		return Genotype{}, Prediction{}, fmt.Errorf("%v (%T) is not a genotype of NAS-Bench-301", a, a)
	}
	if err := g.check(); err != nil {
		return Genotype{}, Prediction{}, fmt.Errorf("%v is not a genotype of NAS-Bench-301: %w", a, err)
	}
	p := s.Predict(g)
	if !(p.Mean >= 0 && p.Mean <= 100) {
		return g, p, fmt.Errorf("%s predicts %v %% for %v, want 0 to 100: a model was altered", s.Name(), p.Mean, g)
	}
	return g, p, nil
}

// HasTest returns false: the surrogate was fitted to validation accuracies.
func (s *Surrogate) HasTest() bool { return false }

// Best returns NaN: nobody knows the best of about 10^18 architectures, and so no regret.
func (s *Surrogate) Best() float64 { return math.NaN() }
