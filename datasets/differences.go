package datasets

import (
	"fmt"
	"math"
)

// Differences counts the architectures of two benchmarks on the same finite space whose accuracies
// differ, and describes the first few. Compared is what both have: mean validation accuracy, mean
// test accuracy, and the validation accuracies of single runs where both have as many. Accuracies
// count as equal up to the rounding of published ones, 1e-4 percentage points, which is less than
// one image of any data set here.
func Differences(a, b Benchmark) (n int, first []string, err error) {
	space, ok := a.Space().(FiniteSpace)
	if !ok {
		return 0, nil, fmt.Errorf("compare %s: its space cannot be enumerated", a.Name())
	}
	return CountDifferences(space.Len(), func(i int) (string, error) {
		arch := space.At(i)
		x, err := a.Lookup(arch)
		if err != nil {
			return "", err
		}
		y, err := b.Lookup(arch)
		if err != nil {
			return "", err
		}
		difference := firstDifference(x, y)
		if difference != "" {
			difference = fmt.Sprintf("architecture %d, %v: %s", i, arch, difference)
		}
		return difference, nil
	})
}

// CountDifferences counts those of all things, numbered from 0, that describe returns a text for,
// and returns the first three texts. It ends at the first error.
func CountDifferences(all int, describe func(i int) (string, error)) (n int, first []string, err error) {
	for i := range all {
		difference, err := describe(i)
		if err != nil {
			return n, first, err
		}
		if difference == "" {
			continue
		}
		if n++; n <= 3 {
			first = append(first, difference)
		}
	}
	return n, first, nil
}

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
