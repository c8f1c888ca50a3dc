package crlso

import "github.com/cr-lso/cr-lso/datasets"

// For returns a configuration for a space and a budget that nobody has tuned: [Short201], with
//
//   - a fifth of the budget for the initial set, and 10 at least if there are as many: of 150 queries, 30
//     were better than 100 (06_ablations);
//   - a training set of 10,000 architectures where there are more, and a width of 128, as [Short101]:
//     a whole training then takes seconds to minutes;
//   - the latent of 64 numbers and the ICNN of [Released101] where an architecture has more than 12
//     decisions (six edges of five operations fit into 16 numbers, two cells of 14 edges did not);
//   - normal quantiles as labels, which tell good architectures apart wherever accuracies lie; they cost
//     nothing where fractions suit (06_ablations).
func For(space datasets.Space, budget int) Config {
	c := Short201()
	c.HiddenDim, c.LabelTransform = 128, QuantileLabels
	c.Budget = max(2, budget)
	c.InitialSet = min(c.Budget, max(10, c.Budget/5))
	c.TopK = min(c.TopK, c.InitialSet)
	if finite, ok := space.(datasets.FiniteSpace); !ok || finite.Len() > 10_000 {
		c.TrainingSet = max(10_000, c.InitialSet)
	}
	if space.Schema().Labels() > 12 {
		c.LatentDim, c.ICNNWidth = 64, 256
	}
	c.MaxRetries = 1000 // with few distinct architectures around, a start often leads to what is known
	return c
}
