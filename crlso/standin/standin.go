package standin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
	"github.com/cr-lso/cr-lso/datasets/source"
)

// HeldOut is how many cells, the last of the reference table, no network is fitted to.
const HeldOut = 1000

// Open returns the stand-in at its usual place. If there is none, or one that cannot be used, it is fitted with
// [Default] to the reference table but for HeldOut cells, judged on these, and kept. What happens is told on
// progress, which may be nil. If several processes ask at once, one fits and the others wait.
func Open(ctx context.Context, backend compute.Backend, progress io.Writer) (*nasbench301.StandIn, error) {
	if progress == nil {
		progress = io.Discard
	}
	return open(ctx, backend, Default(), progress)
}

func open(ctx context.Context, backend compute.Backend, c Config, progress io.Writer) (*nasbench301.StandIn, error) {
	path := nasbench301.StandInPath()
	unlock, err := source.Lock(ctx, path+".lock")
	if err != nil {
		return nil, err
	}
	defer unlock()
	s, err := nasbench301.OpenStandIn(path)
	if err == nil {
		return s, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(progress, "it is fitted anew: %v\n", err)
	}
	rows, err := nasbench301.Reference("")
	if err != nil {
		return nil, err
	}
	fit, err := fitAndJudge(ctx, backend, rows, HeldOut, c, progress)
	if err != nil {
		return nil, err
	}
	if fit.Reference, err = nasbench301.ReferenceSum(""); err != nil {
		return nil, err
	}
	if s, err = nasbench301.NewStandIn(fit); err != nil {
		return nil, err
	}
	return s, s.Save(path)
}

// fitAndJudge fits networks to all rows but the last, and judges them on these.
func fitAndJudge(ctx context.Context, backend compute.Backend, rows []datasets.Query, heldOut int, c Config, progress io.Writer) (nasbench301.Fit, error) {
	fit, err := Fit(ctx, backend, rows[:len(rows)-heldOut], c, progress)
	if err != nil {
		return fit, err
	}
	s, err := nasbench301.NewStandIn(fit)
	if err != nil {
		return fit, err
	}
	predicted, accuracies := predictions(s, rows[len(rows)-heldOut:])
	fit.HeldOut = heldOut
	fit.Tau = stats.KendallTau(predicted, accuracies)
	fit.RSquared = stat.RSquaredFrom(predicted, accuracies, nil)
	return fit, nil
}

// predictions returns what the stand-in predicts of cells, and their accuracies.
func predictions(s *nasbench301.StandIn, rows []datasets.Query) (predicted, accuracies []float64) {
	for _, row := range rows {
		predicted = append(predicted, s.Predict(row.Arch.(nasbench301.Genotype)).Mean)
		accuracies = append(accuracies, row.Accuracy)
	}
	return predicted, accuracies
}
