package datasets

import (
	"fmt"
	"math"
)

// Differences counts the architectures of two benchmarks on the same finite space whose accuracies differ, and describes the
// first few. Compared is what both have: mean validation accuracy, mean test accuracy, and the validation accuracies of
// single runs where both have as many. Accuracies count as equal up to the rounding of published ones, 1e-4 percentage
// points, which is less than one image of any data set here.
func Differences(a, b Benchmark) (n int, first []string, err error) {
	space, ok := a.Space().(FiniteSpace)
	if !ok {
		return 0, nil, fmt.Errorf("compare %s: its space cannot be enumerated", a.Name())
	}
	for i := range space.Len() {
		arch := space.At(i)
		x, err := a.Lookup(arch)
		if err != nil {
			return n, first, err
		}
		y, err := b.Lookup(arch)
		if err != nil {
			return n, first, err
		}
		difference := firstDifference(x, y)
		if difference == "" {
			continue
		}
		if n++; len(first) < maxDescribed {
			first = append(first, fmt.Sprintf("architecture %d, %v: %s", i, arch, difference))
		}
	}
	return n, first, nil
}

// maxDescribed is how many differences are described.
const maxDescribed = 3

// firstDifference names the first accuracy in which two records differ, "" if there is none.
func firstDifference(x, y Record) string {
	differ := func(a, b float64) bool { return math.Abs(a-b) > 1e-4 } // false if one is NaN: not known
	switch {
	case differ(x.Val, y.Val):
		return fmt.Sprintf("validation %v and %v", x.Val, y.Val)
	case differ(x.Test, y.Test):
		return fmt.Sprintf("test %v and %v", x.Test, y.Test)
	case len(x.Runs) != len(y.Runs):
		return ""
	}
	for run := range x.Runs {
		if differ(x.Runs[run], y.Runs[run]) {
			return fmt.Sprintf("validation of run %d %v and %v", run, x.Runs[run], y.Runs[run])
		}
	}
	return ""
}
