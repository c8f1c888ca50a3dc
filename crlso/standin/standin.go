package standin

import (
	"context"
	"io"

	"github.com/gomlx/compute"
	"gonum.org/v1/gonum/stat"

	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench301"
)

// HeldOut is how many cells, the last of nasbench301.Reference, no network is fitted to.
const HeldOut = 1000

// Refit makes the embedded stand-in anew: networks are fitted with [Default] to all of
// nasbench301.Reference but HeldOut cells, and judged on these. What happens is told on progress.
func Refit(ctx context.Context, backend compute.Backend, progress io.Writer) (nasbench301.Fit, error) {
	rows, err := nasbench301.Reference()
	if err != nil {
		return nasbench301.Fit{}, err
	}
	fitted, held := rows[:len(rows)-HeldOut], rows[len(rows)-HeldOut:]
	fit, err := Fit(ctx, backend, fitted, Default(), progress)
	if err != nil {
		return fit, err
	}
	return judge(fit, held)
}

// judge returns a fit with what it is worth on rows that were held out.
func judge(fit nasbench301.Fit, held []datasets.Query) (nasbench301.Fit, error) {
	s, err := nasbench301.NewStandIn(fit)
	if err != nil {
		return fit, err
	}
	predicted, accuracies := predictions(s, held)
	fit.HeldOut = len(held)
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
