package datasets

import "fmt"

// Benchmark is a Space together with the accuracies of its architectures.
//
// Its dynamic type is comparable; a pointer always is. Searches at the same time share one, so its
// methods may be called from several goroutines at once.
type Benchmark interface {
	// Name names the benchmark and the data set, such as "NAS-Bench-201 CIFAR-10".
	Name() string

	// Source says where the accuracies come from, and so how far to trust them.
	Source() string

	Space() Space

	// Lookup returns what is known of a, canonical or not, and is not to be changed. Its error says
	// that a is not in the benchmark.
	Lookup(a Arch) (Record, error)

	// HasTest reports whether the source holds test accuracies.
	HasTest() bool

	// Best is the highest mean validation accuracy of any architecture: the zero of regret. It is
	// NaN where nobody knows it, and then there is no regret.
	Best() float64
}

// Record is what a benchmark knows of one architecture. Accuracies are in percent.
type Record struct {
	Val  float64   // validation accuracy, mean of the training runs
	Test float64   // test accuracy, mean of the training runs; NaN if the source has none
	Runs []float64 // validation accuracy of each training run; empty if the source has only means
}

// Label chooses the validation accuracy that an Oracle shows to a search. Reports always judge by
// the mean.
type Label int

// MeanLabel shows the mean of all training runs; a non-negative Label k shows training run k alone,
// counted modulo the number of runs that the architecture has.
const MeanLabel Label = -1

func (l Label) String() string {
	if l == MeanLabel {
		return "mean of runs"
	}
	return fmt.Sprintf("run %d", int(l))
}

func (l Label) of(r Record) (float64, error) {
	switch {
	case l == MeanLabel:
		return r.Val, nil
	case l < MeanLabel:
		return 0, fmt.Errorf("label %d: want MeanLabel or the number of a training run, 0 or more", int(l))
	case len(r.Runs) == 0:
		return 0, fmt.Errorf("label %q: this source holds only means over runs; use MeanLabel or another source", l)
	}
	return r.Runs[int(l)%len(r.Runs)], nil
}

// Validation returns the mean validation accuracies of all architectures in the order of the space,
// for looking at a benchmark as a whole. It is an error if the space is not finite.
func Validation(b Benchmark) ([]float64, error) {
	space, ok := b.Space().(FiniteSpace)
	if !ok {
		return nil, fmt.Errorf("%s: %s cannot be enumerated", b.Name(), b.Space().Name())
	}
	values := make([]float64, space.Len())
	for i := range values {
		record, err := b.Lookup(space.At(i))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.Name(), err)
		}
		values[i] = record.Val
	}
	return values, nil
}
