package runs

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/search"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute"
)

// Study is a run together with the benchmark that it is judged by. The run sees no more of the
// benchmark than its oracles say.
type Study struct {
	*Run
	Benchmark datasets.Benchmark
}

// OpenStudy starts a study in the folder below base that [Dir] names, or takes up the one that is
// there.
func OpenStudy(base string, backend compute.Backend, benchmark datasets.Benchmark, config crlso.Config) (*Study, error) {
	run, err := Open(Dir(base, benchmark, config), backend, benchmark.Space(), config)
	if err != nil {
		return nil, err
	}
	return &Study{run, benchmark}, nil
}

// Oracle returns a new oracle for the run's budget that has answered the initial set.
func (s *Study) Oracle() (*datasets.Oracle, error) {
	oracle, err := datasets.NewOracle(s.Benchmark, s.Config.Budget, datasets.MeanLabel)
	if err != nil {
		return nil, err
	}
	return oracle, s.LabelInitialSet(oracle)
}

// TrainAll makes all stages before the search: it labels the initial set, trains the predictor if
// the configuration needs one, and trains graph VAE and surrogate.
func (s *Study) TrainAll(ctx context.Context) error {
	if _, err := s.Oracle(); err != nil {
		return err
	}
	if s.Config.Stages()[0] == crlso.PredictorStage {
		if err := s.TrainPredictor(ctx); err != nil {
			return err
		}
	}
	return s.TrainJoint(ctx)
}

// Accuracies returns the mean validation accuracies of the training set, in percent and in its
// order, for judging what the run has learned.
func (s *Study) Accuracies() ([]float64, error) {
	archs := s.TrainingSet()
	accuracies := make([]float64, len(archs))
	for i, a := range archs {
		record, err := s.Benchmark.Lookup(a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Benchmark.Name(), err)
		}
		accuracies[i] = record.Val
	}
	return accuracies, nil
}

// Searches repeats the method's search n times, with the SearchSeeds 0 to n-1, and judges what each
// has found. All start from the same initial set, in the same latent space.
func (s *Study) Searches(ctx context.Context, n int) ([]*datasets.Report, error) {
	oracles := make(map[uint64]*datasets.Oracle)
	for seed := range uint64(n) {
		oracle, err := datasets.NewOracle(s.Benchmark, s.Config.Budget, datasets.MeanLabel)
		if err != nil {
			return nil, err
		}
		oracles[seed] = oracle
	}
	if _, err := s.SearchSeeds(ctx, oracles); err != nil {
		return nil, err
	}
	var reports []*datasets.Report
	for seed := range uint64(n) {
		report, err := s.judge(oracles[seed])
		if err != nil {
			return nil, err
		}
		reports = append(reports, report)
	}
	return reports, nil
}

// Rivals goes on from the same initial set with another searcher, n times, each with a random
// source of its own, and judges what each has found.
func (s *Study) Rivals(searcher search.Searcher, n int) ([]*datasets.Report, error) {
	var reports []*datasets.Report
	for seed := range uint64(n) {
		oracle, err := s.Oracle()
		if err == nil {
			err = searcher.Search(oracle, rand.New(rand.NewPCG(1, seed)))
		}
		if err != nil {
			return nil, err
		}
		report, err := s.judge(oracle)
		if err != nil {
			return nil, err
		}
		reports = append(reports, report)
	}
	return reports, nil
}

func (s *Study) judge(oracle *datasets.Oracle) (*datasets.Report, error) {
	oracle.Close()
	return datasets.NewReport(oracle, s.Benchmark)
}
