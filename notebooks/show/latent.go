package show

import (
	"context"
	"fmt"
	"slices"

	"github.com/cr-lso/cr-lso/crlso/experiment"
	"github.com/cr-lso/cr-lso/crlso/inspect"
	"github.com/cr-lso/cr-lso/crlso/runs"
	"github.com/cr-lso/cr-lso/crlso/stats"
	"github.com/cr-lso/cr-lso/plots"
	"gonum.org/v1/gonum/floats"
)

// extremes is how many of the best and the worst architectures [Similarities] compares.
const extremes = 100

// Similarities returns the cosine similarities among the latents of the best 100 architectures,
// between them and the worst 100, and among these. Accuracies are those of the latents.
func Similarities(latents [][]float64, accuracies []float64) []plots.Similarities {
	var top, bottom [][]float64
	ranked := stats.Best(accuracies, len(accuracies))
	for i := range min(extremes, len(ranked)) {
		top = append(top, latents[ranked[i]])
		bottom = append(bottom, latents[ranked[len(ranked)-1-i]])
	}
	best, worst := "best cells, by rank", "worst cells, by rank"
	return []plots.Similarities{
		{Title: "top, top", Rows: best, Columns: best, Values: stats.CosineSimilarity(top, top)},
		{Title: "top, bottom", Rows: best, Columns: worst, Values: stats.CosineSimilarity(top, bottom)},
		{Title: "bottom, bottom", Rows: worst, Columns: worst, Values: stats.CosineSimilarity(bottom, bottom)},
	}
}

// Spaces returns a table of numbers of latent spaces, a column for each kind of training: the mean
// over its studies, with the least and the most if there are several. The studies are trained, and
// their training sets are whole spaces.
func Spaces(ctx context.Context, kinds []string, studies func(kind string) []*runs.Study) (experiment.Table, error) {
	t := experiment.Table{Header: append([]string{""}, kinds...)}
	columns := make([][][]float64, len(kinds)) // of each kind, of each study, the numbers
	var names []string
	for i, kind := range kinds {
		for _, study := range studies(kind) {
			var values []float64
			var err error
			if names, values, err = spaceNumbers(ctx, study); err != nil {
				return t, err
			}
			columns[i] = append(columns[i], values)
		}
	}
	for row, name := range names {
		cells := []any{name}
		for _, column := range columns {
			var values []float64
			for _, study := range column {
				values = append(values, study[row])
			}
			text := fmt.Sprintf("%.3f", floats.Sum(values)/float64(len(values)))
			if len(values) > 1 {
				text += fmt.Sprintf(" (%.2f..%.2f)", slices.Min(values), slices.Max(values))
			}
			cells = append(cells, text)
		}
		t.Add(cells...)
	}
	return t, nil
}

// spaceNumbers returns the numbers of one space and their names.
func spaceNumbers(ctx context.Context, study *runs.Study) (names []string, values []float64, err error) {
	latents, err := study.Encode(study.TrainingSet()...)
	if err != nil {
		return nil, nil, err
	}
	accuracies, err := study.Accuracies()
	if err != nil {
		return nil, nil, err
	}
	_, explained, err := plots.PCA(latents)
	if err != nil {
		return nil, nil, err
	}
	reconstruction, err := inspect.Reconstruct(study.Model, study.TrainingSet())
	if err != nil {
		return nil, nil, err
	}
	l, err := inspect.MeasureLandscape(ctx, study.Model, study.Benchmark)
	if err != nil {
		return nil, nil, err
	}
	add := func(name string, value float64) { names, values = append(names, name), append(values, value) }
	add("cells that decode to themselves", reconstruction.Exact)
	add("variance on two components", explained[0]+explained[1])
	add("R², linear fit", l.LinearFit)
	add("R², concave fit", l.ConcaveFit)
	add("R², free fit", l.FreeFit)
	add("violations, free fit, random pairs", l.Violations.Model)
	add("violations, measured, random pairs", l.Violations.Random)
	add("violations, measured, best 100 cells", l.Violations.Good)
	add("middle minus ends, random pairs (points)", l.MidpointExcess.Random)
	add("middle minus ends, best 100 (points)", l.MidpointExcess.Good)
	add("difference to 10 neighbours (points)", l.NeighbourDifference)
	add("difference of all pairs (points)", l.PairDifference)
	for _, s := range Similarities(latents, accuracies) {
		flat := slices.Concat(s.Values...)
		add("cosine similarity, "+s.Title, floats.Sum(flat)/float64(len(flat)))
	}
	return names, values, nil
}
