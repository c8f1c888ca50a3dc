package runs

import (
	"context"
	"errors"
	"fmt"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/crlso/internal/progressbar"
	"github.com/cr-lso/cr-lso/datasets"
)

// Search labels the initial set on oracle, if that has not answered it yet, spends the rest of the
// budget, and returns its rounds. It writes search-N.csv and rounds-N.json; if they are there and
// complete, it queries the same architectures again. To repeat the search with other random
// numbers, set Config.SearchSeed between calls, or use SearchSeeds.
func (r *Run) Search(ctx context.Context, oracle *datasets.Oracle) ([]crlso.SearchRound, error) {
	rounds, err := r.SearchSeeds(ctx, map[uint64]*datasets.Oracle{r.Config.SearchSeed: oracle})
	return rounds[r.Config.SearchSeed], err
}

// SearchSeeds makes a Search on each oracle, with its key in place of Config.SearchSeed, all side
// by side as [Model.SearchSeeds] says, and returns their rounds by that key.
func (r *Run) SearchSeeds(ctx context.Context, oracles map[uint64]*datasets.Oracle) (map[uint64][]crlso.SearchRound, error) {
	rounds := make(map[uint64][]crlso.SearchRound)
	missing := make(map[uint64]*datasets.Oracle)
	joint := r.stageDone(crlso.JointStage)
	replayed := func() (bool, error) {
		if done, _ := joint(); !done || r.initial == nil {
			return false, nil
		}
		clear(missing)
		for seed, oracle := range oracles {
			err := r.replay(initialFile, r.initial, oracle)
			if err == nil {
				rounds[seed], err = r.replaySearch(seed, oracle)
			}
			if err != nil {
				return false, err
			}
			if rounds[seed] == nil {
				missing[seed] = oracle
			}
		}
		return len(missing) == 0, nil
	}
	err := r.alone(ctx, replayed, func() error {
		if done, _ := joint(); !done {
			return errors.New("search: the latent space is not trained yet; call TrainJoint first")
		}
		if r.initial == nil { // initial.csv is lost
			for _, oracle := range oracles {
				if err := r.labelInitialSet(oracle); err != nil {
					return err
				}
			}
			if done, err := replayed(); done || err != nil {
				return err
			}
		}
		return r.search(ctx, missing, rounds)
	})
	return rounds, err
}

// search makes the searches that are missing, and adds their rounds.
func (r *Run) search(ctx context.Context, missing map[uint64]*datasets.Oracle, rounds map[uint64][]crlso.SearchRound) error {
	spent, queries, total := make(map[uint64]int), 0, 0
	for seed, oracle := range missing {
		spent[seed] = len(oracle.Log())
		queries += spent[seed]
		total += r.searchBudget(oracle)
	}
	bar := progressbar.New(r.Progress, "search", total, queries)
	defer bar.Finish()
	err := r.Model.SearchSeeds(ctx, missing, func(seed uint64, round crlso.SearchRound) error {
		rounds[seed] = append(rounds[seed], round)
		queries += round.Queries - spent[seed]
		spent[seed] = round.Queries
		bar.Describe(fmt.Sprintf("search  best %.3f %%", round.Best))
		return bar.Set(queries)
	})
	for seed, oracle := range missing {
		err = errors.Join(err, r.writeSearch(seed, oracle, rounds[seed]))
	}
	return err
}

func (r *Run) searchBudget(oracle *datasets.Oracle) int { return min(oracle.Budget(), r.Config.Budget) }

func queriesFile(seed uint64) string { return fmt.Sprintf("search-%d.csv", seed) }

func roundsFile(seed uint64) string { return fmt.Sprintf("rounds-%d.json", seed) }

// replaySearch queries again what a complete search did, and returns its rounds; nil if there is
// none.
func (r *Run) replaySearch(seed uint64, oracle *datasets.Oracle) (rounds []crlso.SearchRound, err error) {
	queries, err := r.readQueries(queriesFile(seed))
	if err != nil || len(queries) != r.searchBudget(oracle) {
		return nil, err
	}
	if err := readJSON(r.path(roundsFile(seed)), &rounds); err != nil {
		r.sayOnce("%v: searching again", err)
		return nil, nil
	}
	if n := len(rounds); n == 0 || rounds[n-1].Queries != len(queries) {
		return nil, nil // the rounds are those of a search with another budget, which was killed before it wrote its queries
	}
	return rounds, r.replay(queriesFile(seed), queries, oracle)
}

// writeSearch writes what a search has queried, and its rounds if it is complete.
func (r *Run) writeSearch(seed uint64, oracle *datasets.Oracle, rounds []crlso.SearchRound) error {
	var err error
	if len(oracle.Log()) == r.searchBudget(oracle) {
		err = writeJSON(r.path(roundsFile(seed)), rounds)
	}
	return errors.Join(err, r.writeQueries(queriesFile(seed), oracle.Log()))
}
