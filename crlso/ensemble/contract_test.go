package ensemble

import (
	"testing"

	"github.com/cr-lso/cr-lso/crlso/internal/testbed"
	"github.com/cr-lso/cr-lso/crlso/search/searchtest"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
)

// TestEnsembleContract holds the ensemble to the rules of all searchers.
func TestEnsembleContract(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	config := smallEnsemble()
	config.Members, config.Initial, config.Batch, config.Training.Epochs = 2, 20, 14, 2
	searchtest.Run(t, &Ensemble{Backend: testbed.Go(t), Config: config}, searchtest.MadeUp(nasbench201.Space{}))
}

// TestTradeoffEnsembleContract holds its relative for two objectives to them too. The toy space is
// small enough that it is searched as a whole.
func TestTradeoffEnsembleContract(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	config := smallTradeoff()
	config.Members, config.Initial, config.Batch, config.Training.Epochs = 2, 20, 14, 2
	searchtest.Run(t, &TradeoffEnsemble{Backend: testbed.Go(t), Config: config}, searchtest.WithCost(searchtest.Toy()))
}

// TestLatentSearchContract holds the search in the latents of a graph VAE to them, here of one
// whose weights are the initial ones.
func TestLatentSearchContract(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	t.Parallel()
	config := Latent()
	config.Ascent, config.Mutation = true, true
	config.Members, config.Initial, config.Batch, config.Training.Epochs, config.Candidates, config.Steps = 2, 20, 14, 2, 60, 4
	searchtest.Run(t, &LatentSearch{GraphVAE: tinyVAE(t, testbed.Go(t)), Config: config}, searchtest.MadeUp(nasbench201.Space{}))
}
