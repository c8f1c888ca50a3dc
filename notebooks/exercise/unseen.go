package exercise

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distmv"
	"gonum.org/v1/gonum/stat/distuv"
)

// Together checks f, two ways to average differences over data sets that have not the same number
// of seeds: each seed counts the same, or each data set.
func Together(f func(dataSets [][]float64) (ofSeeds, ofDataSets float64)) {
	Check("together", func() error {
		dataSets := [][]float64{{0.2, 0.4}, {-2, -1, -3, -2}, {0.1, 0.3, 0.2}}
		const of = "Of differences 0.2 0.4, -2 -1 -3 -2 and 0.1 0.3 0.2"
		ofSeeds, ofDataSets := f(dataSets)
		all := slices.Concat(dataSets...)
		var means []float64
		for _, d := range dataSets {
			means = append(means, stat.Mean(d, nil))
		}
		right, other := stat.Mean(all, nil), stat.Mean(means, nil)
		err := compare(of+", over seeds,", ofSeeds, right,
			mistake{0, of + " it returns 0 over seeds. What is the mean of all nine?"},
			mistake{other, of + " it has the mean of means over seeds: there each data set counts the same, however many seeds it has."},
			mistake{floats.Sum(all), of + " it has the sum over seeds; asked is for the mean."},
			mistake{floats.Sum(all) / 3, of + " it divides the sum of nine seeds by the three data sets."})
		if err != nil {
			return err
		}
		err = compare("Over seeds it is right. Over data sets", ofDataSets, other,
			mistake{0, "Over seeds it is right. Over data sets it returns 0: take the mean of each, then the mean of these."},
			mistake{right, "Over seeds it is right, and over data sets it is the same: there the second counts four ninths, and should a third."},
			mistake{floats.Sum(means), "Over seeds it is right. Over data sets it has the sum of the means."})
		if err != nil {
			return err
		}
		ofSeeds, ofDataSets = f([][]float64{{1}, {3, 5, 4}})
		if !near(ofSeeds, 3.25) || !near(ofDataSets, 2.5) {
			return fmt.Errorf("Of the differences 1 and 3 5 4 it makes %.4g and %.4g, not 3.25 and 2.5.", ofSeeds, ofDataSets)
		}
		return nil
	})
}

// Curse checks f, by how much the best of some rivals seems better than it is, if all are equally
// good and what is measured has noise of that standard deviation: to a fiftieth.
func Curse(f func(rivals int, noise float64) float64) {
	Check("curse", func() error {
		about := func(got, want float64) bool { return math.Abs(got-want) < 0.02*want }
		want, got := 0.5*expectedMaximum(8), f(8, 0.5)
		switch {
		case got == 0:
			return errors.New("Of 8 rivals with noise 0.5 it returns 0. No rival is better, but one was luckier than all others.")
		case about(got, 0.5):
			return errors.New("It returns the noise: of more rivals, the luckiest has more luck.")
		case about(got, want/0.5):
			return errors.New("The number of rivals is right; the luck of the luckiest grows with the noise.")
		case about(got, want*0.5):
			return errors.New("Luck grows with the noise, not with its square.")
		case about(got, 0.5*math.Sqrt(2*math.Log(8))):
			return errors.New("The root of 2 log k holds for very many rivals; of 8 it is too large. Draw the noise of 8, take the largest, and repeat.")
		case about(got, 0.5*quantileOfLargest(8, 0.5)):
			return errors.New("That is the median of the largest, and asked is for its mean.")
		case about(got, 0.5*largestSize(8)):
			return errors.New("That is the largest size of noise. Bad luck makes no rival the best.")
		case !about(got, want):
			return fmt.Errorf("Of 8 rivals with noise 0.5 it makes %.3f, not about %.3f.", got, want)
		}
		if got := f(1, 0.5); math.Abs(got) > 0.02 {
			return fmt.Errorf("A single rival, not chosen, is as good as it seems on average, and it says %.3f.", got)
		}
		for _, rivals := range []int{2, 3, 20} {
			if got, want := f(rivals, 1.26), 1.26*expectedMaximum(rivals); !about(got, want) {
				return fmt.Errorf("Of %d rivals with noise 1.26 it makes %.3f, not about %.3f.", rivals, got, want)
			}
		}
		return nil
	})
}

// expectedMaximum is the mean of the largest of n standard normal numbers: that of x times n times
// its density times the probability that all others are smaller.
func expectedMaximum(n int) float64 {
	return quad.Fixed(func(x float64) float64 {
		return x * float64(n) * distuv.UnitNormal.Prob(x) * math.Pow(distuv.UnitNormal.CDF(x), float64(n-1))
	}, -9, 9, 200, nil, 0)
}

// largestSize is the mean of the largest size of n standard normal numbers.
func largestSize(n int) float64 {
	return quad.Fixed(func(x float64) float64 { return 1 - math.Pow(2*distuv.UnitNormal.CDF(x)-1, float64(n)) }, 0, 9, 200, nil, 0)
}

// quantileOfLargest is that of the largest of n standard normal numbers.
func quantileOfLargest(n int, p float64) float64 {
	return distuv.UnitNormal.Quantile(math.Pow(p, 1/float64(n)))
}

// Shrunk checks f, what an architecture with a label is worth, as far as one can tell: labels are
// structure and luck, independent, both normal with these deviations, and structure has that mean.
func Shrunk(f func(label, mean, structure, luck float64) float64) {
	Check("shrunk", func() error {
		const label, mean, structure, luck = 92.0, 90.0, 1.0, 2.0
		const of = "Of a label of 92, a mean of 90 and deviations of 1 of structure and 2 of luck"
		err := compare(of, f(label, mean, structure, luck), structured(label, mean, structure, luck),
			mistake{0, of + " it returns 0. It is worth more than the mean and less than its label; how much of 2 points is structure?"},
			mistake{92, "That is the label, as if there were no luck."},
			mistake{90, "That is the mean, as if there were no structure."},
			mistake{0.4, "That is by how much it is above the mean; add the mean."},
			mistake{90 + 2./3, "That divides by deviations: of independent things the variances add."},
			mistake{91.6, "That is the share of luck; the share of structure is what stays."},
			mistake{90 + 2/math.Sqrt(5), "That is a ratio of deviations; the share is one of variances."},
			mistake{90.5, "The label varies by both: structure² / (structure² + luck²) is the share of structure."})
		if err != nil {
			return err
		}
		rng := rand.New(rand.NewPCG(1, 1))
		for range 50 {
			label, structure, luck := 80+5*rng.NormFloat64(), 0.1+rng.Float64(), 0.1+rng.Float64()
			of := fmt.Sprintf("Of a label of %.2f, a mean of 80 and deviations of %.2f of structure and %.2f of luck", label, structure, luck)
			if err := compare(of, f(label, 80, structure, luck), structured(label, 80, structure, luck)); err != nil {
				return err
			}
		}
		return nil
	})
}

// structured is the mean of structure where the label is known, of the normal distribution of both.
func structured(label, mean, structure, luck float64) float64 {
	s, l := structure*structure, luck*luck
	both, _ := distmv.NewNormal([]float64{mean, mean}, mat.NewSymDense(2, []float64{s, s, s, s + l}), nil)
	known, _ := both.ConditionNormal([]int{1}, []float64{label}, nil)
	return known.Mean(nil)[0]
}
