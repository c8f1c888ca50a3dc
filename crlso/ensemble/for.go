package ensemble

import "github.com/cr-lso/cr-lso/datasets"

// For returns a configuration for a space and a budget that nobody has tuned: [Ensemble201], with
//
//   - an initial set of a third of the budget and of 10 at most: with 10, the ensemble was ahead on
//     three benchmarks (05_search, 02 and 03), and two thirds are left to learn by;
//   - three pairs and rounds of a fifth of the queries so far where a space is too large to be scored as
//     a whole, as chosen on NAS-Bench-101 and -301: a round costs the same there, however much it asks
//     for, and more pairs were no better.
//
// Latent and widths stay: they were enough for the three spaces, the largest of which has two cells
// of 14 edges.
func For(space datasets.Space, budget int) Config {
	c := Ensemble201()
	c.Initial = max(1, min(c.Initial, budget/3))
	if !c.scoresAll(space) {
		c.Members, c.Growth = 3, 0.2
	}
	return c
}
