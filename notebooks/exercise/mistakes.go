package exercise

import (
	"errors"
	"fmt"
	"math"
)

// mistake is a wrong answer that is typical, and what is said of it.
type mistake struct {
	answer float64
	says   string
}

// near says whether two numbers are the same but for rounding.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b)) }

// compare returns nil if an answer is right, what is said of it if it is a typical mistake, and
// else what it is and should be.
func compare(of string, got, want float64, mistakes ...mistake) error {
	if near(got, want) {
		return nil
	}
	for _, m := range mistakes {
		if near(got, m.answer) {
			return errors.New(m.says)
		}
	}
	return fmt.Errorf("%s it makes %.4g, not %.4g.", of, got, want)
}
